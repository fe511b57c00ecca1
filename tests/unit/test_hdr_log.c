// SPDX-License-Identifier: BSD-2-Clause
#include "export_fixture.h"

static struct lp_callback_summary item = { .callback = &export_callback };
static struct lp_loop_summary loop = {
	.loop = &export_loop,
	.callback_count = 1,
	.items = &item,
};
static struct lp_summary total = { .loop_count = 1, .loops = &loop };

static void fill(uint64_t count)
{
	memset(&item.run, 0, sizeof(item.run));
	item.run.sum_ns = 2000000 * count;
	item.run.max_ns = 2000000;
	item.run.inverted_min_ns = ~2000000ULL;
	item.run.slots[lp_histogram_slot(2000000)] = count;
}

static void a_histogram_of_the_run_is_a_line(void **state)
{
	char *text;

	(void)state;
	fill(10);
	text = export_end(export_open(&hlog_format), &total, NULL);
	assert_has(text, "#[Histogram log format version 1.3]\n"
			 "#[StartTime: 1700000000.000 (seconds since epoch), "
			 "2023-11-14T22:13:20Z]\n#[BaseTime: 1700000000.000 (seconds since "
			 "epoch)]\n\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
			 "\"Interval_Compressed_Histogram\"\n"
			 "Tag=gunicorn/43/run/handle(/app/views.py:80),0.000,4.000,2.000,HISTFAAA");
	free(text);
}

static void intervals_and_the_rest_are_lines(void **state)
{
	struct lp_sink *sink = export_open(&hlog_format);
	char *text;

	(void)state;
	fill(4);
	total.now_ns = 2500000000;
	sink->observer.interval(sink, &total, &total);
	fill(10);
	text = export_end(sink, &total, NULL);
	assert_has(text, ",0.000,1.500,2.000,HISTF");
	assert_has(text, ",1.500,2.500,2.000,HISTF");
	free(text);
	/* nothing was added since the last interval */
	sink = export_open(&hlog_format);
	sink->observer.interval(sink, &total, &total);
	text = export_end(sink, &total, NULL);
	assert_has(text, ",0.000,1.500,2.000,HISTF");
	assert_has_not(text, ",1.500,2.500,");
	free(text);
}

static void a_hostile_name_stays_a_tag(void **state)
{
	const struct lp_callback_info callback = { LP_MODEL_TASK, "a, b\n,1,2,HISTF", "/x y.py",
						   1 };
	char *text;

	(void)state;
	fill(1);
	item.callback = &callback;
	text = export_end(export_open(&hlog_format), &total, NULL);
	item.callback = &export_callback;
	assert_has(text,
		   "\nTag=gunicorn/43/run/a__b__1_2_HISTF(/x_y.py:1),0.000,4.000,2.000,HISTF");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_histogram_of_the_run_is_a_line),
		cmocka_unit_test(intervals_and_the_rest_are_lines),
		cmocka_unit_test(a_hostile_name_stays_a_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
