// SPDX-License-Identifier: BSD-2-Clause
/* The text output for single slow callbacks, and how it fits the page. */
#include "text_slow_fixture.h"

static void a_stall_in_progress_says_so_first(void **state)
{
	struct lp_blocked blocked[] = { { "flock", "/srv/app/lock", "", 998 * MS, 1, receiving,
					  NO_SLEEP, "", "", 0, false } };
	struct lp_breakdown breakdown = {
		.time = { .known = true, .on_cpu_ns = 2 * MS, .blocked_ns = 998 * MS },
		.blocked_count = 1,
		.blocked = blocked,
	};
	struct lp_slow_callback slow = slow_report(1000 * MS, &breakdown);

	(void)state;
	slow.in_progress = true;
	assert_string_equal(
		rendered(&slow, &wide),
		"12:01:08.000  still running after 1.00 s  handle_report  task 'GET /report'\n"
		"    blocked   998 ms  flock on /srv/app/lock, 1 call\n"
		"        execute        app/db.py:41\n"
		"        fetch_report   app/reports.py:17\n"
		"        handle_report  app/views.py:90\n"
		"    on CPU   2.00 ms\n");
}

static void what_will_soon_be_reported_whole_is_not_reported_yet(void **state)
{
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 400 * MS } };
	struct lp_slow_callback slow = slow_report(400 * MS, &breakdown);

	(void)state;
	slow.in_progress = true;
	assert_string_equal(rendered(&slow, &wide), "");
}

static void a_short_stall_that_lasts_to_the_end_of_the_run_is_reported_then(void **state)
{
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 400 * MS } };
	struct lp_slow_callback slow = slow_report(400 * MS, &breakdown);

	(void)state;
	slow.in_progress = slow.at_end = true;
	assert_string_equal(
		rendered(&slow, &wide),
		"12:01:07.400  still running after 400 ms  handle_report  task 'GET /report'\n"
		"    on CPU    400 ms\n");
}

static void a_stall_that_began_before_the_attach_has_lasted_at_least_so_long(void **state)
{
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 400 * MS } };
	struct lp_slow_callback slow = slow_report(400 * MS, &breakdown);

	(void)state;
	slow.began_before = true;
	assert_string_equal(rendered(&slow, &wide),
			    "12:01:07.400  at least 400 ms  handle_report  task 'GET /report' "
			    "(views.py:88)\n"
			    "    began before loopprof was attached, so it lasted longer\n"
			    "    on CPU    400 ms\n");
}

static void merge_of_older_versions_have_samples_only(void **state)
{
	struct lp_sample samples[] = { { .count = 6, .stack = computing },
				       { .count = 1, .stack = counting } };
	struct lp_breakdown breakdown = { .sample_count = 2, .samples = samples };

	(void)state;
	expect_slow(300 * MS, &breakdown,
		    "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    most frequent, in 6 of 7 samples\n"
		    "        prime_sum      app/primes.py:43\n"
		    "        handle_report  app/views.py:92\n");
}

static void everything_that_is_too_long_is_cut(void **state)
{
	static const struct lp_callback_info long_info = { LP_MODEL_TASK, LONG_NAME,
							   "/srv/" LONG_NAME "/" LONG_NAME ".py",
							   123456 };
	const struct lp_stack long_stack =
		STACK(FRAME(LONG_NAME, "/srv/" LONG_NAME "/" LONG_NAME ".py", 123456),
		      NATIVE(LONG_NAME, "/srv/" LONG_NAME), KERNEL(LONG_NAME, LONG_NAME));
	struct lp_blocked blocked[] = { { "recvfrom", "/srv/" LONG_NAME, "", 300 * MS, 4294967295,
					  long_stack, NO_SLEEP, "", "", 0, false } };
	struct lp_sample samples[] = { { 3000000000, LP_SAMPLE_ON_CPU, false, long_stack },
				       { 30, LP_SAMPLE_ON_CPU, false, computing } };
	struct lp_breakdown breakdown = {
		.time = { .known = true,
			  .on_cpu_ns = 300 * MS,
			  .blocked_ns = 300 * MS,
			  .gil_ns = 300 * MS },
		.blocked_count = 1,
		.blocked = blocked,
		.sample_count = 2,
		.samples = samples,
		.gil = { .known = true, .thread = LONG_NAME, .stack = long_stack },
		.await_chain = long_stack,
	};
	struct lp_slow_callback slow = slow_report(1900 * MS, &breakdown);
	struct lp_terminal terminal = wide;
	const char *text;

	(void)state;
	slow.callback = &long_info;
	strcpy(slow.task_name, LONG_NAME);
	for (terminal.columns = 64; terminal.columns <= 112; terminal.columns += 8) {
		slow.in_progress = !slow.in_progress;
		text = rendered(&slow, &terminal);
		assert_non_null(strstr(text, "recvfrom on \xe2\x80\xa6"));
		assert_non_null(strstr(text, "to_its_end, 4294967295 calls\n"));
		assert_non_null(strstr(text, "to_its_end'\n"));
		assert_non_null(strstr(text, ".py:123456\n"));
	}
}

static void a_page_without_utf8_is_ascii_and_keeps_its_columns(void **state)
{
	static const struct lp_callback_info foreign = { LP_MODEL_TASK,
							 "gr\xc3\xb6\xc3\x9f"
							 "e",
							 "/srv/\xe8\xa8\x88\xe7\xae\x97.py", 3 };
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 300 * MS } };
	struct lp_slow_callback slow = slow_report(300 * MS, &breakdown);
	struct lp_terminal ascii = { .columns = 80 };

	(void)state;
	slow.callback = &foreign;
	assert_string_equal(rendered(&slow, &ascii),
			    "12:01:07.300    300 ms  gr??e  task 'GET /report' (srv/????.py:3)\n"
			    "    on CPU    300 ms\n");
}

static void only_the_duration_has_a_colour(void **state)
{
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 300 * MS } };
	struct lp_slow_callback slow = slow_report(300 * MS, &breakdown);
	struct lp_terminal coloured = { .columns = 120, .colour = true };

	(void)state;
	assert_string_equal(rendered(&slow, &coloured),
			    "12:01:07.300  \033[1;31m  300 ms\033[0m  handle_report  task 'GET "
			    "/report' (app/views.py:88)\n"
			    "    on CPU    300 ms\n");
}

/* A damaged capture may have any instant; only a sanitiser can report what goes wrong. */
static void any_instant_has_a_clock_time(void **state)
{
	static const uint64_t odd[] = { 0, 1, INT64_MAX, 1ULL << 63, UINT64_MAX };
	const size_t count = sizeof(odd) / sizeof(odd[0]);
	struct lp_breakdown breakdown = { .time = { .known = false } };
	struct lp_slow_callback slow = slow_report(MS, &breakdown);
	size_t i;

	(void)state;
	for (i = 0; i < count * count * count; i++) {
		struct lp_run run = { .start_ns = odd[i % count],
				      .start_unix_ns = odd[i / count % count] };
		struct lp_sink *sink = open_sink(&wide, false);
		const char *text;

		sink->observer.run(sink, &run);
		slow.start_ns = odd[i / count / count];
		sink->observer.slow(sink, &slow);
		text = written(sink, wide.columns);
		/* hh:mm:ss.mmm in any time zone */
		assert_int_equal(strcspn(text, ":"), 2);
		assert_int_equal(strcspn(text, "."), 8);
		assert_int_equal(strspn(text + 9, "0123456789"), 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stall_in_progress_says_so_first),
		cmocka_unit_test(what_will_soon_be_reported_whole_is_not_reported_yet),
		cmocka_unit_test(a_short_stall_that_lasts_to_the_end_of_the_run_is_reported_then),
		cmocka_unit_test(a_stall_that_began_before_the_attach_has_lasted_at_least_so_long),
		cmocka_unit_test(merge_of_older_versions_have_samples_only),
		cmocka_unit_test(everything_that_is_too_long_is_cut),
		cmocka_unit_test(a_page_without_utf8_is_ascii_and_keeps_its_columns),
		cmocka_unit_test(only_the_duration_has_a_colour),
		cmocka_unit_test(any_instant_has_a_clock_time),
	};

	return cmocka_run_group_tests(tests, use_utc, NULL);
}
