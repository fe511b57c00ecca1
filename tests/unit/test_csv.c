// SPDX-License-Identifier: BSD-2-Clause
#include "export_fixture.h"

static void a_callback_is_a_row(void **state)
{
	struct lp_callback_summary item = { .callback = &export_callback, .slow = 1 };
	struct lp_loop_summary loop = { .loop = &export_loop, .callback_count = 1, .items = &item };
	const struct lp_summary total = { .loop_count = 1, .loops = &loop };
	char *text;

	(void)state;
	item.run.sum_ns = item.run.max_ns = 312 * MS;
	item.run.inverted_min_ns = ~(312 * MS);
	item.run.slots[lp_histogram_slot(312 * MS)] = 1;
	text = export_end(export_open(&csv_format), &total, NULL);
	assert_has(text, "host,service,unit,container,pod,runtime,runtime_version,pid,tid,loop_id,"
			 "kind,name,file,line,count,slow,total_s,");
	assert_has(text,
		   "queue_max_s\r\n\"box\",\"gunicorn\",\"\",\"\",\"\",\"asyncio\",\"3.11.2\","
		   "42,43,1,\"task\",\"handle\",\"/app/views.py\",80,1,1,0.312000000,");
	assert_has(text, "0.312000000,,,\r\n");
	free(text);
}

static void a_formula_of_a_name_is_a_text(void **state)
{
	static const char *const names[] = {
		"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\"quoted\", with comma"
	};
	static const char *const wanted[] = {
		"\"'=cmd|' /C calc'!A0\"", "\"'+1\"",	"\"'-1\"",
		"\"'@SUM(A1)\"",	   "\"'\t=1\"", "\"\"\"quoted\"\", with comma\""
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct lp_callback_info callback = { LP_MODEL_TASK, "", "", 0 };
		struct lp_sink *sink = export_open(&csv_stalls_format);
		struct lp_slow_callback slow = export_slow();
		char *text;

		snprintf(callback.name, sizeof(callback.name), "%s", names[i]);
		slow.callback = &callback;
		sink->observer.slow(sink, &slow);
		text = export_end(sink, NULL, NULL);
		assert_has(text, wanted[i]);
		free(text);
	}
}

static const struct lp_shown_frame buy = { LP_FRAME_PYTHON,    true, false, 21, (char *)"buy",
					   (char *)"/app/o.py" };

static void a_stall_is_a_row_with_its_worst_cause(void **state)
{
	struct lp_sink *sink = export_open(&csv_stalls_format);
	struct lp_slow_callback slow = export_slow();
	char *text;

	(void)state;
	slow.in_progress = true;
	slow.handler = &buy;
	sink->observer.slow(sink, &slow);
	text = export_end(sink, NULL, NULL);
	assert_has(
		text,
		"1700000001.000000000,\"task\",\"handle\",\"/app/views.py\",80,"
		"\"GET /report\",0.312000000,true,0.012000000,0.300000000,0.000000000,"
		"0.000000000,,\"blocked\",0.300000000,\"execute\",\"/app/db.py\",41,"
		"\"recvfrom\",\"tcp 10.0.3.7:5432\",41,6,\"buy\",\"/app/o.py\",21,1700000001.312000000\r\n");
	free(text);
}

static void an_iteration_ends_after_its_slow_callbacks(void **state)
{
	struct lp_slow_iteration iteration = { .loop = &export_loop,
					       .start_ns = export_slow().start_ns,
					       .duration_ns = 185 * MS,
					       .slow_ns = 1000 * MS };
	struct lp_sink *sink = export_open(&csv_stalls_format);
	char *text;

	(void)state;
	sink->observer.slow_iteration(sink, &iteration);
	text = export_end(sink, NULL, NULL);
	assert_has(text, "1700000001.000000000,\"iteration\"");
	assert_has(text, ",0.185000000,false,");
	assert_has(text, ",1700000002.185000000\r\n");
	free(text);
}

/* Every row has one field per column, however little is known of the stall. */
static void what_is_not_known_is_an_empty_field(void **state)
{
	struct lp_slow_iteration iteration = { .duration_ns = 0 };
	struct lp_sink *sink = export_open(&csv_stalls_format);
	struct lp_slow_callback slow = export_slow();
	size_t commas[3] = { 0 }, row = 0;
	char *text, *at;

	(void)state;
	slow.loop = NULL;
	slow.breakdown = (struct lp_breakdown){ .sample_count = 0 };
	slow.delayed_known = false;
	sink->observer.slow(sink, &slow);
	sink->observer.slow_iteration(sink, &iteration);
	text = export_end(sink, NULL, NULL);
	for (at = text; *at && row < 3; at++) {
		commas[row] += *at == ',';
		row += *at == '\n';
	}
	assert_int_equal(row, 3);
	assert_int_equal(commas[1], commas[0]);
	assert_int_equal(commas[2], commas[0]);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_callback_is_a_row),
		cmocka_unit_test(a_formula_of_a_name_is_a_text),
		cmocka_unit_test(a_stall_is_a_row_with_its_worst_cause),
		cmocka_unit_test(an_iteration_ends_after_its_slow_callbacks),
		cmocka_unit_test(what_is_not_known_is_an_empty_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
