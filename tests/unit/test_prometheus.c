// SPDX-License-Identifier: BSD-2-Clause
/* The Prometheus and OpenMetrics formats, and their files. */
#include "prometheus_fixture.h"

static const char *write_times(const struct lp_format *format, size_t count, const uint64_t *times)
{
	struct lp_callback_summary items[] = { { .callback = &fetch } };
	struct lp_loop_summary loops[] = { { .loop = &loop, .callback_count = 1, .items = items } };
	struct lp_summary summary = { .loop_count = 1, .loops = loops };
	size_t i;

	for (i = 0; i < count; i++)
		lp_histogram_add(&items[0].run, times[i]);
	return write_once(format, &summary, false);
}

static void a_run_without_loops_has_its_own_metrics_in_prometheus_text(void **state)
{
	const char *text = write_once(&prom_format, &nothing, false);

	(void)state;
	expect_line(text, "# HELP loopprof_loop_busy_seconds_total Time that event loops spent "
			  "between polls.");
	expect_line(text, "# TYPE loopprof_loop_busy_seconds_total counter");
	expect_line(text, "# TYPE loopprof_callback_run_seconds histogram");
	expect_line(text, "# TYPE loopprof_lost_total counter");
	expect_line(text, "loopprof_lost_total{kind=\"events\"} 0");
	expect_line(text, "# TYPE loopprof_slow_threshold_seconds gauge");
	expect_line(text, "loopprof_slow_threshold_seconds 0.1");
	expect_line(text, "loopprof_start_time_seconds 1700000000.000000001");
	assert_null(strstr(text, "# UNIT"));
	assert_null(strstr(text, "# EOF"));
	assert_null(strstr(text, "queue"));
}

static void openmetrics_names_families_units_and_its_end(void **state)
{
	const char *text = write_once(&openmetrics_format, &nothing, true);

	(void)state;
	expect_line(text, "# TYPE loopprof_loop_busy_seconds counter");
	expect_line(text, "# UNIT loopprof_loop_busy_seconds seconds");
	expect_line(text, "# TYPE loopprof_lost counter");
	expect_line(text, "# TYPE loopprof_callback_queue_delay_seconds histogram");
	expect_line(text, "loopprof_lost_total{kind=\"identity\"} 0");
	assert_null(strstr(text, "# UNIT loopprof_lost"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
}

static void each_name_has_one_help_and_one_type(void **state)
{
	struct lp_loop_info second = loop;
	struct lp_loop_summary loops[] = { { .loop = &loop }, { .loop = &second } };
	struct lp_summary summary = { .loop_count = 2, .loops = loops };
	const char *text;

	(void)state;
	strcpy(second.comm, "uvicorn");
	text = write_once(&prom_format, &summary, true);
	assert_int_equal(count_of(text, "# HELP "), 22);
	assert_int_equal(count_of(text, "# TYPE "), 22);
	assert_int_equal(count_of(text, "# TYPE loopprof_loop_iteration_seconds "), 1);
}

static void buckets_are_cumulative_and_include_their_edges(void **state)
{
	/* 2^-20 s is 953.67 ns; 2^-9 s is 1953125 ns exactly */
	static const uint64_t times[] = { 953,	      954,	   1953125,    1953126,
					  1000000000, 64000000000, 64000000001 };
	const char *text = write_times(&prom_format, 7, times);

	(void)state;
#define BUCKET(edge)                                                                               \
	"loopprof_callback_run_seconds_bucket{loop=\"asyncio\",service=\"gunicorn\","              \
	"callback=\"fetch\",file=\"db.py\",kind=\"task\",le=\"" edge "\"}"
	expect_line(text, BUCKET("9.5367431640625e-07") " 1");
	expect_line(text, BUCKET("1.9073486328125e-06") " 2");
	expect_line(text, BUCKET("0.0009765625") " 2");
	expect_line(text, BUCKET("0.001953125") " 3");
	expect_line(text, BUCKET("0.00390625") " 4");
	expect_line(text, BUCKET("0.5") " 4");
	expect_line(text, BUCKET("1") " 5");
	expect_line(text, BUCKET("32") " 5");
	expect_line(text, BUCKET("64") " 6");
	expect_line(text, BUCKET("+Inf") " 7");
	text = write_times(&openmetrics_format, 7, times);
	expect_line(text, BUCKET("9.5367431640625e-07") " 1");
	expect_line(text, BUCKET("1.0") " 5");
	expect_line(text, BUCKET("64.0") " 6");
	expect_line(text, BUCKET("+Inf") " 7");
}

static void edges_are_the_powers_of_two_in_order(void **state)
{
	const struct lp_format *const formats[] = { &prom_format, &openmetrics_format };
	size_t i;
	int power;

	(void)state;
	for (i = 0; i < 2; i++) {
		const char *at = write_times(formats[i], 0, NULL);

		at = strstr(at, "loopprof_callback_run_seconds_bucket");
		assert_non_null(at);
		for (power = -20; power <= 6; power++) {
			at = strstr(at, ",le=\"");
			assert_non_null(at);
			at += strlen(",le=\"");
			assert_true(strtod(at, NULL) == ldexp(1, power));
		}
		at = strstr(at, ",le=\"");
		assert_non_null(at);
		assert_memory_equal(at, ",le=\"+Inf\"", strlen(",le=\"+Inf\""));
	}
}

static void queue_delays_are_reported_if_measured(void **state)
{
	struct lp_callback_summary items[] = { { .callback = &fetch } };
	struct lp_loop_summary loops[] = { { .loop = &loop, .callback_count = 1, .items = items } };
	struct lp_summary summary = { .loop_count = 1, .loops = loops };

	(void)state;
	lp_histogram_add(&items[0].queue, 250000000);
	expect_line(write_once(&prom_format, &summary, true),
		    "loopprof_callback_queue_delay_seconds_sum{loop=\"asyncio\","
		    "service=\"gunicorn\",callback=\"fetch\",file=\"db.py\",kind=\"task\"} 0.25");
}

static void what_was_lost_is_reported_by_kind(void **state)
{
	struct lp_summary summary = { .lost = { 1, 2, 3, 4, 5 } };
	const char *text = write_once(&prom_format, &summary, false);

	(void)state;
	expect_line(text, "loopprof_lost_total{kind=\"events\"} 1");
	expect_line(text, "loopprof_lost_total{kind=\"ready\"} 4");
	expect_line(text, "loopprof_lost_total{kind=\"identity\"} 5");
}

static void lost_time_is_reported_by_cause(void **state)
{
	struct lp_cause causes[] = {
		{ .kind = LP_CAUSE_BLOCKED, .syscall = "recvfrom", .total_ns = 1500000000 },
		{ .kind = LP_CAUSE_BLOCKED, .syscall = "fsync", .total_ns = 500000000 },
		{ .kind = LP_CAUSE_GIL, .held_by = "Thread-3", .total_ns = 10000000 },
	};
	struct lp_loop_summary loops[] = {
		{ .loop = &loop, .cause_count = 3, .causes = causes },
		{ .loop = &loop, .cause_count = 1, .causes = causes + 2 },
	};
	struct lp_summary summary = { .loop_count = 2, .loops = loops };
	const char *text;

	(void)state;
#define LOST "loopprof_loop_lost_seconds_total{loop=\"asyncio\",service=\"gunicorn\",cause="
	text = write_once(&prom_format, &summary, false);
	expect_line(text, "# TYPE loopprof_loop_lost_seconds_total counter");
	expect_line(text, LOST "\"blocked\"} 2");
	expect_line(text, LOST "\"gil\"} 0.02");
	expect_line(text, LOST "\"run_queue\"} 0");
	expect_line(text, LOST "\"on_cpu\"} 0");
	expect_line(text, LOST "\"gc\"} 0");
	assert_int_equal(count_of(text, LOST), LP_CAUSE_KINDS);
	assert_null(strstr(text, "Thread-3"));
	text = write_once(&openmetrics_format, &summary, false);
	expect_line(text, "# TYPE loopprof_loop_lost_seconds counter");
	expect_line(text, "# UNIT loopprof_loop_lost_seconds seconds");
	expect_line(text, LOST "\"blocked\"} 2");
}

static void node_exporter_may_read_the_file(void **state)
{
	mode_t mask = umask(077);
	struct stat status;

	(void)state;
	write_once(&prom_format, &nothing, false);
	umask(mask);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
}

static void a_sink_that_cannot_write_is_reported_at_open(void **state)
{
	struct lp_error error = { 0 };
	struct lp_sink *sink;

	(void)state;
	assert_int_equal(prom_format.open(NULL, NULL, &sink, &error), -EINVAL);
	assert_non_null(strstr(error.text, "-o"));
	assert_int_equal(prom_format.open("/nowhere/at/all.prom", NULL, &sink, &error), -ENOENT);
	assert_null(sink);
	assert_non_null(strstr(error.text, "create it"));
}

static void a_version_that_cannot_be_written_is_reported_at_close(void **state)
{
	struct lp_sink *sink = open_sink(&prom_format, false);

	(void)state;
	assert_int_equal(rmdir(directory), 0);
	sink->observer.interval(sink, &nothing, &nothing);
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(sink->close(sink), -ENOENT);
}

static void a_version_that_can_be_written_again_makes_up_for_it(void **state)
{
	struct lp_sink *sink = open_sink(&prom_format, false);

	(void)state;
	assert_int_equal(rmdir(directory), 0);
	sink->observer.interval(sink, &nothing, &nothing);
	assert_int_equal(mkdir(directory, 0700), 0);
	sink->observer.interval(sink, &nothing, &nothing);
	/* the first failure was counted in the test before */
	expect_line(written(), "loopprof_self_export_failures_total{format=\"prom\"} 2");
	assert_int_equal(sink->close(sink), 0);
}

static void what_loopprof_costs_is_reported_if_it_is_known(void **state)
{
	struct lp_summary known = { .self_known = true,
				    .self = { .cpu_ns = 1250000000,
					      .probe_ns = 7,
					      .resident_bytes = 32 << 20,
					      .frequency = 99,
					      .budget_ppm = 10000 } };
	const char *text = write_once(&prom_format, &known, false);

	(void)state;
	expect_line(text, "loopprof_self_cpu_seconds_total 1.25");
	expect_line(text, "loopprof_self_probe_cost_seconds_total 0.000000007");
	expect_line(text, "# TYPE loopprof_self_resident_bytes gauge");
	expect_line(text, "loopprof_self_resident_bytes 33554432");
	expect_line(text, "loopprof_self_sampling_frequency_hertz 99");
	expect_line(text, "loopprof_self_budget_ratio 0.01");
	expect_line(text, "loopprof_build_info{version=\"" LP_VERSION "\"} 1");
	known.self.budget_ppm = 0;
	assert_null(strstr(write_once(&prom_format, &known, false), "budget"));
	text = write_once(&openmetrics_format, &nothing, false);
	assert_null(strstr(text, "self_cpu"));
	expect_line(text, "# TYPE loopprof_build info");
	expect_line(text, "loopprof_build_info{version=\"" LP_VERSION "\"} 1");
}

static void openmetrics_has_when_counting_began_and_a_stall_of_a_bucket(void **state)
{
	struct lp_callback_info strange = { LP_MODEL_TASK, "fetch", "/app/a\"b.py", 41 };
	struct lp_callback_summary items[] = { { .callback = &strange } };
	struct lp_loop_summary loops[] = { { .loop = &loop, .callback_count = 1, .items = items } };
	struct lp_summary summary = { .loop_count = 1, .loops = loops };
	struct lp_slow_callback slow = {
		.loop = &loop, .callback = &strange, .start_ns = 77, .duration_ns = 312400000
	};
	struct lp_sink *sink = open_sink(&openmetrics_format, false);
	const char *text;

	(void)state;
	sink->observer.slow(sink, &slow);
	lp_histogram_add(&items[0].run, slow.duration_ns);
	sink->observer.interval(sink, &summary, &summary);
	/* an exemplar stays until the next one, since a scraper may come later */
	sink->observer.end(sink, &summary, &end);
	assert_int_equal(sink->close(sink), 0);
	text = written();
#define STRANGE                                                                                    \
	"{loop=\"asyncio\",service=\"gunicorn\",callback=\"fetch\",file=\"a\\\"b.py\",kind=\"task\""
	expect_line(text, "loopprof_callback_run_seconds_bucket" STRANGE
			  ",le=\"0.5\"} 1 # {stall=\"1700000000-1-77\",line=\"a\\\"b.py:41\"} "
			  "0.3124 0.312400077");
	expect_line(text, "loopprof_callback_run_seconds_bucket" STRANGE ",le=\"1.0\"} 1");
	expect_line(text, "loopprof_callback_run_seconds_created" STRANGE "} 1700000000.000000001");
	expect_line(text, "loopprof_lost_created{kind=\"events\"} 1700000000.000000001");
	assert_null(strstr(text, "threshold_seconds_created"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_without_loops_has_its_own_metrics_in_prometheus_text),
		TEST(openmetrics_names_families_units_and_its_end),
		TEST(each_name_has_one_help_and_one_type),
		TEST(buckets_are_cumulative_and_include_their_edges),
		TEST(edges_are_the_powers_of_two_in_order),
		TEST(queue_delays_are_reported_if_measured),
		TEST(what_was_lost_is_reported_by_kind),
		TEST(lost_time_is_reported_by_cause),
		TEST(node_exporter_may_read_the_file),
		TEST(a_sink_that_cannot_write_is_reported_at_open),
		TEST(a_version_that_cannot_be_written_is_reported_at_close),
		TEST(a_version_that_can_be_written_again_makes_up_for_it),
		TEST(what_loopprof_costs_is_reported_if_it_is_known),
		TEST(openmetrics_has_when_counting_began_and_a_stall_of_a_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
