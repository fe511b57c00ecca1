// SPDX-License-Identifier: BSD-2-Clause
/* Busy and idle time of a loop, and a callback or iteration that is unfinished at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "live/account.h"

#define MS 1000000ULL
#define START_NS (1000000 * MS)

static struct lp_loop loop;
static struct lp_window window;
static struct lp_event_loop_stats stats;

static int begin(void **state)
{
	(void)state;
	memset(&loop, 0, sizeof(loop));
	memset(&window, 0, sizeof(window));
	loop.wall_start_ns = START_NS;
	loop.threshold_ns = 100 * MS;
	return 0;
}

static void expect(uint64_t now_ns, uint64_t busy_ns, uint64_t idle_ns)
{
	memset(&stats, 0, sizeof(stats));
	account_read(&window, &loop, START_NS + now_ns, &stats);
	assert_int_equal(stats.busy_ns, busy_ns);
	assert_int_equal(stats.idle_ns, idle_ns);
	assert_int_equal(stats.busy_ns + stats.idle_ns, stats.event.time_ns - stats.wall_start_ns);
}

static void a_loop_that_never_woke_up_is_idle(void **state)
{
	(void)state;
	expect(4000 * MS, 0, 4000 * MS);
	loop.poll_start_ns = START_NS;
	expect(5000 * MS, 0, 5000 * MS);
}

/* Samples have seen two iterations more, whose polls returned at once. */
static void iterations_whose_poll_did_not_wait_are_not_counted_in_sample_mode(void **state)
{
	(void)state;
	loop.iterations = 7;
	loop.unslept = 2;
	expect(1000 * MS, 0, 1000 * MS);
	assert_int_equal(stats.iterations, 5);
}

static void what_runs_counts_before_it_has_ended(void **state)
{
	(void)state;
	loop.iteration_start_ns = START_NS + 1000 * MS;
	expect(1500 * MS, 500 * MS, 1000 * MS);
	expect(3000 * MS, 2000 * MS, 1000 * MS);
	loop.busy_ns = 2500 * MS;
	loop.iteration_start_ns = 0;
	expect(4000 * MS, 2500 * MS, 1500 * MS);
}

/* BPF has already counted the iteration as busy time, but not yet cleared its start. */
static void an_iteration_that_ends_meanwhile_does_not_count_twice(void **state)
{
	(void)state;
	loop.iteration_start_ns = START_NS;
	expect(1000 * MS, 1000 * MS, 0);
	loop.busy_ns = 1200 * MS;
	expect(1200 * MS, 1200 * MS, 0);
	loop.iteration_start_ns = 0;
	expect(1300 * MS, 1200 * MS, 100 * MS);
}

static void neither_part_ever_falls(void **state)
{
	(void)state;
	loop.busy_ns = 600 * MS;
	expect(1000 * MS, 600 * MS, 400 * MS);
	/* impossible counters, and an end that was read before the last state */
	loop.busy_ns = 1ULL << 63;
	expect(1100 * MS, 700 * MS, 400 * MS);
	loop.busy_ns = 0;
	expect(1200 * MS, 700 * MS, 500 * MS);
	expect(1100 * MS, 700 * MS, 500 * MS);
	loop.iteration_start_ns = UINT64_MAX;
	expect(1300 * MS, 700 * MS, 600 * MS);
}

static void what_lasts_at_the_end_is_slow(void **state)
{
	struct lp_event_callback_stats callback = { .callback = 7 };
	struct lp_open open;

	(void)state;
	loop.callback = 7;
	loop.iteration_start_ns = START_NS;
	loop.start_ns = START_NS + 50 * MS;
	loop.slow_callbacks = 3;
	assert_false(account_open(&loop, START_NS + 99 * MS, &open));
	assert_true(account_open(&loop, START_NS + 120 * MS, &open));
	assert_int_equal(open.callback_ns, 0);
	assert_true(account_open(&loop, START_NS + 450 * MS, &open));
	expect(450 * MS, 450 * MS, 0);
	account_close(&open, &stats);
	account_close_callback(&open, &loop, &callback);
	assert_int_equal(stats.slow, 4);
	assert_int_equal(stats.iteration.max_ns, 450 * MS);
	assert_int_equal(callback.slow, 1);
	assert_int_equal(callback.run.max_ns, 400 * MS);
	/* another callback's counters do not get this call */
	callback = (struct lp_event_callback_stats){ .callback = 8 };
	account_close_callback(&open, &loop, &callback);
	assert_int_equal(callback.slow, 0);
	/* the callback has ended, and BPF is about to count it */
	loop.reporting = 1;
	account_open(&loop, START_NS + 450 * MS, &open);
	assert_int_equal(open.callback_ns, 0);
}

static void what_ran_when_its_loop_was_found_counts_with_bursts_too(void **state)
{
	struct lp_event_callback_stats callback = { .callback = 7 };
	struct lp_open open;

	(void)state;
	loop.callback = 7;
	loop.start_ns = loop.detected_segment_ns = START_NS;
	loop.sampled = 1;
	assert_true(account_open(&loop, START_NS + 450 * MS, &open));
	open.in_bursts = true;
	account_close_callback(&open, &loop, &callback);
	assert_int_equal(callback.slow, 1);
	assert_int_equal(callback.run.max_ns, 450 * MS);
}

static void a_callback_within_which_a_task_runs_counts_as_that_task(void **state)
{
	struct lp_open open;

	(void)state;
	loop.callback = 7;
	loop.eager_callback = 9;
	loop.start_ns = START_NS;
	loop.eager_start_ns = START_NS;
	assert_true(account_open(&loop, START_NS + 450 * MS, &open));
	assert_int_equal(open.callback, 9);
	/* the task ran in an earlier callback */
	loop.eager_start_ns = START_NS - 1;
	assert_true(account_open(&loop, START_NS + 450 * MS, &open));
	assert_int_equal(open.callback, 7);
	/* no callback runs */
	loop.start_ns = loop.eager_start_ns = 0;
	loop.iteration_start_ns = START_NS;
	assert_true(account_open(&loop, START_NS + 450 * MS, &open));
	assert_int_equal(open.callback, 7);
}

static void between_bursts_no_histogram_counts(void **state)
{
	struct lp_event_callback_stats callback = { .callback = 7 };
	struct lp_open open;

	(void)state;
	loop.callback = 7;
	loop.start_ns = START_NS;
	loop.sampled = 1;
	assert_true(account_open(&loop, START_NS + 450 * MS, &open));
	open.in_bursts = true;
	account_close_callback(&open, &loop, &callback);
	assert_int_equal(callback.slow, 1);
	assert_int_equal(callback.run.sum_ns, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_loop_that_never_woke_up_is_idle),
		TEST(iterations_whose_poll_did_not_wait_are_not_counted_in_sample_mode),
		TEST(what_runs_counts_before_it_has_ended),
		TEST(an_iteration_that_ends_meanwhile_does_not_count_twice),
		TEST(neither_part_ever_falls),
		TEST(what_lasts_at_the_end_is_slow),
		TEST(what_ran_when_its_loop_was_found_counts_with_bursts_too),
		TEST(a_callback_within_which_a_task_runs_counts_as_that_task),
		TEST(between_bursts_no_histogram_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
