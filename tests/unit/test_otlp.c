// SPDX-License-Identifier: BSD-2-Clause
/* The contents of the lines; the readers in tests/e2e check that they are valid OTLP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sinks/metrics/otlp_lines.h"

static const struct lp_run run = {
	.start_ns = 1000,
	.start_unix_ns = 1700000000000000001,
	.threshold_ns = 100000000,
};
static struct lp_loop_info loop = {
	.id = 1, .pid = 4242, .tid = 4243, .comm = "gunicorn", .runtime = "asyncio"
};
static struct lp_callback_info fetch = { LP_MODEL_TASK, "fetch", "/app/db.py", 41 };

/* Returns the lines, which the caller frees. */
static char *write_lines(struct lp_metrics *metrics, const struct lp_summary *total)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(metrics_count(metrics, total), 0);
	otlp_write(out, metrics, "vm7");
	fclose(out);
	return text;
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in:\n%.3000s", part, text);
}

static void a_histogram_has_its_buckets_as_they_are(void **state)
{
	struct lp_callback_summary item = { .callback = &fetch };
	struct lp_loop_summary loops[] = { { .loop = &loop, .callback_count = 1, .items = &item } };
	struct lp_summary total = { .now_ns = 3000, .loop_count = 1, .loops = loops };
	struct lp_metrics metrics = { 0 };
	char *text;

	(void)state;
	metrics_begin(&metrics, &run, true);
	/* 953 ns is below 2^-20 s (zeroCount); 1953125 ns is 2^-9 s, the end of bucket -73 */
	lp_histogram_add(&item.run, 953);
	lp_histogram_add(&item.run, 1953125);
	lp_histogram_add(&item.run, 1953126);
	text = write_lines(&metrics, &total);
	expect(text, "\"name\":\"loopprof.callback.run\"");
	expect(text, "\"exponentialHistogram\":{\"aggregationTemporality\":2,\"dataPoints\":[{"
		     "\"attributes\":[{\"key\":\"loop\",\"value\":{\"stringValue\":\"asyncio\"}},"
		     "{\"key\":\"callback\",\"value\":{\"stringValue\":\"fetch\"}},"
		     "{\"key\":\"file\",\"value\":{\"stringValue\":\"db.py\"}},"
		     "{\"key\":\"kind\",\"value\":{\"stringValue\":\"task\"}}],"
		     "\"startTimeUnixNano\":\"1700000000000000001\","
		     "\"timeUnixNano\":\"1700000000000002001\",\"count\":\"3\",\"sum\":0.003907204,"
		     "\"scale\":3,\"zeroCount\":\"1\",\"zeroThreshold\":9.5367431640625e-07,"
		     "\"positive\":{\"offset\":-73,\"bucketCounts\":[\"1\",\"1\"]},"
		     "\"min\":0.000000953,\"max\":0.001953126}]}");
	free(text);
	lp_histogram_add(&item.run, 64000000001);
	text = write_lines(&metrics, &total);
	/* bucket 48 begins at 64 s: 122 of them from -73 on */
	expect(text, "\"0\",\"1\"]},\"min\":0.000000953,\"max\":64.000000001}");
	free(text);
	metrics_free(&metrics);
}

static void numbers_of_64_bits_are_strings_and_seconds_are_not(void **state)
{
	struct lp_loop_summary loops[] = {
		{ .loop = &loop, .busy_ns = 1500000000, .iterations = UINT64_MAX }
	};
	struct lp_summary total = { .now_ns = 1000, .loop_count = 1, .loops = loops };
	struct lp_metrics metrics = { 0 };
	char *text;

	(void)state;
	metrics_begin(&metrics, &run, true);
	text = write_lines(&metrics, &total);
	expect(text, "\"asInt\":\"18446744073709551615\"");
	expect(text, "\"asDouble\":1.5}");
	expect(text, "\"isMonotonic\":true");
	/* an empty histogram has no least time */
	assert_null(strstr(text, "\"min\""));
	assert_null(strstr(text, "424"));
	assert_null(strstr(text, "/app"));
	free(text);
	metrics_free(&metrics);
}

static void hostile_text_stays_within_its_string(void **state)
{
	struct lp_callback_info strange = { LP_MODEL_TASK, "a\"}]\\\n\x01\xff", "x\"y.py", 1 };
	struct lp_callback_summary item = { .callback = &strange };
	struct lp_loop_info hostile = loop;
	struct lp_loop_summary loops[] = {
		{ .loop = &hostile, .callback_count = 1, .items = &item }
	};
	struct lp_summary total = { .loop_count = 1, .loops = loops };
	struct lp_metrics metrics = { 0 };
	char *text;

	(void)state;
	strcpy(hostile.comm, "\"},{\"");
	strcpy(hostile.pod, "0f\t");
	lp_histogram_add(&item.run, 1000);
	metrics_begin(&metrics, &run, true);
	text = write_lines(&metrics, &total);
	expect(text, "{\"stringValue\":\"a\\\"}]\\\\\\n\\u0001\xef\xbf\xbd\"}");
	expect(text, "{\"stringValue\":\"x\\\"y.py\"}");
	expect(text, "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"\\\"},{\\\"\"}}");
	expect(text, "{\"key\":\"k8s.pod.uid\",\"value\":{\"stringValue\":\"0f\\t\"}}");
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	metrics_free(&metrics);
}

static void resources_are_named_as_the_conventions_name_them(void **state)
{
	struct lp_loop_info labelled = loop;
	struct lp_loop_summary loops[] = { { .loop = &labelled } };
	struct lp_summary total = { .loop_count = 1,
				    .loops = loops,
				    .self_known = true,
				    .self = { .cpu_ns = 2500000000, .budget_ppm = 10000 } };
	struct lp_metrics metrics = { 0 };
	char *text;

	(void)state;
	strcpy(labelled.unit, "api.service");
	strcpy(labelled.container, "0123abcd");
	strcpy(labelled.host, "vm9");
	metrics_begin(&metrics, &run, true);
	text = write_lines(&metrics, &total);
	expect(text, "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"gunicorn\"}},"
		     "{\"key\":\"systemd.unit.name\",\"value\":{\"stringValue\":\"api.service\"}},"
		     "{\"key\":\"container.id\",\"value\":{\"stringValue\":\"0123abcd\"}},"
		     "{\"key\":\"host.name\",\"value\":{\"stringValue\":\"vm9\"}}]");
	expect(text, "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"loopprof\"}}");
	expect(text, "{\"key\":\"host.name\",\"value\":{\"stringValue\":\"vm7\"}}");
	expect(text, "\"name\":\"loopprof.self.cpu\"");
	expect(text, "\"asDouble\":2.5}");
	expect(text, "\"name\":\"loopprof.self.budget\"");
	expect(text, "\"asDouble\":0.01}");
	free(text);
	metrics_free(&metrics);
}

static void a_stall_is_reported_once(void **state)
{
	struct lp_callback_summary item = { .callback = &fetch };
	struct lp_loop_summary loops[] = { { .loop = &loop, .callback_count = 1, .items = &item } };
	struct lp_summary total = { .loop_count = 1, .loops = loops };
	struct lp_slow_callback slow = {
		.loop = &loop, .callback = &fetch, .start_ns = 7, .duration_ns = 312000000
	};
	struct lp_metrics metrics = { 0 };
	char *text;

	(void)state;
	lp_histogram_add(&item.run, slow.duration_ns);
	metrics_begin(&metrics, &run, true);
	metrics_stall(&metrics, &slow);
	text = write_lines(&metrics, &total);
	expect(text, ",\"exemplars\":[{\"filteredAttributes\":["
		     "{\"key\":\"stall\",\"value\":{\"stringValue\":\"1700000000-1-7\"}},"
		     "{\"key\":\"line\",\"value\":{\"stringValue\":\"db.py:41\"}}],"
		     "\"timeUnixNano\":\"312000007\",\"asDouble\":0.312}]}");
	free(text);
	text = write_lines(&metrics, &total);
	assert_null(strstr(text, "exemplars"));
	free(text);
	metrics_free(&metrics);
}

static void no_line_is_longer_than_the_collector_reads(void **state)
{
	enum { CALLBACKS = 1000, EACH = 200 };
	static struct lp_callback_info infos[CALLBACKS];
	static struct lp_callback_summary items[CALLBACKS];
	static struct lp_loop_info many[CALLBACKS / EACH];
	static struct lp_loop_summary loops[CALLBACKS / EACH];
	struct lp_summary total = { .loop_count = CALLBACKS / EACH, .loops = loops };
	struct lp_metrics metrics = { 0 };
	char *text, *at, *end;
	size_t i, slot, lines = 0, points = 0;

	(void)state;
	for (i = 0; i < CALLBACKS; i++) {
		memset(infos[i].name, 1, 200);
		snprintf(infos[i].name + 200, 50, "%zu", i);
		items[i].callback = &infos[i];
		for (slot = 0; slot < LP_HISTOGRAM_SLOTS; slot++)
			items[i].run.slots[slot] = UINT64_MAX / LP_HISTOGRAM_SLOTS;
		items[i].run.sum_ns = 1;
		snprintf(many[i / EACH].comm, sizeof(many[0].comm), "s%zu", i / EACH);
		/* units differ, as one unit may not have all series */
		snprintf(many[i / EACH].unit, sizeof(many[0].unit), "u%zu", i / EACH);
		loops[i / EACH].loop = &many[i / EACH];
		loops[i / EACH].items = &items[i / EACH * EACH];
		loops[i / EACH].callback_count = EACH;
	}
	metrics_begin(&metrics, &run, true);
	text = write_lines(&metrics, &total);
	for (at = text; *at; at = end + 1, lines++) {
		end = strchr(at, '\n');
		assert_non_null(end);
		assert_true(end - at < 1 << 20);
		assert_memory_equal(at, "{\"resourceMetrics\":[{\"resource\":{", 33);
		assert_memory_equal(end - 9, "]}}]}]}]}", 9);
	}
	assert_true(lines > 5);
	for (at = text; (at = strstr(at, "\"zeroCount\"")); at++)
		points++;
	assert_int_equal(points, CALLBACKS + CALLBACKS / EACH);
	free(text);
	metrics_free(&metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_histogram_has_its_buckets_as_they_are),
		cmocka_unit_test(numbers_of_64_bits_are_strings_and_seconds_are_not),
		cmocka_unit_test(hostile_text_stays_within_its_string),
		cmocka_unit_test(resources_are_named_as_the_conventions_name_them),
		cmocka_unit_test(a_stall_is_reported_once),
		cmocka_unit_test(no_line_is_longer_than_the_collector_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
