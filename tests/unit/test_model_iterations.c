// SPDX-License-Identifier: BSD-2-Clause
/* Iterations that are slow without a slow callback, and stalls that have not ended yet. */
#include "model_fixture.h"

#define SYS_READ 0

static void begin_loop(void)
{
	feed_loop(0, 0);
	feed_name(0, 1, "first");
	feed_name(0, 2, "second");
	feed_name(0, 3, "third");
	feed_frame(1, "inner", 12);
	feed_coroutine(2, "outer", 34);
}

/* Feeds a slow callback of that iteration, with these times. */
static void feed_accounted(uint64_t start_ns, uint64_t end_ns, uint64_t iteration,
			   uint64_t blocked_ns, uint64_t gil_ns, uint64_t run_queue_ns)
{
	struct lp_event_segment_times event = record_account();

	record_block(&event, SYS_READ, 7, blocked_ns, 1);
	event.account.gil_ns = gil_ns;
	event.account.run_queue_ns = run_queue_ns;
	feed_account(&event, start_ns);
	feed_slow(0, 1, start_ns, end_ns, iteration, 0);
}

static struct lp_event_slow_iteration iteration_of(uint64_t number, uint64_t slow_ns)
{
	struct lp_event_slow_iteration event = record_slow_iteration();

	event.iteration = number;
	event.slow_ns = slow_ns;
	event.blocked_ns = 100 * MS;
	event.gil_ns = 30 * MS;
	event.run_queue_ns = 15 * MS;
	event.callbacks = 20;
	return event;
}

static void expect_times(const struct lp_reported_iteration *iteration, uint64_t on_cpu_ms,
			 uint64_t blocked_ms, uint64_t gil_ms, uint64_t run_queue_ms)
{
	const struct lp_times *times = &iteration->why.breakdown.time;

	assert_true(times->known);
	assert_int_equal(times->on_cpu_ns, on_cpu_ms * MS);
	assert_int_equal(times->blocked_ns, blocked_ms * MS);
	assert_int_equal(times->gil_ns, gil_ms * MS);
	assert_int_equal(times->run_queue_ns, run_queue_ms * MS);
	assert_int_equal(times->on_cpu_ns + times->blocked_ns + times->gil_ns + times->run_queue_ns,
			 iteration->slow.duration_ns);
}

static void an_iteration_of_no_slow_callback_is_reported_at_once(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 0);

	(void)state;
	begin_loop();
	feed_slow_iteration(&event, 5 * MS, 205 * MS);
	assert_int_equal(reported.iteration_count, 1);
	assert_int_equal(reported.iterations[0].loop, 1);
	assert_int_equal(reported.iterations[0].slow.start_ns, START_NS + 5 * MS);
	assert_int_equal(reported.iterations[0].slow.duration_ns, 200 * MS);
	assert_int_equal(reported.iterations[0].slow.callbacks, 20);
	assert_int_equal(reported.iterations[0].slow.slow_callbacks, 0);
	assert_int_equal(reported.iterations[0].slow.top_count, 0);
	assert_false(reported.iterations[0].slow.in_progress);
	expect_times(&reported.iterations[0], 55, 100, 30, 15);
	assert_int_equal(reported.slow_count, 0);
}

static void what_slow_callbacks_took_is_not_the_iterations(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 120 * MS);

	(void)state;
	begin_loop();
	feed_accounted(10 * MS, 130 * MS, 3, 60 * MS, 20 * MS, 10 * MS);
	feed_slow_iteration(&event, 5 * MS, 265 * MS);
	feed_poll_return(0, 266 * MS, event.iteration, 1, 0);
	assert_int_equal(reported.iterations[0].slow.duration_ns, 140 * MS);
	assert_int_equal(reported.iterations[0].slow.slow_callbacks, 1);
	expect_times(&reported.iterations[0], 85, 40, 10, 5);
}

static void all_slow_callbacks_of_the_iteration_are_subtracted(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 240 * MS);

	(void)state;
	begin_loop();
	feed_accounted(10 * MS, 130 * MS, 3, 60 * MS, 10 * MS, 5 * MS);
	feed_accounted(140 * MS, 260 * MS, 3, 30 * MS, 10 * MS, 5 * MS);
	feed_slow_iteration(&event, 5 * MS, 365 * MS);
	feed_poll_return(0, 366 * MS, event.iteration, 1, 0);
	assert_int_equal(reported.iterations[0].slow.slow_callbacks, 2);
	expect_times(&reported.iterations[0], 95, 10, 10, 5);
}

static void slow_callbacks_of_another_iteration_are_not_subtracted(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(4, 0);

	(void)state;
	begin_loop();
	feed_accounted(10 * MS, 130 * MS, 3, 60 * MS, 20 * MS, 10 * MS);
	feed_slow_iteration(&event, 205 * MS, 405 * MS);
	feed_poll_return(0, 406 * MS, event.iteration, 1, 0);
	assert_int_equal(reported.iterations[0].slow.slow_callbacks, 0);
	expect_times(&reported.iterations[0], 55, 100, 30, 15);
	feed_accounted(510 * MS, 630 * MS, 5, 60 * MS, 10 * MS, 5 * MS);
	event = iteration_of(5, 120 * MS);
	feed_slow_iteration(&event, 505 * MS, 765 * MS);
	feed_poll_return(0, 766 * MS, event.iteration, 1, 0);
	assert_int_equal(reported.iterations[1].slow.slow_callbacks, 1);
	expect_times(&reported.iterations[1], 70, 40, 20, 10);
}

static void more_subtracted_than_there_is_leaves_nothing(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 120 * MS);

	(void)state;
	begin_loop();
	feed_accounted(10 * MS, 130 * MS, 3, 60 * MS, 40 * MS, 20 * MS);
	event.blocked_ns = 50 * MS;
	feed_slow_iteration(&event, 5 * MS, 265 * MS);
	feed_poll_return(0, 266 * MS, event.iteration, 1, 0);
	expect_times(&reported.iterations[0], 140, 0, 0, 0);
}

static void add_top(struct lp_event_slow_iteration *event, size_t at, uint32_t callback,
		    uint32_t count, uint64_t total_ns)
{
	event->top[at].callback = callback;
	event->top[at].count = count;
	event->top[at].total_ns = total_ns;
}

/* The callbacks ended before it, but are reported only when the poll after them has returned. */
static void an_iteration_is_reported_after_its_slow_callbacks(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 240 * MS);
	const struct lp_slow_iteration *slow = &reported.iterations[0].slow;

	(void)state;
	begin_loop();
	add_top(&event, 0, 2, 4, 40 * MS);
	feed_accounted(10 * MS, 130 * MS, 3, 60 * MS, 10 * MS, 5 * MS);
	feed_accounted(140 * MS, 260 * MS, 3, 30 * MS, 10 * MS, 5 * MS);
	feed_slow_iteration(&event, 5 * MS, 365 * MS);
	feed_iteration_end(0, 365 * MS, 3, 20);
	assert_int_equal(reported.iteration_count, 0);
	/* another callback in the slot of its longest one */
	feed_name(0, 2, "later");
	feed_poll_return(0, 366 * MS, 3, 1, 0);
	assert_int_equal(reported.slow_count, 2);
	assert_int_equal(reported.iteration_count, 1);
	assert_int_equal(reported.iterations[0].after_slow, 2);
	assert_string_equal(reported.iterations[0].top[0], "second");
	assert_int_equal(slow->duration_ns, 120 * MS);
	assert_int_equal(slow_iteration_end_ns(slow), START_NS + 365 * MS);
	expect_times(&reported.iterations[0], 95, 10, 10, 5);
}

/* At the end of the run, no further event explains the stalls that ended before. */
static void stalls_in_progress_are_reported_after_those_that_ended(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 120 * MS);

	(void)state;
	begin_loop();
	feed_accounted(10 * MS, 130 * MS, 3, 60 * MS, 10 * MS, 5 * MS);
	event.in_progress = 1;
	event.event.reserved = LP_STALL_AT_END;
	feed_slow_iteration(&event, 5 * MS, 265 * MS);
	assert_int_equal(reported.slow_count, 1);
	assert_int_equal(reported.iteration_count, 1);
	assert_int_equal(reported.iterations[0].after_slow, 1);
}

static void the_callbacks_that_took_most_come_first(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 0);
	const struct lp_reported_iteration *iteration = &reported.iterations[0];

	(void)state;
	begin_loop();
	add_top(&event, 0, 1, 4, 40 * MS);
	add_top(&event, 2, 2, 1, 90 * MS);
	add_top(&event, 3, 1, 0, 99 * MS); /* an entry of an earlier iteration */
	add_top(&event, 5, 99, 7, 10 * MS);
	add_top(&event, 7, 3, 2, 50 * MS);
	feed_slow_iteration(&event, 5 * MS, 205 * MS);
	assert_int_equal(iteration->slow.top_count, 4);
	assert_string_equal(iteration->top[0], "second");
	assert_int_equal(iteration->slow.top[0].count, 1);
	assert_int_equal(iteration->slow.top[0].total_ns, 90 * MS);
	assert_string_equal(iteration->top[1], "third");
	assert_string_equal(iteration->top[2], "first");
	assert_int_equal(iteration->slow.top[2].count, 4);
	assert_string_equal(iteration->top[3], "other");
}

static void as_many_callbacks_as_there_is_space_for_are_reported(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 0);
	uint32_t i;

	(void)state;
	begin_loop();
	for (i = 0; i < LP_TOP_ENTRIES; i++)
		add_top(&event, i, 1 + i % 3, 1, (1 + i * 5 % 8) * MS);
	feed_slow_iteration(&event, 5 * MS, 205 * MS);
	assert_int_equal(reported.iterations[0].slow.top_count, LP_TOP_ENTRIES);
	for (i = 0; i < LP_TOP_ENTRIES; i++)
		assert_int_equal(reported.iterations[0].slow.top[i].total_ns,
				 (LP_TOP_ENTRIES - i) * MS);
}

/* Feeds a wait for the GIL before the first callback of an iteration. */
static void feed_gap(uint64_t start_ns)
{
	struct lp_event_segment_times event = record_account();
	struct lp_record_stack_sample holder =
		sampled_stack(LP_SAMPLE_GIL_HOLDER, start_ns, 500, 1, 0);
	struct lp_record_stack_sample own = sampled_stack(LP_SAMPLE_GIL, start_ns, 8, 1, 2);

	event.event.reserved = LP_SEGMENT_GAP;
	own.sample.flags = holder.sample.flags = LP_STACK_GAP;
	strcpy(holder.sample.thread, "Thread-1");
	record_block(&event, SYS_READ, 7, 5 * MS, 1);
	event.account.gil_ns = 110 * MS;
	feed_stack_sample(LP_SAMPLE_BLOCKED, start_ns, 7, 1, 2);
	feed(&own, 0, start_ns + 1);
	feed(&holder, 0, start_ns + 1);
	feed_account(&event, start_ns);
}

static void expect_gap(const struct lp_reported_breakdown *why)
{
	assert_int_equal(why->breakdown.blocked_count, 1);
	assert_string_equal(why->blocked[0].blocked.syscall, "read");
	assert_string_equal(why->blocked[0].stack.text, "inner:12 < outer:34");
	assert_int_equal(why->breakdown.sample_count, 1);
	assert_int_equal(why->samples[0].sample.reason, LP_SAMPLE_GIL);
	assert_true(why->breakdown.gil.known);
	assert_string_equal(why->breakdown.gil.thread, "Thread-1");
}

static void what_came_before_the_first_callback_is_the_iterations(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 0);

	(void)state;
	begin_loop();
	feed_gap(5 * MS);
	event.gil_ns = 120 * MS;
	event.blocked_ns = 6 * MS;
	feed_slow_iteration(&event, 5 * MS, 205 * MS);
	expect_gap(&reported.iterations[0].why);
	expect_times(&reported.iterations[0], 59, 6, 120, 15);
}

static void what_came_before_another_iteration_is_not(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(4, 0);

	(void)state;
	begin_loop();
	feed_gap(5 * MS);
	feed_slow_iteration(&event, 305 * MS, 505 * MS);
	assert_int_equal(reported.iterations[0].why.breakdown.blocked_count, 0);
	assert_int_equal(reported.iterations[0].why.breakdown.sample_count, 0);
	assert_false(reported.iterations[0].why.breakdown.gil.known);
	expect_times(&reported.iterations[0], 55, 100, 30, 15);
}

static void late_callbacks_do_not_displace_what_came_before_them(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 0);
	uint64_t late;

	(void)state;
	begin_loop();
	feed_gap(5 * MS);
	for (late = 1; late <= 8; late++)
		feed_stack_sample(LP_SAMPLE_ON_CPU, (100 + 30 * late) * MS, 9, 1, 2);
	feed_slow_iteration(&event, 5 * MS, 405 * MS);
	expect_gap(&reported.iterations[0].why);
}

/* In sample mode the first callback that was sampled counts from the beginning of its iteration. */
static void what_a_callback_reports_is_not_reported_of_its_iteration_again(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 120 * MS);

	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_ON_CPU, 5 * MS, 9, 1, 2);
	feed_accounted(5 * MS, 125 * MS, 3, 60 * MS, 20 * MS, 10 * MS);
	feed_slow_iteration(&event, 5 * MS, 265 * MS);
	feed_poll_return(0, 266 * MS, event.iteration, 1, 0);
	assert_int_equal(reported.iterations[0].slow.duration_ns, 140 * MS);
	assert_int_equal(reported.iterations[0].why.breakdown.blocked_count, 0);
	assert_int_equal(reported.iterations[0].why.breakdown.sample_count, 0);
}

/* The threads that had the CPU in its segments, of which the gap is one. */
static void threads_that_had_the_cpu_in_an_iteration_are_named(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 0);
	struct lp_event_cpu_waits waits = {
		.event = record_head(LP_EVENT_ITERATION_CPU_WAITS, sizeof(waits)),
		.segment_ns = START_NS + 5 * MS,
		.waits.neighbours[0] = { .total_ns = 12 * MS, .pid = 4711, .count = 1 },
		.waits.neighbours[1] = { .total_ns = 40 * MS, .pid = 4712, .count = 9 },
	};
	const struct lp_shortage *shortage = &reported.iterations[0].why.breakdown.shortage;

	(void)state;
	memcpy(waits.waits.neighbours[0].comm, "cc1", 4);
	memcpy(waits.waits.neighbours[1].comm, "ld", 3);
	begin_loop();
	feed_gap(5 * MS);
	feed(&waits, 0, 205 * MS);
	feed_slow_iteration(&event, 5 * MS, 205 * MS);
	assert_true(shortage->waits_counted);
	assert_int_equal(shortage->neighbour_count, 2);
	/* not longer than the iteration waited */
	assert_string_equal(shortage->neighbours[0].name, "cc1");
	assert_int_equal(shortage->neighbours[0].duration_ns, 12 * MS);
	assert_int_equal(shortage->neighbours[1].duration_ns, 3 * MS);
	/* the next iteration had no such wait */
	event.iteration = 4;
	feed_slow_iteration(&event, 305 * MS, 505 * MS);
	assert_false(reported.iterations[1].why.breakdown.shortage.waits_counted);
	assert_int_equal(reported.iterations[1].why.breakdown.shortage.neighbour_count, 0);
}

static void garbage_before_the_first_callback_is_within_the_time_on_the_cpu(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 0);
	struct lp_event_segment_times gap = record_account();
	const struct lp_times *times = &reported.iterations[0].why.breakdown.time;

	(void)state;
	begin_loop();
	gap.event.reserved = LP_SEGMENT_GAP;
	gap.account.samples = gap.account.collecting_samples = 4;
	feed_account(&gap, 5 * MS);
	feed_slow_iteration(&event, 5 * MS, 205 * MS);
	expect_times(&reported.iterations[0], 55, 100, 30, 15);
	assert_in_range(times->gc_ns, 0, times->on_cpu_ns);
}

static void what_lasts_is_reported_at_once_each_time(void **state)
{
	(void)state;
	begin_loop();
	feed_progress(0, 1, 10 * MS, 110 * MS);
	feed_progress(0, 1, 10 * MS, 210 * MS);
	feed_progress(0, 99, 10 * MS, 410 * MS);
	assert_int_equal(reported.slow_count, 3);
	assert_true(reported.slow[0].slow.in_progress);
	assert_string_equal(reported.slow[0].name, "first");
	assert_int_equal(reported.slow[0].slow.start_ns, START_NS + 10 * MS);
	assert_int_equal(reported.slow[0].slow.duration_ns, 100 * MS);
	assert_false(reported.slow[0].slow.delayed_known);
	assert_int_equal(reported.slow[1].slow.duration_ns, 200 * MS);
	assert_string_equal(reported.slow[2].name, "other");
	feed_slow(0, 1, 10 * MS, 500 * MS, 1, 0);
	feed_iteration_end(0, 501 * MS, 1, 3);
	feed_poll_return(0, 502 * MS, 1, 10, 2);
	assert_int_equal(reported.slow_count, 4);
	assert_false(reported.slow[3].slow.in_progress);
	assert_int_equal(reported.slow[3].slow.duration_ns, 490 * MS);
	assert_int_equal(reported.slow[3].slow.delayed_events, 2);
}

static void what_is_reported_in_progress_is_repeated_at_the_end(void **state)
{
	struct lp_event_segment_times event = record_account();

	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_BLOCKED, 10 * MS, 7, 1, 2);
	feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 8, 1, 2);
	record_block(&event, SYS_READ, 7, 60 * MS, 1);
	feed_account(&event, 10 * MS);
	feed_progress(0, 1, 10 * MS, 110 * MS);
	assert_int_equal(last_breakdown()->breakdown.time.blocked_ns, 60 * MS);
	assert_int_equal(last_breakdown()->breakdown.time.on_cpu_ns, 40 * MS);
	assert_string_equal(last_breakdown()->blocked[0].stack.text, "inner:12 < outer:34");
	assert_int_equal(last_breakdown()->samples[0].sample.count, 1);
	assert_string_equal(last_breakdown()->chain.text, "outer:34");
	feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 8, 1, 2);
	record_block(&event, SYS_READ, 9, 30 * MS, 1);
	feed_account(&event, 10 * MS);
	feed_slow(0, 1, 10 * MS, 190 * MS, 1, 0);
	feed_poll_return(0, 191 * MS, 1, 10, 0);
	assert_int_equal(reported.slow_count, 2);
	assert_int_equal(last_breakdown()->breakdown.blocked_count, 2);
	assert_int_equal(last_breakdown()->breakdown.time.blocked_ns, 90 * MS);
	assert_int_equal(last_breakdown()->breakdown.time.on_cpu_ns, 90 * MS);
	assert_int_equal(last_breakdown()->samples[0].sample.count, 2);
}

static void what_lasts_is_not_counted_as_slow(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(1, 120 * MS);

	(void)state;
	begin_loop();
	feed_progress(0, 1, 10 * MS, 110 * MS);
	feed_progress(0, 1, 10 * MS, 120 * MS);
	feed_accounted(10 * MS, 130 * MS, 1, 60 * MS, 20 * MS, 10 * MS);
	feed_slow_iteration(&event, 5 * MS, 265 * MS);
	feed_poll_return(0, 266 * MS, 1, 1, 0);
	assert_int_equal(reported.iterations[0].slow.slow_callbacks, 1);
	expect_times(&reported.iterations[0], 85, 40, 10, 5);
}

static void what_lasts_counts_to_its_cause_once(void **state)
{
	struct lp_record_stack_sample record = sampled_stack(LP_SAMPLE_ON_CPU, 10 * MS, 8, 1, 2);
	struct lp_event_segment_times event = record_account();

	(void)state;
	begin_loop();
	record.sample.period_us = 10000;
	feed(&record, 0, 11 * MS);
	feed_account(&event, 10 * MS);
	feed_progress(0, 1, 10 * MS, 110 * MS);
	feed_end(LP_EVENT_INTERVAL, 115 * MS, 0);
	/* with what its only sample stands for */
	assert_int_equal(reported.interval.loops[0].summary.cause_count, 1);
	assert_int_equal(reported.interval.loops[0].causes[0].cause.total_ns, 10 * MS);
	feed_account(&event, 10 * MS);
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_end(LP_EVENT_INTERVAL, 195 * MS, 0);
	assert_int_equal(reported.interval.loops[0].summary.cause_count, 1);
	assert_int_equal(reported.interval.loops[0].causes[0].cause.total_ns, 110 * MS);
	feed_end(LP_EVENT_END, 200 * MS, 0);
	assert_int_equal(reported.total.loops[0].summary.cause_count, 1);
	assert_int_equal(reported.total.loops[0].causes[0].cause.total_ns, 120 * MS);
}

static void what_lasts_to_the_end_of_the_run_counts_to_its_cause(void **state)
{
	struct lp_record_stack_sample record = sampled_stack(LP_SAMPLE_ON_CPU, 10 * MS, 8, 1, 2);
	int i;

	(void)state;
	begin_loop();
	record.sample.period_us = 10000;
	for (i = 0; i < 50; i++)
		feed(&record, 0, 11 * MS);
	feed_progress(0, 1, 10 * MS, 410 * MS);
	feed_end(LP_EVENT_END, 510 * MS, LP_RUN_END_INTERRUPT);
	assert_int_equal(reported.total.loops[0].summary.cause_count, 1);
	assert_string_equal(reported.total.loops[0].causes[0].place, "inner:12");
	assert_in_range(reported.total.loops[0].causes[0].cause.total_ns, 400 * MS, 500 * MS);
}

static void an_iteration_may_be_in_progress_too(void **state)
{
	struct lp_event_slow_iteration event = iteration_of(3, 0);

	(void)state;
	begin_loop();
	feed_gap(5 * MS);
	event.in_progress = 1;
	feed_slow_iteration(&event, 5 * MS, 155 * MS);
	assert_true(reported.iterations[0].slow.in_progress);
	expect_gap(&reported.iterations[0].why);
	event.in_progress = 0;
	feed_slow_iteration(&event, 5 * MS, 205 * MS);
	assert_false(reported.iterations[1].slow.in_progress);
	expect_gap(&reported.iterations[1].why);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_model, free_model)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_iteration_of_no_slow_callback_is_reported_at_once),
		TEST(what_slow_callbacks_took_is_not_the_iterations),
		TEST(all_slow_callbacks_of_the_iteration_are_subtracted),
		TEST(slow_callbacks_of_another_iteration_are_not_subtracted),
		TEST(more_subtracted_than_there_is_leaves_nothing),
		TEST(an_iteration_is_reported_after_its_slow_callbacks),
		TEST(stalls_in_progress_are_reported_after_those_that_ended),
		TEST(the_callbacks_that_took_most_come_first),
		TEST(as_many_callbacks_as_there_is_space_for_are_reported),
		TEST(what_came_before_the_first_callback_is_the_iterations),
		TEST(what_came_before_another_iteration_is_not),
		TEST(late_callbacks_do_not_displace_what_came_before_them),
		TEST(what_a_callback_reports_is_not_reported_of_its_iteration_again),
		TEST(threads_that_had_the_cpu_in_an_iteration_are_named),
		TEST(garbage_before_the_first_callback_is_within_the_time_on_the_cpu),
		TEST(what_lasts_is_reported_at_once_each_time),
		TEST(what_is_reported_in_progress_is_repeated_at_the_end),
		TEST(what_lasts_is_not_counted_as_slow),
		TEST(what_lasts_counts_to_its_cause_once),
		TEST(what_lasts_to_the_end_of_the_run_counts_to_its_cause),
		TEST(an_iteration_may_be_in_progress_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
