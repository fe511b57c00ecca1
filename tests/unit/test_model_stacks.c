// SPDX-License-Identifier: BSD-2-Clause
/* Frames by number, stacks by name, and captures that were made to do harm. */
#include "model_fixture.h"

#define SYS_READ 0

static void begin_loop(void)
{
	feed_loop(0, 0);
	feed_name(0, 1, "first");
	feed_frame(1, "inner", 12);
	feed_frame(2, "outer", 34);
}

static void feed_blocked(uint64_t start_ns, uint64_t stack)
{
	struct lp_event_segment_times event = record_account();

	record_block(&event, SYS_READ, stack, 90 * MS, 1);
	feed_account(&event, start_ns);
	feed_slow(0, 1, start_ns, start_ns + 120 * MS, 1, 0);
	feed_poll_return(0, start_ns + 121 * MS, 1, 10, 0);
}

static const char *sampled(uint64_t start_ns)
{
	feed_slow(0, 1, start_ns, start_ns + 120 * MS, 1, 0);
	feed_poll_return(0, start_ns + 121 * MS, 1, 10, 0);
	assert_int_equal(last_breakdown()->breakdown.sample_count, 1);
	return last_breakdown()->samples[0].stack.text;
}

static void a_number_is_never_given_another_place(void **state)
{
	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 7, 1, 2);
	feed_frame(1, "another", 99);
	feed_frame(2, "another", 99);
	feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 7, 1, 2);
	assert_string_equal(sampled(10 * MS), "inner:12 < outer:34");
	assert_int_equal(last_breakdown()->samples[0].sample.count, 2);
}

static void a_number_nobody_reported_makes_the_stack_unreadable(void **state)
{
	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 7, 1, 77);
	assert_string_equal(sampled(10 * MS), "inner:12");
	assert_true(last_breakdown()->samples[0].stack.unreadable);
	feed_stack_sample(LP_SAMPLE_ON_CPU, 210 * MS, 7, UINT32_MAX, LP_MAX_FRAMES);
	assert_string_equal(sampled(210 * MS), "");
	assert_true(last_breakdown()->samples[0].stack.unreadable);
}

static void the_greatest_number_is_a_number_like_any(void **state)
{
	(void)state;
	begin_loop();
	feed_frame(LP_MAX_FRAMES - 1, "last", 5);
	feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 7, LP_MAX_FRAMES - 1, 1);
	assert_string_equal(sampled(10 * MS), "last:5 < inner:12");
}

static void texts_of_frames_are_safe_to_show(void **state)
{
	(void)state;
	begin_loop();
	feed_frame(3, "\x1b[1m\xff", 1);
	feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 7, 3, 0);
	assert_string_equal(sampled(10 * MS), "?[1m?:1");
}

static void a_stack_of_no_frames_is_a_stack(void **state)
{
	struct lp_record_stack_sample record = record_stack_sample(LP_SAMPLE_ON_CPU, 7, 0, NULL);

	(void)state;
	begin_loop();
	record.sample.segment_ns = START_NS + 10 * MS;
	record.sample.flags = LP_STACK_UNREADABLE;
	feed(&record, 0, 11 * MS);
	assert_string_equal(sampled(10 * MS), "");
	assert_true(last_breakdown()->samples[0].stack.unreadable);
}

static void the_deepest_stack_is_reported_whole(void **state)
{
	uint32_t frames[LP_SAMPLE_FRAMES], i;
	struct lp_record_stack_sample record;

	(void)state;
	begin_loop();
	for (i = 0; i < LP_SAMPLE_FRAMES; i++)
		frames[i] = 1 + i % 2;
	record = record_stack_sample(LP_SAMPLE_ON_CPU, 7, LP_SAMPLE_FRAMES, frames);
	record.sample.segment_ns = START_NS + 10 * MS;
	feed(&record, 0, 11 * MS);
	sampled(10 * MS);
	assert_int_equal(last_breakdown()->samples[0].stack.depth, LP_SAMPLE_FRAMES);
	assert_false(last_breakdown()->samples[0].stack.unreadable);
}

static void a_stack_is_found_however_long_ago_it_was_reported(void **state)
{
	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_BLOCKED, 1, 7, 1, 2);
	feed_blocked(10 * MS, 7);
	assert_string_equal(last_breakdown()->blocked[0].stack.text, "inner:12 < outer:34");
	feed_blocked(900 * MS, 7);
	assert_string_equal(last_breakdown()->blocked[0].stack.text, "inner:12 < outer:34");
}

static void a_stack_that_was_never_reported_is_not_known(void **state)
{
	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_BLOCKED, 1, 7, 1, 2);
	feed_blocked(10 * MS, 8);
	assert_int_equal(last_breakdown()->breakdown.blocked_count, 1);
	assert_int_equal(last_breakdown()->blocked[0].stack.depth, 0);
	assert_false(last_breakdown()->blocked[0].stack.unreadable);
}

static void a_stack_reported_anew_is_the_one_that_counts(void **state)
{
	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_BLOCKED, 1, 7, 1, 2);
	feed_stack_sample(LP_SAMPLE_BLOCKED, 1, 7, 2, 0);
	feed_blocked(10 * MS, 7);
	assert_string_equal(last_breakdown()->blocked[0].stack.text, "outer:34");
}

static void a_thread_and_a_stack_of_one_number_do_not_mix(void **state)
{
	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_GIL_HOLDER, 1, 7, 2, 0);
	feed_blocked(10 * MS, 7);
	assert_int_equal(last_breakdown()->blocked[0].stack.depth, 0);
	feed_stack_sample(LP_SAMPLE_BLOCKED, 1, 7, 1, 0);
	feed_blocked(210 * MS, 7);
	assert_string_equal(last_breakdown()->blocked[0].stack.text, "inner:12");
}

static void stacks_of_another_loop_are_not_this_ones(void **state)
{
	struct lp_record_stack_sample record = sampled_stack(LP_SAMPLE_BLOCKED, 1, 7, 1, 2);

	(void)state;
	begin_loop();
	feed_loop(5, 0);
	feed(&record, 5, 1);
	feed_blocked(10 * MS, 7);
	assert_int_equal(last_breakdown()->blocked[0].stack.depth, 0);
}

static void more_stacks_than_are_remembered_are_forgotten_not_mixed(void **state)
{
	uint64_t stack;

	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_BLOCKED, 1, 1, 1, 2);
	for (stack = 2; stack < 5000; stack++)
		feed_stack_sample(LP_SAMPLE_BLOCKED, 1, stack, 2, 0);
	feed_blocked(10 * MS, 4999);
	assert_string_equal(last_breakdown()->blocked[0].stack.text, "outer:34");
	feed_blocked(210 * MS, 1);
	assert_int_equal(last_breakdown()->blocked[0].stack.depth, 0);
}

static void accounts_and_stacks_of_no_known_loop_are_passed_over(void **state)
{
	struct lp_record_stack_sample record = sampled_stack(LP_SAMPLE_ON_CPU, 10 * MS, 7, 1, 2);
	struct lp_event_slow_iteration slow = record_slow_iteration();
	struct lp_event_run_queue queue = { .event = record_head(LP_EVENT_RUN_QUEUE,
								 sizeof(queue)) };
	struct lp_event_segment_times account = record_account();
	uint32_t loop;

	(void)state;
	queue.total_ns = queue.count = 1;
	for (loop = LP_NO_LOOP - 1; loop <= LP_NO_LOOP + 1; loop++) {
		feed(&record, loop, 11 * MS);
		feed(&account, loop, 11 * MS);
		feed(&slow, loop, 200 * MS);
		feed(&queue, loop, 11 * MS);
		feed_progress(loop, 1, 10 * MS, 110 * MS);
	}
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_READ, 1, MS);
	assert_int_equal(reported.slow_count, 0);
	assert_int_equal(reported.iteration_count, 0);
}

static void what_comes_after_the_end_is_passed_over(void **state)
{
	struct lp_event_slow_iteration slow = record_slow_iteration();
	struct lp_event_segment_times account = record_account();

	(void)state;
	begin_loop();
	feed_end(LP_EVENT_END, 131 * MS, LP_RUN_END_DURATION);
	feed_frame(3, "late", 1);
	feed_stack_sample(LP_SAMPLE_ON_CPU, 210 * MS, 7, 3, 1);
	feed_account(&account, 210 * MS);
	feed_progress(0, 1, 210 * MS, 310 * MS);
	feed_slow_iteration(&slow, 210 * MS, 400 * MS);
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_READ, 1, MS);
	feed_slow(0, 1, 210 * MS, 410 * MS, 2, 0);
	free_model(NULL);
	assert_int_equal(reported.slow_count, 0);
	assert_int_equal(reported.iteration_count, 0);
	assert_int_equal(reported.ends, 1);
}

static void a_segment_that_never_began_displaces_no_other(void **state)
{
	struct lp_record_stack_sample nowhere = record_stack_sample(LP_SAMPLE_ON_CPU, 7, 0, NULL);
	struct lp_event_segment_times account = record_account();
	int i;

	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 7, 1, 2);
	for (i = 0; i < 10; i++) {
		feed(&nowhere, 0, 11 * MS);
		feed(&account, 0, 11 * MS);
	}
	assert_string_equal(sampled(10 * MS), "inner:12 < outer:34");
}

static void a_capture_of_two_versions_shows_no_wrong_names(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_name(0, 1, "first");
	feed_frame(0, "numbered", 12);
	feed_frame(1, "numbered", 34);
	feed_stack(0, 10 * MS, "f", 7);
	assert_string_equal(sampled(10 * MS), "f:7 < main:0");
	feed_frame(2, "numbered", 56);
	feed_stack_sample(LP_SAMPLE_ON_CPU, 210 * MS, 7, 2, 1);
	assert_string_equal(sampled(210 * MS), "numbered:56 < numbered:34");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_model, free_model)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_number_is_never_given_another_place),
		TEST(a_number_nobody_reported_makes_the_stack_unreadable),
		TEST(the_greatest_number_is_a_number_like_any),
		TEST(texts_of_frames_are_safe_to_show),
		TEST(a_stack_of_no_frames_is_a_stack),
		TEST(the_deepest_stack_is_reported_whole),
		TEST(a_stack_is_found_however_long_ago_it_was_reported),
		TEST(a_stack_that_was_never_reported_is_not_known),
		TEST(a_stack_reported_anew_is_the_one_that_counts),
		TEST(a_thread_and_a_stack_of_one_number_do_not_mix),
		TEST(stacks_of_another_loop_are_not_this_ones),
		TEST(more_stacks_than_are_remembered_are_forgotten_not_mixed),
		TEST(accounts_and_stacks_of_no_known_loop_are_passed_over),
		TEST(what_comes_after_the_end_is_passed_over),
		TEST(a_segment_that_never_began_displaces_no_other),
		TEST(a_capture_of_two_versions_shows_no_wrong_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
