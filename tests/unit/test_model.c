// SPDX-License-Identifier: BSD-2-Clause
#include "model_fixture.h"
#include "model/model_internal.h"

static const struct lp_reported_loop *total_of(uint32_t id)
{
	size_t i;

	for (i = 0; i < reported.total.summary.loop_count; i++)
		if (reported.total.loops[i].id == id)
			return &reported.total.loops[i];
	fail_msg("loop %u is not in the total", id);
	return NULL;
}

static void feed_target(uint32_t pid, const char *version)
{
	struct lp_event_target event = { .event = record_head(LP_EVENT_TARGET, sizeof(event)),
					 .runtime = "asyncio",
					 .comm = "python3",
					 .container = "c0ffee",
					 .exe = "/usr/bin/\x1bpython" };

	strcpy(event.version, version);
	event.event.pid = pid;
	assert_int_equal(decode_event(&event, sizeof(event), &model_handlers, model), 0);
}

static void feed_limited(uint32_t pid, uint64_t loops)
{
	struct lp_event_limited event = { .event = record_head(LP_EVENT_LIMITED, sizeof(event)),
					  .counts = { [LP_LIMITED_LOOPS] = loops } };

	event.event.pid = pid;
	assert_int_equal(decode_event(&event, sizeof(event), &model_handlers, model), 0);
}

static uint64_t limited_loops(const struct lp_summary *summary, bool rest)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < summary->limited_count; i++)
		if (!summary->limited[i].pid == rest)
			sum += summary->limited[i].counts[LP_LIMITED_LOOPS];
	return sum;
}

/* Requests over a share are listed for LP_LIMITED_MOST processes, and added up for the others. */
static void requests_over_a_share_add_up_over_processes(void **state)
{
	struct lp_summary summary = { .limited_count = 0 };
	uint32_t i;

	(void)state;
	for (i = 0; i < 100; i++) {
		feed_target(PID + i, "3.11.2");
		feed_limited(PID + i, 3);
		feed_limited(PID + i, 5);
	}
	/* the counts of a new process with this PID begin at zero */
	feed_limited(PID, 2);
	limited_summarise(&model->source->limited, &summary);
	assert_int_equal(summary.limited_count, LP_LIMITED_MOST + 1);
	assert_int_equal(limited_loops(&summary, false), 64 * 5 + 2);
	assert_int_equal(limited_loops(&summary, true), 36 * 5);
	/* the loop that has the labels may have ended and been folded */
	assert_non_null(summary.limited[0].loop);
	assert_string_equal(summary.limited[0].loop->container, "c0ffee");
	free(summary.limited);
}

/* Events hold sums: each adds what is more than in the last one, with a target and without. */
static void requests_of_processes_without_a_target_are_counted_once(void **state)
{
	struct lp_summary summary = { .limited_count = 0 };
	uint32_t i;

	(void)state;
	for (i = 0; i < 100; i++) {
		feed_limited(PID + i, 3);
		feed_limited(PID + i, 5);
		feed_limited(PID + i, 5);
	}
	/* one of them begins at zero again */
	feed_limited(PID, 2);
	feed_limited(PID, 4);
	limited_summarise(&model->source->limited, &summary);
	assert_int_equal(limited_loops(&summary, false), 64 * 5 + 4);
	assert_int_equal(limited_loops(&summary, true), 36 * 5);
	free(summary.limited);
	/* over the limit of processes nothing is counted, rather than too much */
	for (i = 0; i < 2 * LP_LIMITED_LAST; i++)
		feed_limited(PID + i, 7);
	assert_int_equal(model->source->limited.last_count, LP_LIMITED_LAST);
}

static void feed_awake(uint32_t loop, uint64_t begin_ns, uint64_t end_ns, uint64_t iterations)
{
	struct lp_event_awake_span span = { .event = record_head(LP_EVENT_AWAKE_SPAN, sizeof(span)),
					    .begin_ns = START_NS + begin_ns,
					    .iterations = iterations };
	struct lp_event_awake event = { .event = record_head(LP_EVENT_AWAKE, sizeof(event)),
					.no_descriptor = 1 };

	feed(&span, loop, end_ns);
	feed(&event, loop, end_ns);
}

/* A time is counted once, and what is between two of them is not counted. */
static void the_times_in_which_each_poll_returned_at_once_add_up(void **state)
{
	(void)state;
	feed_loop(4, 0);
	feed_awake(4, 10, 20, 300);
	feed_awake(4, 20, 32, 200);
	feed_awake(4, 40, 50, 100);
	feed_awake(4, 40, 50, 100);
	assert_int_equal(model->loops->awake_ns, 32);
	assert_int_equal(model->loops->awake_iterations, 600);
	assert_int_equal(model->loops->awake_until_ns, START_NS + 50);
}

static void a_run_is_reported_at_its_beginning(void **state)
{
	(void)state;
	assert_int_equal(reported.runs, 1);
}

static void a_loop_is_reported_with_its_process(void **state)
{
	(void)state;
	feed_target(PID + 1, "3.8.1");
	feed_target(PID, "3.11.2");
	feed_loop(4, 0);
	assert_int_equal(reported.loop_count, 1);
	assert_int_equal(reported.loops[0].id, 1);
	assert_int_equal(reported.loops[0].pid, PID);
	assert_int_equal(reported.loops[0].tid, 104);
	assert_string_equal(reported.loops[0].comm, "python3");
	assert_string_equal(reported.loops[0].runtime, "asyncio");
	assert_string_equal(reported.loops[0].version, "3.11.2");
	assert_string_equal(reported.loops[0].exe, "/usr/bin/?python");
	assert_string_equal(reported.loops[0].container, "c0ffee");
}

static void a_process_that_replaced_its_program_is_reported_anew(void **state)
{
	(void)state;
	feed_target(PID, "3.8.1");
	feed_loop(4, 0);
	feed_loop_end(4, MS);
	feed_target(PID, "3.13.0");
	feed_loop(4, 2 * MS);
	assert_string_equal(reported.loops[0].version, "3.8.1");
	assert_string_equal(reported.loops[1].version, "3.13.0");
}

static void a_command_of_full_length_without_an_end_is_held_to_its_field(void **state)
{
	struct lp_event_loop event = { .event = record_head(LP_EVENT_LOOP, sizeof(event)) };

	(void)state;
	memcpy(event.comm, "sixteen bytes \xff\n", LP_COMM_BYTES);
	feed(&event, 0, 0);
	assert_string_equal(reported.loops[0].comm, "sixteen bytes ??");
}

static void a_slot_used_again_is_another_loop(void **state)
{
	(void)state;
	feed_loop(4, 0);
	feed_loop_end(4, MS);
	feed_loop(4, 2 * MS);
	assert_int_equal(reported.loop_count, 2);
	assert_int_equal(reported.loops[0].id, 1);
	assert_int_equal(reported.loops[1].id, 2);
}

static void callbacks_are_counted_by_name_greatest_time_first(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "few");
	feed_name(0, 2, "many");
	feed_name(0, 3, "never ran");
	feed_callback_stats(0, 1, 2);
	feed_callback_stats(0, 2, 5);
	feed_loop_stats(0, 50 * MS, 7 * MS, 21 * MS, 4);
	feed_end(LP_EVENT_END, 60 * MS, LP_RUN_END_DURATION);
	assert_int_equal(reported.total.summary.loop_count, 1);
	assert_int_equal(total_of(1)->summary.callback_count, 2);
	assert_string_equal(total_of(1)->items[0].name, "many");
	assert_int_equal(total_of(1)->items[0].runs, 5);
	assert_int_equal(total_of(1)->items[0].slow, 2);
	assert_int_equal(total_of(1)->items[0].sum_ns, 5 * MS);
	assert_int_equal(total_of(1)->items[0].queued, 5);
	assert_string_equal(total_of(1)->items[1].name, "few");
	assert_int_equal(total_of(1)->items[1].runs, 2);
}

static void a_callback_that_was_only_slow_between_bursts_has_a_row(void **state)
{
	struct lp_event_callback_stats event = {
		.event = record_head(LP_EVENT_CALLBACK_STATS, sizeof(event)),
		.callback = 1,
		.slow = 2,
	};

	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "f");
	feed(&event, 0, 0);
	feed_end(LP_EVENT_INTERVAL, 100 * MS, 0);
	assert_int_equal(reported.interval.loops[0].items[0].slow, 2);
	event.slow = 5;
	feed(&event, 0, 0);
	feed_end(LP_EVENT_INTERVAL, 200 * MS, 0);
	assert_int_equal(reported.interval.loops[0].items[0].slow, 3);
	assert_int_equal(total_of(1)->items[0].slow, 5);
	assert_int_equal(total_of(1)->items[0].runs, 0);
	feed(&event, 0, 0);
	feed_end(LP_EVENT_INTERVAL, 300 * MS, 0);
	assert_int_equal(reported.interval.loops[0].summary.callback_count, 0);
}

static void a_loop_is_summed_up_by_its_last_state(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_loop_stats(0, 10 * MS, MS, MS, 1);
	feed_loop_stats(0, 50 * MS, 7 * MS, 21 * MS, 4);
	feed_end(LP_EVENT_END, 60 * MS, LP_RUN_END_DURATION);
	assert_int_equal(total_of(1)->summary.busy_ns, 7 * MS);
	/* the window of 50 ms less the busy time */
	assert_int_equal(total_of(1)->summary.idle_ns, 43 * MS);
	assert_int_equal(total_of(1)->summary.iterations, 4);
	assert_int_equal(total_of(1)->summary.callbacks, 40);
	assert_int_equal(total_of(1)->summary.slow_callbacks, 2);
	assert_int_equal(histogram_count(&total_of(1)->summary.iteration), 4);
	/* from its first record to its last state: the time after it is not known */
	assert_int_equal(total_of(1)->summary.wall_ns, 50 * MS);
	assert_true(loop_utilization(&total_of(1)->summary) == 0.14);
}

static void the_utilization_of_nothing_is_zero(void **state)
{
	const struct lp_loop_summary nothing = { .iterations = 0 };

	(void)state;
	assert_true(loop_utilization(&nothing) == 0);
}

static void the_wall_time_of_a_loop_ends_with_it(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_loop_stats(0, 40 * MS, MS, MS, 1);
	feed_loop_end(0, 40 * MS);
	feed_end(LP_EVENT_END, 60 * MS, LP_RUN_END_DURATION);
	assert_int_equal(total_of(1)->summary.wall_ns, 40 * MS);
}

static void a_loop_that_never_woke_up_was_idle(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_loop_stats(0, 2000 * MS, 0, 0, 0);
	feed_end(LP_EVENT_INTERVAL, 2000 * MS, 0);
	assert_int_equal(reported.interval.loops[0].summary.wall_ns, 2000 * MS);
	assert_int_equal(reported.interval.loops[0].summary.idle_ns, 2000 * MS);
	/* half of a stall of 2 s is in this interval */
	feed_loop_stats(0, 4000 * MS, 1000 * MS, 3000 * MS, 0);
	feed_end(LP_EVENT_INTERVAL, 4000 * MS, 0);
	assert_int_equal(reported.interval.loops[0].summary.wall_ns, 2000 * MS);
	assert_int_equal(reported.interval.loops[0].summary.busy_ns, 1000 * MS);
	assert_int_equal(reported.interval.loops[0].summary.idle_ns, 1000 * MS);
	assert_int_equal(reported.total.loops[0].summary.wall_ns, 4000 * MS);
	feed_loop_stats(0, 6000 * MS, 2000 * MS, 4000 * MS, 1);
	feed_end(LP_EVENT_END, 6000 * MS, LP_RUN_END_DURATION);
	assert_int_equal(total_of(1)->summary.wall_ns, 6000 * MS);
	assert_int_equal(total_of(1)->summary.busy_ns, 2000 * MS);
	assert_int_equal(total_of(1)->summary.idle_ns, 4000 * MS);
}

static void a_callback_slot_used_again_by_another_loop_does_not_mix(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "old");
	feed_callback_stats(0, 1, 3);
	feed_loop_end(0, MS);
	feed_loop(0, 2 * MS);
	feed_name(0, 1, "new");
	feed_callback_stats(0, 1, 5);
	feed_end(LP_EVENT_END, 60 * MS, LP_RUN_END_DURATION);
	assert_int_equal(total_of(1)->summary.callback_count, 1);
	assert_string_equal(total_of(1)->items[0].name, "old");
	assert_int_equal(total_of(1)->items[0].runs, 3);
	assert_int_equal(total_of(1)->items[0].slow, 1);
	assert_int_equal(total_of(1)->items[0].queued, 3);
	assert_int_equal(total_of(2)->summary.callback_count, 1);
	assert_string_equal(total_of(2)->items[0].name, "new");
	assert_int_equal(total_of(2)->items[0].runs, 5);
}

static void counters_of_a_slot_that_was_given_back_are_nobodys(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "old");
	feed_callback_stats(0, 1, 3);
	feed_loop_end(0, MS);
	feed_callback_stats(0, 1, 8);
	feed_end(LP_EVENT_END, 60 * MS, LP_RUN_END_DURATION);
	assert_int_equal(total_of(1)->items[0].runs, 3);
}

static void a_callback_in_two_slots_is_one(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "made anew");
	feed_callback_stats(0, 1, 3);
	feed_name(0, 2, "made anew");
	feed_callback_stats(0, 2, 5);
	feed_end(LP_EVENT_END, 60 * MS, LP_RUN_END_DURATION);
	assert_int_equal(total_of(1)->summary.callback_count, 1);
	assert_int_equal(total_of(1)->items[0].runs, 8);
	assert_int_equal(total_of(1)->items[0].slow, 3);
}

static void callbacks_of_one_name_on_two_lines_are_two(void **state)
{
	struct lp_event_name event = record_name("<lambda>", "app.py");

	(void)state;
	feed_loop(0, 0);
	event.callback = 1;
	feed(&event, 0, 0);
	event.callback = 2;
	event.first_line = 9;
	feed(&event, 0, 0);
	feed_callback_stats(0, 1, 3);
	feed_callback_stats(0, 2, 5);
	feed_end(LP_EVENT_END, 60 * MS, LP_RUN_END_DURATION);
	assert_int_equal(total_of(1)->summary.callback_count, 2);
}

static void what_found_no_slot_is_summed_up_under_no_loop(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_loop_stats(0, 50 * MS, MS, MS, 1);
	feed_callback_stats(LP_NO_LOOP, 0, 6);
	feed_end(LP_EVENT_END, 60 * MS, LP_RUN_END_DURATION);
	assert_int_equal(reported.total.summary.loop_count, 2);
	assert_int_equal(total_of(0)->summary.callback_count, 1);
	assert_string_equal(total_of(0)->items[0].name, "other");
	assert_int_equal(total_of(0)->items[0].runs, 6);
}

static void an_interval_has_what_was_added_since_the_last(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "f");
	feed_callback_stats(0, 1, 3);
	feed_loop_stats(0, 100 * MS, 10 * MS, 90 * MS, 4);
	feed_end(LP_EVENT_INTERVAL, 100 * MS, 0);
	assert_int_equal(reported.intervals, 1);
	assert_int_equal(reported.interval.summary.since_ns, START_NS);
	assert_int_equal(reported.interval.loops[0].items[0].runs, 3);
	feed_callback_stats(0, 1, 8);
	feed_loop_stats(0, 200 * MS, 70 * MS, 130 * MS, 10);
	feed_end(LP_EVENT_INTERVAL, 200 * MS, 0);
	assert_int_equal(reported.intervals, 2);
	assert_int_equal(reported.interval.summary.since_ns, START_NS + 100 * MS);
	assert_int_equal(reported.interval.summary.now_ns, START_NS + 200 * MS);
	assert_int_equal(reported.interval.loops[0].items[0].runs, 5);
	assert_int_equal(reported.interval.loops[0].items[0].slow, 3);
	assert_int_equal(reported.interval.loops[0].items[0].queued, 5);
	assert_int_equal(reported.interval.loops[0].summary.wall_ns, 100 * MS);
	assert_int_equal(reported.interval.loops[0].summary.busy_ns, 60 * MS);
	assert_int_equal(reported.interval.loops[0].summary.idle_ns, 40 * MS);
	assert_int_equal(reported.interval.loops[0].summary.iterations, 6);
	assert_int_equal(reported.interval.loops[0].summary.callbacks, 60);
	assert_int_equal(reported.interval.loops[0].summary.slow_callbacks, 3);
	assert_int_equal(histogram_count(&reported.interval.loops[0].summary.iteration), 6);
	assert_int_equal(total_of(1)->items[0].runs, 8);
	assert_int_equal(total_of(1)->summary.busy_ns, 70 * MS);
}

static void a_callback_that_did_not_run_is_not_in_the_interval(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "f");
	feed_callback_stats(0, 1, 3);
	feed_end(LP_EVENT_INTERVAL, 100 * MS, 0);
	feed_callback_stats(0, 1, 3);
	feed_end(LP_EVENT_INTERVAL, 200 * MS, 0);
	assert_int_equal(reported.interval.loops[0].summary.callback_count, 0);
	assert_int_equal(total_of(1)->summary.callback_count, 1);
}

static void an_interval_has_what_was_added_under_no_loop(void **state)
{
	(void)state;
	feed_callback_stats(LP_NO_LOOP, 0, 6);
	feed_end(LP_EVENT_INTERVAL, 100 * MS, 0);
	assert_int_equal(reported.interval.loops[0].items[0].runs, 6);
	feed_callback_stats(LP_NO_LOOP, 0, 10);
	feed_end(LP_EVENT_INTERVAL, 200 * MS, 0);
	assert_int_equal(reported.interval.loops[0].items[0].runs, 4);
	assert_int_equal(reported.interval.loops[0].items[0].slow, 2);
	assert_int_equal(total_of(0)->items[0].runs, 10);
}

static void a_loop_that_ended_is_in_that_interval_and_no_later_one(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "f");
	feed_callback_stats(0, 1, 3);
	feed_loop_stats(0, 40 * MS, MS, MS, 1);
	feed_loop_end(0, 40 * MS);
	feed_end(LP_EVENT_INTERVAL, 100 * MS, 0);
	assert_int_equal(reported.interval.summary.loop_count, 1);
	assert_int_equal(reported.interval.loops[0].items[0].runs, 3);
	feed_end(LP_EVENT_INTERVAL, 200 * MS, 0);
	assert_int_equal(reported.interval.summary.loop_count, 0);
	assert_int_equal(total_of(1)->items[0].runs, 3);
}

static void counters_that_lag_do_not_wrap_an_interval(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "f");
	feed_callback_stats(0, 1, 6);
	feed_loop_stats(0, 100 * MS, 10 * MS, 90 * MS, 4);
	feed_end(LP_EVENT_INTERVAL, 100 * MS, 0);
	feed_callback_stats(0, 1, 4);
	feed_loop_stats(0, 200 * MS, 9 * MS, 89 * MS, 2);
	feed_end(LP_EVENT_INTERVAL, 200 * MS, 0);
	assert_int_equal(reported.interval.loops[0].summary.busy_ns, 0);
	assert_int_equal(reported.interval.loops[0].summary.idle_ns, 100 * MS);
	assert_int_equal(reported.interval.loops[0].summary.iterations, 0);
	assert_int_equal(reported.interval.loops[0].summary.callbacks, 0);
	assert_int_equal(reported.interval.loops[0].summary.slow_callbacks, 0);
	assert_int_equal(reported.interval.loops[0].items[0].slow, 0);
}

static void feed_lost(uint64_t ring, uint64_t ready)
{
	struct lp_event_lost event = { .event = record_head(LP_EVENT_LOST, sizeof(event)) };

	event.counts[LP_LOST_RING] = ring;
	event.counts[LP_LOST_READY] = ready;
	feed(&event, LP_NO_LOOP, 0);
}

static void what_was_lost_is_reported_by_interval_and_in_all(void **state)
{
	(void)state;
	feed_lost(3, 1);
	feed_end(LP_EVENT_INTERVAL, 100 * MS, 0);
	assert_int_equal(reported.interval.summary.lost[LP_LOST_RING], 3);
	feed_lost(5, 1);
	feed_end(LP_EVENT_INTERVAL, 200 * MS, 0);
	assert_int_equal(reported.interval.summary.lost[LP_LOST_RING], 2);
	assert_int_equal(reported.interval.summary.lost[LP_LOST_READY], 0);
	assert_int_equal(reported.total.summary.lost[LP_LOST_RING], 5);
	feed_end(LP_EVENT_END, 300 * MS, LP_RUN_END_INTERRUPT);
	assert_int_equal(reported.total.summary.lost[LP_LOST_READY], 1);
	assert_int_equal(reported.end.lost_events, 5);
}

static void the_end_is_reported_once(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_end(LP_EVENT_END, 60 * MS, LP_RUN_END_TARGET_EXITED);
	feed_end(LP_EVENT_END, 70 * MS, LP_RUN_END_DURATION);
	model_end_early(model, START_NS + 80 * MS);
	assert_int_equal(reported.ends, 1);
	assert_int_equal(reported.end.end_ns, START_NS + 60 * MS);
	assert_int_equal(reported.end.reason, LP_RUN_END_TARGET_EXITED);
}

static void a_reason_of_a_later_version_is_an_interrupt(void **state)
{
	(void)state;
	feed_end(LP_EVENT_END, 60 * MS, LP_RUN_END_REASONS);
	assert_int_equal(reported.end.reason, LP_RUN_END_INTERRUPT);
}

static void a_run_that_was_cut_ends_with_its_last_event(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "f");
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	model_end_early(model, 0);
	assert_int_equal(reported.slow_count, 1);
	assert_int_equal(reported.ends, 1);
	assert_int_equal(reported.end.end_ns, START_NS + 130 * MS);
	assert_int_equal(reported.end.reason, LP_RUN_END_INTERRUPT);
	assert_int_equal(reported.total.summary.loop_count, 1);
}

static void a_run_that_was_cut_may_be_reported_its_end(void **state)
{
	(void)state;
	model_end_early(model, START_NS + 500 * MS);
	assert_int_equal(reported.end.end_ns, START_NS + 500 * MS);
}

static void each_state_of_a_loop_is_reported_as_it_is_saved(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_loop_stats(0, 10000 * MS, 3 * MS, 7 * MS, 4);
	assert_int_equal(reported.states, 1);
	feed_loop_stats(0, 20000 * MS, 5 * MS, 15 * MS, 9);
	assert_int_equal(reported.states, 2);
	assert_int_equal(reported.state_loop, 1);
	assert_int_equal(reported.state.time_ns, START_NS + 20000 * MS);
	assert_int_equal(reported.state.start_ns, START_NS);
	assert_int_equal(reported.state.busy_ns, 5 * MS);
	assert_int_equal(reported.state.idle_ns, 19995 * MS);
	assert_int_equal(reported.state.iterations, 9);
	assert_int_equal(reported.state_count, 9);
	/* a state of an unknown loop, and one after the end, are ignored */
	feed_loop_stats(5, 21000 * MS, MS, MS, 1);
	feed_end(LP_EVENT_END, 22000 * MS, 0);
	feed_loop_stats(0, 30000 * MS, 6 * MS, 24 * MS, 10);
	assert_int_equal(reported.states, 2);
}

static void an_observer_may_want_nothing(void **state)
{
	static const struct lp_observer deaf = { .run = NULL };
	static const struct lp_run run = { .start_ns = START_NS };

	free_model(state);
	assert_int_equal(model_new(&deaf, NULL, &model), 0);
	model_begin(model, &run);
	feed_loop(0, 0);
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_poll_return(0, 140 * MS, 1, 10, 0);
	feed_loop_stats(0, 145 * MS, MS, MS, 1);
	feed_end(LP_EVENT_INTERVAL, 150 * MS, 0);
	feed_end(LP_EVENT_END, 160 * MS, 0);
	assert_int_equal(reported.slow_count, 0);
}

static void a_loop_is_never_busier_than_always(void **state)
{
	const struct lp_loop_summary odd = { .busy_ns = UINT64_MAX - 1, .idle_ns = 1000 };
	const struct lp_loop_summary none = { .busy_ns = 0, .idle_ns = 0 };

	(void)state;
	assert_true(loop_utilization(&odd) <= 1);
	assert_true(loop_utilization(&none) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_model, free_model)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_is_reported_at_its_beginning),
		TEST(requests_over_a_share_add_up_over_processes),
		TEST(requests_of_processes_without_a_target_are_counted_once),
		TEST(a_loop_is_reported_with_its_process),
		TEST(a_process_that_replaced_its_program_is_reported_anew),
		TEST(a_command_of_full_length_without_an_end_is_held_to_its_field),
		TEST(a_slot_used_again_is_another_loop),
		TEST(callbacks_are_counted_by_name_greatest_time_first),
		TEST(a_callback_that_was_only_slow_between_bursts_has_a_row),
		TEST(a_loop_is_summed_up_by_its_last_state),
		TEST(the_utilization_of_nothing_is_zero),
		TEST(the_wall_time_of_a_loop_ends_with_it),
		TEST(a_loop_that_never_woke_up_was_idle),
		TEST(a_callback_slot_used_again_by_another_loop_does_not_mix),
		TEST(counters_of_a_slot_that_was_given_back_are_nobodys),
		TEST(a_callback_in_two_slots_is_one),
		TEST(callbacks_of_one_name_on_two_lines_are_two),
		TEST(what_found_no_slot_is_summed_up_under_no_loop),
		TEST(an_interval_has_what_was_added_since_the_last),
		TEST(a_callback_that_did_not_run_is_not_in_the_interval),
		TEST(an_interval_has_what_was_added_under_no_loop),
		TEST(a_loop_that_ended_is_in_that_interval_and_no_later_one),
		TEST(counters_that_lag_do_not_wrap_an_interval),
		TEST(what_was_lost_is_reported_by_interval_and_in_all),
		TEST(the_end_is_reported_once),
		TEST(a_reason_of_a_later_version_is_an_interrupt),
		TEST(a_run_that_was_cut_ends_with_its_last_event),
		TEST(a_run_that_was_cut_may_be_reported_its_end),
		TEST(each_state_of_a_loop_is_reported_as_it_is_saved),
		TEST(an_observer_may_want_nothing),
		TEST(the_times_in_which_each_poll_returned_at_once_add_up),
		TEST(a_loop_is_never_busier_than_always),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
