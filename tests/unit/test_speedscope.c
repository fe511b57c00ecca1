// SPDX-License-Identifier: BSD-2-Clause
#include "export_fixture.h"

static void samples_are_in_the_order_of_time(void **state)
{
	const struct lp_callback_info callback = { LP_MODEL_TASK, "\"</script>\\", "", 0 };
	struct lp_sink *sink = export_open(&speedscope_format);
	struct lp_slow_callback slow = export_slow();
	char *text;

	(void)state;
	sink->observer.slow(sink, &slow);
	slow.start_ns += 1000000000;
	slow.callback = &callback;
	slow.breakdown = (struct lp_breakdown){ .sample_count = 0 };
	sink->observer.slow(sink, &slow);
	text = export_end(sink, NULL, NULL);
	assert_has(text, "\"$schema\":\"https://www.speedscope.app/file-format-schema.json\"");
	assert_has(text, "\"exporter\":\"loopprof test\"");
	assert_has(text, "{\"name\":\"handle\",\"file\":\"/app/views.py\",\"line\":88}");
	assert_has(text, "{\"name\":\"\\\"</script>\\\\\"}");
	assert_has(text, "\"name\":\"gunicorn pid 42 tid 43 (asyncio 3.11.2)\","
			 "\"unit\":\"nanoseconds\",\"startValue\":0,\"endValue\":624000000");
	assert_has(text, "\"weights\":[300000000,12000000,312000000]}");
	free(text);
}

static void each_loop_has_a_profile(void **state)
{
	struct lp_loop_info other = export_loop;
	struct lp_sink *sink = export_open(&speedscope_format);
	struct lp_slow_callback slow = export_slow();
	char *text;

	(void)state;
	other.id = 2;
	other.tid = 44;
	sink->observer.loop(sink, &other);
	sink->observer.slow(sink, &slow);
	slow.loop = &other;
	slow.start_ns += 1;
	sink->observer.slow(sink, &slow);
	slow.loop = &export_loop;
	slow.start_ns += 1;
	sink->observer.slow(sink, &slow);
	text = export_end(sink, NULL, NULL);
	assert_has(text, "tid 43 (asyncio 3.11.2)\",\"unit\":\"nanoseconds\",\"startValue\":0,"
			 "\"endValue\":624000000");
	assert_has(text, "tid 44 (asyncio 3.11.2)\",\"unit\":\"nanoseconds\",\"startValue\":0,"
			 "\"endValue\":312000000");
	free(text);
}

/* More samples than the sink stores in order. */
static void over_the_limit_the_time_is_retained(void **state)
{
	struct lp_sink *sink = export_open(&speedscope_format);
	struct lp_slow_callback slow = export_slow();
	char *text, wanted[64];
	uint32_t i;

	(void)state;
	slow.breakdown = (struct lp_breakdown){ .sample_count = 0 };
	for (i = 0; i < 530000; i++) {
		slow.start_ns++;
		sink->observer.slow(sink, &slow);
	}
	text = export_end(sink, NULL, NULL);
	snprintf(wanted, sizeof(wanted), "\"endValue\":%llu,", 530000 * 312 * MS);
	assert_has(text, wanted);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_in_the_order_of_time),
		cmocka_unit_test(each_loop_has_a_profile),
		cmocka_unit_test(over_the_limit_the_time_is_retained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
