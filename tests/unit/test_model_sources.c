// SPDX-License-Identifier: BSD-2-Clause
/* Several captures in one model: in parallel, and as parts of one recording. */
#include "model_fixture.h"

#define BOOT                                                                                       \
	{                                                                                          \
		1, 2, 3                                                                            \
	}

/* One run per host; the hosts were booted at different times. */
static const struct lp_run here = { .tool = "loopprof",
				    .mode = "trace",
				    .host = "here",
				    .threshold_ns = 100 * MS,
				    .start_ns = START_NS,
				    .start_unix_ns = 5000000 * MS,
				    .boot_id = BOOT };
/* The monotonic clock of this host is 900 s behind, and the run began 20 ms later. */
static const struct lp_run there = { .tool = "loopprof",
				     .mode = "sample",
				     .host = "there",
				     .threshold_ns = 50 * MS,
				     .start_ns = START_NS - 900000 * MS,
				     .start_unix_ns = 5000020 * MS,
				     .sampled = true,
				     .boot_id = { 9 } };

static int begin(void **state)
{
	(void)state;
	memset(&reported, 0, sizeof(reported));
	return model_new(&recorder, NULL, &model);
}

static void begin_two(const struct lp_run *first, const struct lp_run *second)
{
	assert_int_equal(model_add_source(model, first), 0);
	assert_int_equal(model_add_source(model, second), 1);
	assert_int_equal(reported.runs, 0);
	model_start(model);
	assert_int_equal(reported.runs, 1);
}

/* A time in records of the other host; ns: since the start of that host's run. */
#define THERE(ns) ((ns)-900000 * MS)

static void feed_labelled(uint32_t pid, uint64_t start_ticks)
{
	struct lp_event_target target = { .event = record_head(LP_EVENT_TARGET, sizeof(target)),
					  .runtime = "asyncio" };
	struct lp_event_labels labels = { .event = record_head(LP_EVENT_LABELS, sizeof(labels)),
					  .start_ticks = start_ticks,
					  .unit = "api.service" };

	target.event.pid = labels.event.pid = pid;
	assert_int_equal(decode_event(&target, sizeof(target), &model_handlers, model), 0);
	assert_int_equal(decode_event(&labels, sizeof(labels), &model_handlers, model), 0);
}

static void feed_baseline(uint64_t ns)
{
	struct lp_event event = record_head(LP_EVENT_BASELINE, sizeof(event));

	feed(&event, LP_NO_LOOP, ns);
}

static void feed_lost(uint64_t lost)
{
	struct lp_event_lost event = { .event = record_head(LP_EVENT_LOST, sizeof(event)) };

	event.counts[LP_LOST_RING] = lost;
	feed(&event, LP_NO_LOOP, 0);
}

static void feed_self(uint64_t cpu_ns, uint64_t resident_bytes)
{
	struct lp_event_self event = { .event = record_head(LP_EVENT_SELF, sizeof(event)),
				       .cpu_ns = cpu_ns,
				       .resident_bytes = resident_bytes };

	feed(&event, LP_NO_LOOP, 0);
}

static void feed_coverage(uint32_t loop, uint64_t traced_ns, uint64_t suppressed)
{
	struct lp_event_coverage event = { .event = record_head(LP_EVENT_COVERAGE, sizeof(event)),
					   .traced_ns = traced_ns,
					   .suppressed = suppressed };

	feed(&event, loop, 0);
}

/* ---- in parallel ------------------------------------------------------------------- */

static void the_run_of_several_is_what_they_have_in_common(void **state)
{
	(void)state;
	begin_two(&there, &here);
	assert_string_equal(reported.run.host, "2 hosts");
	assert_string_equal(reported.run.mode, "mixed");
	assert_int_equal(reported.run.threshold_ns, 50 * MS);
	assert_int_equal(reported.run.sources, 2);
	assert_false(reported.run.sampled);
	/* the start of the run that began first, by its own clock */
	assert_int_equal(reported.run.start_ns, START_NS);
	assert_int_equal(reported.run.start_unix_ns, here.start_unix_ns);
	assert_int_equal(reported.run.boot_id[0], 0);
}

static void several_of_one_host_are_of_that_host(void **state)
{
	struct lp_run later = here;

	(void)state;
	later.start_unix_ns += MS;
	begin_two(&here, &later);
	assert_string_equal(reported.run.host, "here");
	assert_string_equal(reported.run.mode, "trace");
	assert_int_equal(reported.run.boot_id[0], 1);
}

static void numbers_of_two_sources_do_not_mix(void **state)
{
	(void)state;
	begin_two(&here, &there);
	feed_loop(0, 0);
	feed_name(0, 1, "of here");
	model_select(model, 1);
	feed_loop(0, THERE(0));
	feed_name(0, 1, "of there");
	model_select(model, 0);
	feed_callback_stats(0, 1, 3);
	feed_slow(0, 1, MS, 200 * MS, 1, 0);
	model_select(model, 1);
	feed_callback_stats(0, 1, 5);
	feed_slow(0, 1, THERE(MS), THERE(90 * MS), 1, 0);
	model_end_early(model, 0);
	assert_int_equal(reported.ends, 1);
	assert_int_equal(reported.loop_count, 2);
	assert_string_equal(reported.loops[0].host, "here");
	assert_string_equal(reported.loops[1].host, "there");
	assert_int_equal(reported.slow_count, 2);
	assert_string_equal(reported.slow[0].name, "of here");
	assert_string_equal(reported.slow[1].name, "of there");
	assert_string_equal(reported.total.loops[0].items[0].name, "of here");
	assert_int_equal(reported.total.loops[0].items[0].runs, 3);
	assert_string_equal(reported.total.loops[1].items[0].name, "of there");
	assert_int_equal(reported.total.loops[1].items[0].runs, 5);
}

static void frames_of_two_sources_have_numbers_of_their_own(void **state)
{
	(void)state;
	begin_two(&here, &there);
	feed_loop(0, 0);
	feed_frame(1, "here", 10);
	model_select(model, 1);
	feed_loop(0, THERE(0));
	feed_frame(1, "there", 20);
	model_select(model, 0);
	feed_stack_sample(LP_SAMPLE_ON_CPU, MS, 77, 1, 0);
	feed_slow(0, 0, MS, 200 * MS, 1, 0);
	model_end_early(model, 0);
	assert_string_equal(last_breakdown()->samples[0].stack.text, "here:10");
}

static void each_source_ends_by_itself_and_the_run_when_all_have(void **state)
{
	(void)state;
	begin_two(&here, &there);
	feed_loop(0, 0);
	feed_loop_stats(0, 40 * MS, 0, 0, 1);
	model_select(model, 1);
	feed_loop(0, THERE(0));
	model_select(model, 0);
	feed_end(LP_EVENT_END, 40 * MS, LP_RUN_END_DURATION);
	assert_int_equal(reported.ends, 0);
	/* records after the end of their source are ignored */
	feed_loop(1, 41 * MS);
	assert_int_equal(reported.loop_count, 2);
	model_select(model, 1);
	feed_end(LP_EVENT_END, THERE(60 * MS), LP_RUN_END_DURATION);
	assert_int_equal(reported.ends, 0);
	model_end_early(model, 0);
	assert_int_equal(reported.ends, 1);
	assert_int_equal(reported.end.reason, LP_RUN_END_DURATION);
	/* 60 ms after a start that was 20 ms later */
	assert_int_equal(reported.end.end_ns, START_NS + 80 * MS);
	assert_int_equal(reported.total.summary.now_ns, START_NS + 80 * MS);
	assert_int_equal(reported.total.summary.since_ns, START_NS);
	/* a loop's wall time ends with its own source */
	assert_int_equal(reported.total.loops[0].summary.wall_ns, 40 * MS);
	model_end_early(model, 0);
	assert_int_equal(reported.ends, 1);
}

static void a_source_that_was_cut_ends_at_its_last_event(void **state)
{
	(void)state;
	begin_two(&here, &there);
	feed_loop(0, 0);
	feed_loop_stats(0, 30 * MS, 0, 0, 1);
	model_select(model, 1);
	feed_loop(0, THERE(5 * MS));
	model_end_early(model, 0);
	assert_int_equal(reported.end.end_ns, START_NS + 30 * MS);
	assert_int_equal(reported.total.loops[0].summary.wall_ns, 30 * MS);
}

static void losses_and_costs_of_all_add_up(void **state)
{
	(void)state;
	begin_two(&here, &there);
	feed_lost(3);
	feed_self(10 * MS, 100);
	model_select(model, 1);
	feed_lost(4);
	feed_self(20 * MS, 200);
	model_end_early(model, 0);
	assert_int_equal(reported.end.lost_events, 7);
	assert_int_equal(reported.total.summary.lost[LP_LOST_RING], 7);
	assert_true(reported.total.summary.self_known);
	assert_int_equal(reported.total.summary.self.cpu_ns, 30 * MS);
	assert_int_equal(reported.total.summary.self.resident_bytes, 300);
}

static void intervals_are_reported_only_of_a_source_that_is_alone(void **state)
{
	(void)state;
	begin_two(&here, &there);
	feed_end(LP_EVENT_INTERVAL, 10 * MS, 0);
	assert_int_equal(reported.intervals, 0);
}

static void a_wall_time_is_that_of_the_loops_own_host(void **state)
{
	(void)state;
	begin_two(&here, &there);
	model_select(model, 1);
	feed_loop(0, THERE(0));
	assert_int_equal(loop_unix_ns(&reported.loops[0], there.start_ns), there.start_unix_ns);
}

/* ---- the same loop in two captures --------------------------------------------------- */

static void begin_overlapping(void)
{
	struct lp_run later = here;

	later.start_ns += 10 * MS;
	later.start_unix_ns += 10 * MS;
	begin_two(&here, &later);
	feed_labelled(PID, 1234);
	feed_loop(0, 0);
	feed_name(0, 1, "work");
	model_select(model, 1);
	feed_labelled(PID, 1234);
}

static void a_loop_that_two_sources_saw_at_a_time_counts_once(void **state)
{
	(void)state;
	begin_overlapping();
	feed_loop(7, 10 * MS);
	/*
	 * feed_loop() derives the thread from the slot: only slot 0 has the thread of the other
	 * source
	 */
	assert_int_equal(model_overlaps(model), 0);
	feed_loop(0, 10 * MS);
	assert_int_equal(model_overlaps(model), 1);
	assert_int_equal(reported.loop_count, 2);
	feed_name(0, 1, "work");
	feed_callback_stats(0, 1, 5);
	feed_slow(0, 1, 20 * MS, 200 * MS, 1, 0);
	feed_loop_stats(0, 210 * MS, MS, MS, 4);
	model_select(model, 0);
	feed_callback_stats(0, 1, 7);
	feed_slow(0, 1, 20 * MS, 200 * MS, 1, 0);
	model_end_early(model, 0);
	assert_int_equal(reported.slow_count, 1);
	assert_int_equal(reported.total.summary.loop_count, 2);
	assert_int_equal(reported.total.loops[0].items[0].runs, 7);
	assert_int_equal(reported.total.loops[0].summary.iterations, 0);
}

static void a_loop_of_a_source_that_had_ended_is_another_part_of_its_life(void **state)
{
	(void)state;
	begin_overlapping();
	model_select(model, 0);
	feed_end(LP_EVENT_END, 15 * MS, LP_RUN_END_DURATION);
	model_select(model, 1);
	feed_loop(0, 20 * MS);
	assert_int_equal(model_overlaps(model), 0);
	assert_int_equal(reported.loop_count, 2);
}

static void a_pid_on_another_host_or_of_another_process_is_another_loop(void **state)
{
	(void)state;
	begin_overlapping();
	feed_labelled(PID, 1235);
	feed_loop(0, 20 * MS);
	assert_int_equal(model_overlaps(model), 0);
	model_free(model);
	memset(&reported, 0, sizeof(reported));
	assert_int_equal(model_new(&recorder, NULL, &model), 0);
	begin_two(&here, &there);
	feed_loop(0, 0);
	model_select(model, 1);
	feed_loop(0, THERE(0));
	assert_int_equal(model_overlaps(model), 0);
}

/* ---- parts of one recording -------------------------------------------------------------- */

static void begin_one(void)
{
	assert_int_equal(model_add_source(model, &here), 0);
	model_start(model);
}

/* Feeds the checkpoint of a recording's later file: 4 iterations, 8 runs, some time. */
static void feed_beginning(uint64_t ns)
{
	feed_labelled(PID, 1234);
	feed_loop(0, ns);
	feed_name(0, 1, "work");
	feed_loop_stats(0, ns, 40 * MS, 10 * MS, 4);
	feed_callback_stats(0, 1, 8);
	feed_coverage(0, 30 * MS, 2);
	feed_lost(5);
	feed_self(9 * MS, 100);
	feed_baseline(ns);
}

static void feed_rest(uint64_t ns)
{
	feed_loop_stats(0, ns, 70 * MS, 30 * MS, 6);
	feed_callback_stats(0, 1, 10);
	feed_coverage(0, 80 * MS, 3);
	feed_lost(6);
	feed_self(15 * MS, 120);
	feed_end(LP_EVENT_END, ns, LP_RUN_END_DURATION);
}

static void what_had_been_counted_before_the_file_began_is_subtracted(void **state)
{
	const struct lp_loop_summary *loop = &reported.total.loops[0].summary;

	(void)state;
	begin_one();
	feed_beginning(100 * MS);
	feed_rest(200 * MS);
	assert_int_equal(reported.ends, 1);
	assert_int_equal(loop->busy_ns, 30 * MS);
	assert_int_equal(loop->idle_ns, 70 * MS);
	assert_int_equal(loop->iterations, 2);
	assert_int_equal(loop->callbacks, 20);
	assert_int_equal(loop->slow_callbacks, 1);
	assert_int_equal(histogram_count(&loop->iteration), 2);
	assert_int_equal(loop->wall_ns, 100 * MS);
	assert_int_equal(loop->traced_ns, 50 * MS);
	assert_int_equal(loop->suppressed, 1);
	assert_int_equal(reported.total.loops[0].items[0].runs, 2);
	assert_int_equal(reported.total.loops[0].items[0].slow, 1);
	assert_int_equal(reported.total.loops[0].items[0].sum_ns, 2 * MS);
	assert_int_equal(reported.total.loops[0].items[0].queued, 2);
	assert_int_equal(reported.end.lost_events, 1);
	assert_int_equal(reported.total.summary.self.cpu_ns, 6 * MS);
	assert_int_equal(reported.total.summary.self.resident_bytes, 120);
}

static void a_file_that_goes_on_repeats_what_is_known(void **state)
{
	(void)state;
	begin_one();
	feed_labelled(PID, 1234);
	feed_loop(0, 0);
	feed_name(0, 1, "work");
	feed_frame(3, "known", 3);
	feed_loop_stats(0, 90 * MS, 20 * MS, 5 * MS, 2);
	feed_callback_stats(0, 1, 4);
	feed_lost(1);
	feed_beginning(100 * MS);
	feed_frame(3, "known", 3);
	feed_beginning(150 * MS);
	feed_rest(200 * MS);
	assert_int_equal(reported.loop_count, 1);
	assert_int_equal(reported.total.summary.loop_count, 1);
	assert_int_equal(reported.total.loops[0].summary.iterations, 6);
	assert_int_equal(reported.total.loops[0].summary.wall_ns, 200 * MS);
	assert_int_equal(reported.total.loops[0].items[0].runs, 10);
	assert_int_equal(reported.end.lost_events, 6);
}

static void a_loop_that_came_after_the_baseline_counts_whole(void **state)
{
	(void)state;
	begin_one();
	feed_beginning(100 * MS);
	feed_loop(1, 110 * MS);
	feed_name(1, 2, "new");
	feed_callback_stats(1, 2, 3);
	/* the recording's next file */
	feed_loop(1, 150 * MS);
	feed_name(1, 2, "new");
	feed_callback_stats(1, 2, 3);
	feed_beginning(150 * MS);
	feed_callback_stats(1, 2, 5);
	feed_rest(200 * MS);
	assert_int_equal(reported.loop_count, 2);
	assert_int_equal(reported.total.loops[0].items[0].runs, 2);
	assert_int_equal(reported.total.loops[1].items[0].runs, 5);
}

int main(void)
{
#define LP_TEST(name) cmocka_unit_test_setup_teardown(name, begin, free_model)
	const struct CMUnitTest tests[] = {
		LP_TEST(the_run_of_several_is_what_they_have_in_common),
		LP_TEST(several_of_one_host_are_of_that_host),
		LP_TEST(numbers_of_two_sources_do_not_mix),
		LP_TEST(frames_of_two_sources_have_numbers_of_their_own),
		LP_TEST(each_source_ends_by_itself_and_the_run_when_all_have),
		LP_TEST(a_source_that_was_cut_ends_at_its_last_event),
		LP_TEST(losses_and_costs_of_all_add_up),
		LP_TEST(intervals_are_reported_only_of_a_source_that_is_alone),
		LP_TEST(a_wall_time_is_that_of_the_loops_own_host),
		LP_TEST(a_loop_that_two_sources_saw_at_a_time_counts_once),
		LP_TEST(a_loop_of_a_source_that_had_ended_is_another_part_of_its_life),
		LP_TEST(a_pid_on_another_host_or_of_another_process_is_another_loop),
		LP_TEST(what_had_been_counted_before_the_file_began_is_subtracted),
		LP_TEST(a_file_that_goes_on_repeats_what_is_known),
		LP_TEST(a_loop_that_came_after_the_baseline_counts_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
