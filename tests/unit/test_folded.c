// SPDX-License-Identifier: BSD-2-Clause
#include "export_fixture.h"

static void stacks_are_sorted_and_added_up(void **state)
{
	struct lp_sink *sink = export_open(&folded_format);
	struct lp_slow_callback slow = export_slow();
	char *text;

	(void)state;
	sink->observer.slow(sink, &slow);
	slow.start_ns += 1000000000;
	sink->observer.slow(sink, &slow);
	text = export_end(sink, NULL, NULL);
	assert_string_equal(text, "gunicorn;handle (/app/views.py:80);[on CPU] 24000\n"
				  "gunicorn;handle (/app/views.py:88);execute (/app/db.py:41);"
				  "[blocked recvfrom tcp 10.0.3.7:5432] 600000\n");
	free(text);
}

static void a_hostile_name_stays_one_frame_on_one_line(void **state)
{
	const struct lp_callback_info callback = { LP_MODEL_TASK, "a;b\nc 1\x1b[31m\xff", "/x;y.py",
						   1 };
	struct lp_sink *sink = export_open(&folded_format);
	struct lp_slow_callback slow = export_slow();
	char *text;

	(void)state;
	slow.callback = &callback;
	slow.breakdown = (struct lp_breakdown){ .sample_count = 0 };
	sink->observer.slow(sink, &slow);
	text = export_end(sink, NULL, NULL);
	assert_string_equal(text, "gunicorn;a:b c 1 [31m\xef\xbf\xbd (/x:y.py:1) 312000\n");
	free(text);
}

static void what_rounding_leaves_out_is_not_lost(void **state)
{
	struct lp_sink *sink = export_open(&folded_format);
	struct lp_slow_callback slow = export_slow();
	unsigned long long total = 0;
	uint32_t lines = 0, i;
	char *text, *line;

	(void)state;
	slow.duration_ns = 1500;
	slow.breakdown = (struct lp_breakdown){ .sample_count = 0 };
	for (i = 0; i < 1000; i++) {
		struct lp_callback_info callback = { LP_MODEL_TASK, "f", "/app/f.py", i + 1 };

		slow.callback = &callback;
		slow.start_ns++;
		sink->observer.slow(sink, &slow);
	}
	text = export_end(sink, NULL, NULL);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++)
		total += strtoull(strrchr(line, ' ') + 1, NULL, 10);
	assert_int_equal(total, 1500);
	assert_int_equal(lines, 1000);
	free(text);
}

/* More different stacks than the sink stores. */
static void a_hundred_thousand_stalls_add_up(void **state)
{
	struct lp_sink *sink = export_open(&folded_format);
	struct lp_slow_callback slow = export_slow();
	unsigned long long total = 0;
	char *text, *line;
	uint32_t i;

	(void)state;
	slow.breakdown = (struct lp_breakdown){ .sample_count = 0 };
	for (i = 0; i < 100000; i++) {
		struct lp_callback_info callback = { LP_MODEL_TASK, "f", "/app/f.py", i + 1 };

		slow.callback = &callback;
		slow.start_ns++;
		sink->observer.slow(sink, &slow);
	}
	text = export_end(sink, NULL, NULL);
	assert_has(text, "[other] ");
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		total += strtoull(strrchr(line, ' ') + 1, NULL, 10);
	assert_int_equal(total, 100000ULL * 312000);
	free(text);
}

static void without_stalls_there_is_an_empty_file(void **state)
{
	char *text = export_end(export_open(&folded_format), NULL, NULL);

	(void)state;
	assert_string_equal(text, "");
	free(text);
}

static void a_run_that_was_not_ended_leaves_the_file_as_it_was(void **state)
{
	struct lp_sink *sink = export_open(&folded_format);
	char line[16] = "";
	FILE *file;

	(void)state;
	file = fopen(export_path, "w");
	assert_non_null(file);
	fputs("before", file);
	fclose(file);
	assert_int_equal(sink->close(sink), 0);
	file = fopen(export_path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "before");
	fclose(file);
	unlink(export_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_sorted_and_added_up),
		cmocka_unit_test(a_hostile_name_stays_one_frame_on_one_line),
		cmocka_unit_test(what_rounding_leaves_out_is_not_lost),
		cmocka_unit_test(a_hundred_thousand_stalls_add_up),
		cmocka_unit_test(without_stalls_there_is_an_empty_file),
		cmocka_unit_test(a_run_that_was_not_ended_leaves_the_file_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
