// SPDX-License-Identifier: BSD-2-Clause
#include "model_fixture.h"

#include <errno.h>

static void begin_loop(void)
{
	feed_loop(0, 0);
	feed_name(0, 1, "first");
	feed_name(0, 2, "second");
}

static void a_slow_callback_is_reported_once_when_the_poll_after_it_returned(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 7, 2);
	feed_iteration_end(0, 140 * MS, 7, 6);
	assert_int_equal(reported.slow_count, 0);
	feed_poll_return(0, 141 * MS, 7, 5000, 4);
	assert_int_equal(reported.slow_count, 1);
	assert_string_equal(reported.slow[0].name, "first");
	assert_int_equal(reported.slow[0].loop, 1);
	assert_int_equal(reported.slow[0].slow.start_ns, START_NS + 10 * MS);
	assert_int_equal(reported.slow[0].slow.duration_ns, 120 * MS);
	assert_int_equal(reported.slow[0].slow.queue_delay_ns, LP_NO_QUEUE_DELAY);
	assert_string_equal(reported.slow[0].slow.task_name, "task");
	assert_true(reported.slow[0].slow.delayed_known);
	assert_int_equal(reported.slow[0].slow.delayed_callbacks, 3);
	assert_int_equal(reported.slow[0].slow.delayed_events, 4);
	feed_poll_return(0, 150 * MS, 8, 5000, 4);
	model_advance(model, UINT64_MAX);
	assert_int_equal(reported.slow_count, 1);
}

static void events_that_came_after_the_poll_began_were_not_held_up(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_iteration_end(0, 131 * MS, 1, 1);
	feed_poll_return(0, 140 * MS, 1, MS, 4);
	feed_slow(0, 1, 210 * MS, 330 * MS, 2, 0);
	feed_iteration_end(0, 331 * MS, 2, 1);
	feed_poll_return(0, 340 * MS, 2, MS - 1, 4);
	assert_int_equal(reported.slow_count, 2);
	assert_true(reported.slow[0].slow.delayed_known);
	assert_int_equal(reported.slow[0].slow.delayed_events, 0);
	assert_int_equal(reported.slow[1].slow.delayed_events, 4);
}

static void a_failed_poll_has_no_ready_events(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_iteration_end(0, 131 * MS, 1, 1);
	feed_poll_return(0, 131 * MS, 1, 10, -4);
	assert_int_equal(reported.slow_count, 1);
	assert_int_equal(reported.slow[0].slow.delayed_events, 0);
}

static void the_last_callback_of_an_iteration_delays_none(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 4);
	feed_slow(0, 1, 310 * MS, 430 * MS, 2, 4);
	feed_iteration_end(0, 131 * MS, 1, 5);
	/* an impossible count of callbacks does not wrap around */
	feed_iteration_end(0, 431 * MS, 2, 3);
	feed_poll_return(0, 440 * MS, 2, 10, 1);
	assert_int_equal(reported.slow_count, 2);
	assert_int_equal(reported.slow[0].slow.delayed_callbacks, 0);
	assert_int_equal(reported.slow[1].slow.delayed_callbacks, 0);
}

static void slow_callbacks_of_one_iteration_are_reported_in_order(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_slow(0, 2, 130 * MS, 260 * MS, 1, 3);
	feed_iteration_end(0, 261 * MS, 1, 10);
	feed_poll_return(0, 262 * MS, 1, 10, 2);
	assert_int_equal(reported.slow_count, 2);
	assert_string_equal(reported.slow[0].name, "first");
	assert_int_equal(reported.slow[0].slow.delayed_callbacks, 9);
	assert_int_equal(reported.slow[0].slow.delayed_events, 2);
	assert_string_equal(reported.slow[1].name, "second");
	assert_int_equal(reported.slow[1].slow.delayed_callbacks, 6);
	assert_int_equal(reported.slow[1].slow.delayed_events, 2);
}

static void a_later_poll_reports_what_its_own_never_reported(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_iteration_end(0, 131 * MS, 1, 3);
	feed_poll_return(0, 140 * MS, 2, 10, 9);
	assert_int_equal(reported.slow_count, 1);
	assert_int_equal(reported.slow[0].slow.delayed_callbacks, 2);
	assert_int_equal(reported.slow[0].slow.delayed_events, 0);
}

static void an_iteration_whose_end_was_lost_leaves_the_delayed_unknown(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_poll_return(0, 140 * MS, 1, 10, 0);
	assert_int_equal(reported.slow_count, 1);
	assert_false(reported.slow[0].slow.delayed_known);
}

static void a_poll_that_does_not_return_is_waited_for_twenty_milliseconds(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_iteration_end(0, 140 * MS, 1, 3);
	model_advance(model, START_NS + 160 * MS - 1);
	assert_int_equal(reported.slow_count, 0);
	model_advance(model, START_NS + 160 * MS);
	assert_int_equal(reported.slow_count, 1);
	assert_true(reported.slow[0].slow.delayed_known);
	assert_int_equal(reported.slow[0].slow.delayed_callbacks, 2);
	assert_int_equal(reported.slow[0].slow.delayed_events, 0);
	feed_poll_return(0, 170 * MS, 1, 10, 3);
	assert_int_equal(reported.slow_count, 1);
}

static void an_iteration_that_does_not_end_is_waited_for_two_seconds(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	model_advance(model, START_NS + 2130 * MS - 1);
	assert_int_equal(reported.slow_count, 0);
	model_advance(model, START_NS + 2130 * MS);
	assert_int_equal(reported.slow_count, 1);
	assert_false(reported.slow[0].slow.delayed_known);
}

static void loops_do_not_mix(void **state)
{
	(void)state;
	feed_loop(3, 0);
	feed_loop(5, 0);
	feed_name(3, 1, "of three");
	feed_name(5, 2, "of five");
	feed_slow(3, 1, 10 * MS, 130 * MS, 1, 0);
	feed_slow(5, 2, 10 * MS, 140 * MS, 1, 0);
	feed_stack(5, 300 * MS, "elsewhere", 1);
	feed_iteration_end(5, 141 * MS, 1, 8);
	feed_poll_return(5, 142 * MS, 1, 10, 2);
	assert_int_equal(reported.slow_count, 1);
	assert_int_equal(reported.slow[0].loop, 2);
	assert_string_equal(reported.slow[0].name, "of five");
	feed_poll_return(3, 143 * MS, 1, 10, 0);
	assert_int_equal(reported.slow_count, 2);
	assert_int_equal(reported.slow[1].loop, 1);
	assert_string_equal(reported.slow[1].name, "of three");
	assert_false(reported.slow[1].slow.delayed_known);
}

static void a_slot_without_a_name_of_this_loop_is_other(void **state)
{
	(void)state;
	feed_loop(0, 0);
	feed_loop(1, 0);
	feed_name(1, 4, "of the other loop");
	feed_slow(0, 4, 10 * MS, 130 * MS, 1, 0);
	feed_slow(0, 0, 210 * MS, 330 * MS, 2, 0);
	feed_slow(0, 99, 410 * MS, 530 * MS, 3, 0);
	feed_poll_return(0, 540 * MS, 3, 10, 0);
	assert_int_equal(reported.slow_count, 3);
	assert_string_equal(reported.slow[0].name, "other");
	assert_string_equal(reported.slow[1].name, "other");
	assert_string_equal(reported.slow[2].name, "other");
}

static void events_of_no_known_loop_are_passed_over(void **state)
{
	(void)state;
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_stack(0, 10 * MS, "f", 1);
	feed_iteration_end(0, 131 * MS, 1, 1);
	feed_poll_return(0, 132 * MS, 1, 10, 0);
	feed_loop_end(0, 140 * MS);
	feed_slow(LP_NO_LOOP, 1, 10 * MS, 130 * MS, 1, 0);
	model_advance(model, UINT64_MAX);
	assert_int_equal(reported.slow_count, 0);
}

static void stacks_are_grouped_with_the_most_frequent_first(void **state)
{
	(void)state;
	begin_loop();
	feed_stack(0, 10 * MS, "rare", 1);
	feed_stack(0, 10 * MS, "often", 2);
	feed_stack(0, 10 * MS, "often", 3);
	feed_stack(0, 10 * MS, "often", 2);
	feed_stack(0, 10 * MS, "often", 2);
	feed_stack(0, 10 * MS, "often", 3);
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_poll_return(0, 140 * MS, 1, 10, 0);
	assert_int_equal(last_breakdown()->breakdown.sample_count, 3);
	assert_int_equal(last_breakdown()->samples[0].sample.count, 3);
	assert_string_equal(last_breakdown()->samples[0].stack.text, "often:2 < main:0");
	assert_false(last_breakdown()->samples[0].stack.cut);
	assert_int_equal(last_breakdown()->samples[1].sample.count, 2);
	assert_string_equal(last_breakdown()->samples[1].stack.text, "often:3 < main:0");
	assert_int_equal(last_breakdown()->samples[2].sample.count, 1);
	assert_string_equal(last_breakdown()->samples[2].stack.text, "rare:1 < main:0");
}

static void stacks_of_another_callback_are_not_shown(void **state)
{
	(void)state;
	begin_loop();
	/* this segment was late, but ended below the threshold */
	feed_stack(0, 10 * MS, "before", 1);
	feed_slow(0, 1, 80 * MS, 190 * MS, 1, 0);
	feed_stack(0, 200 * MS, "dropped", 1);
	feed_stack(0, 300 * MS, "own", 1);
	feed_slow(0, 1, 300 * MS, 430 * MS, 2, 0);
	feed_slow(0, 1, 500 * MS, 630 * MS, 3, 0);
	feed_poll_return(0, 640 * MS, 3, 10, 0);
	assert_int_equal(reported.slow_count, 3);
	assert_int_equal(reported.slow[0].why.breakdown.sample_count, 0);
	assert_int_equal(reported.slow[1].why.breakdown.sample_count, 1);
	assert_string_equal(reported.slow[1].why.samples[0].stack.text, "own:1 < main:0");
	assert_int_equal(reported.slow[2].why.breakdown.sample_count, 0);
}

static void as_many_different_stacks_as_there_is_space_for_are_retained(void **state)
{
	uint32_t line;

	(void)state;
	begin_loop();
	for (line = 1; line <= REPORTED_SAMPLES + 10; line++)
		feed_stack(0, 10 * MS, "f", line);
	for (line = 1; line <= 30; line++)
		feed_stack(0, 10 * MS, "f", 16);
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_poll_return(0, 140 * MS, 1, 10, 0);
	assert_int_equal(last_breakdown()->breakdown.sample_count, REPORTED_SAMPLES);
	assert_string_equal(last_breakdown()->samples[0].stack.text, "f:16 < main:0");
	assert_int_equal(last_breakdown()->samples[0].sample.count, 31);
}

static void text_in_stacks_is_safe_to_show(void **state)
{
	(void)state;
	begin_loop();
	feed_stack(0, 10 * MS, "\x1b[1m\xff", 1);
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_poll_return(0, 140 * MS, 1, 10, 0);
	assert_string_equal(last_breakdown()->samples[0].stack.text, "?[1m?:1 < main:0");
}

static void a_capture_of_an_old_version_reports_stacks_and_no_times(void **state)
{
	(void)state;
	begin_loop();
	feed_stack(0, 10 * MS, "f", 7);
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_poll_return(0, 140 * MS, 1, 10, 0);
	assert_false(last_breakdown()->breakdown.time.known);
	assert_int_equal(last_breakdown()->breakdown.blocked_count, 0);
	assert_false(last_breakdown()->breakdown.gil.known);
	assert_int_equal(last_breakdown()->samples[0].sample.reason, LP_SAMPLE_ON_CPU);
	assert_false(last_breakdown()->samples[0].sample.collecting);
	assert_string_equal(last_breakdown()->samples[0].stack.text, "f:7 < main:0");
	assert_int_equal(last_breakdown()->chain.depth, 0);
	/* the time behind such stacks is not known, so they make no cause */
	feed_end(LP_EVENT_END, 150 * MS, LP_RUN_END_DURATION);
	assert_int_equal(reported.total.loops[0].summary.cause_count, 0);
}

static void a_stack_that_an_old_version_cut_could_not_be_read(void **state)
{
	struct lp_event_stack event = { .event = record_head(LP_EVENT_STACK, sizeof(event)),
					.start_ns = START_NS + 10 * MS,
					.cut = 1 };

	(void)state;
	begin_loop();
	feed(&event, 0, 11 * MS);
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_poll_return(0, 140 * MS, 1, 10, 0);
	assert_int_equal(last_breakdown()->breakdown.sample_count, 1);
	assert_int_equal(last_breakdown()->samples[0].stack.depth, 0);
	assert_true(last_breakdown()->samples[0].stack.unreadable);
	assert_false(last_breakdown()->samples[0].stack.cut);
}

static void feed_nameless(uint64_t start_ns, uint64_t task)
{
	struct lp_event_slow slow = record_slow();

	slow.callback = 1;
	slow.start_ns = START_NS + start_ns;
	slow.task = task;
	feed(&slow, 0, start_ns + 120 * MS);
}

static void a_task_name_that_was_not_copied_comes_from_the_stack(void **state)
{
	(void)state;
	begin_loop();
	feed_stack(0, 10 * MS, "f", 1);
	feed_nameless(10 * MS, 0x1000);
	feed_stack(0, 210 * MS, "f", 1);
	feed_nameless(210 * MS, 0);
	feed_nameless(410 * MS, 0x1000);
	model_advance(model, UINT64_MAX);
	assert_int_equal(reported.slow_count, 3);
	assert_string_equal(reported.slow[0].slow.task_name, "from memory");
	assert_string_equal(reported.slow[1].slow.task_name, "");
	assert_string_equal(reported.slow[2].slow.task_name, "");
}

static void a_task_name_that_was_reported_meanwhile_is_retained(void **state)
{
	struct lp_event_task_name event = {
		.event = { .type = LP_EVENT_TASK_NAME, .size = sizeof(event) },
		.segment_ns = START_NS + 10 * MS,
		.name = "task \033[31m",
	};

	(void)state;
	begin_loop();
	feed(&event, 0, 60 * MS);
	feed_nameless(10 * MS, 0x1000);
	feed_nameless(210 * MS, 0x1000);
	model_advance(model, UINT64_MAX);
	assert_int_equal(reported.slow_count, 2);
	assert_string_equal(reported.slow[0].slow.task_name, "task ?[31m");
	assert_string_equal(reported.slow[1].slow.task_name, "");
}

static void names_that_a_server_was_asked_for_are_those_of_their_calls(void **state)
{
	static struct lp_event_segment_times times = {
		.event = { .type = LP_EVENT_SEGMENT_TIMES, .size = sizeof(times) },
		.account = { .segment_ns = START_NS + 10 * MS,
			     .blocked_ns = 90 * MS,
			     .block_count = 2,
			     .blocks = { { .stack = 5, .object = 6, .total_ns = 60 * MS, .count = 1 },
					 { .stack = 5,
					   .object = 7,
					   .total_ns = 30 * MS,
					   .count = 1 } } },
	};
	struct lp_event_dns_name event = {
		.event = { .type = LP_EVENT_DNS_NAME, .size = sizeof(event) },
		.segment_ns = START_NS + 10 * MS,
		.stack = 5,
		.object = 7,
		.name = "b.example",
	};
	const struct lp_reported_breakdown *breakdown;

	(void)state;
	begin_loop();
	feed(&event, 0, 60 * MS);
	feed(&event, 0, 61 * MS);
	strcpy(event.name, "c.example\033");
	feed(&event, 0, 62 * MS);
	feed(&times, 0, 100 * MS);
	feed_nameless(10 * MS, 0x1000);
	model_advance(model, UINT64_MAX);
	assert_int_equal(reported.slow_count, 1);
	breakdown = last_breakdown();
	assert_int_equal(breakdown->breakdown.blocked_count, 2);
	assert_string_equal(breakdown->blocked[0].blocked.dns_name, "");
	assert_string_equal(breakdown->blocked[1].blocked.dns_name, "b.example, c.example?");
}

/* Of its names the last one counts, as a loop may set it after the first step. */
static void an_eager_task_is_one_of_its_own_segment_only(void **state)
{
	struct lp_event_eager_task event = {
		.event = { .type = LP_EVENT_EAGER_TASK, .size = sizeof(event) },
		.segment_ns = START_NS + 10 * MS,
		.line = 7,
		.name = "load",
		.file = "/srv/load.py",
		.task_name = "Task-3",
	};

	(void)state;
	begin_loop();
	feed(&event, 0, 60 * MS);
	strcpy(event.task_name, "profile \033[31m");
	feed(&event, 0, 70 * MS);
	feed_nameless(10 * MS, 0x1000);
	feed_nameless(210 * MS, 0x1000);
	model_advance(model, UINT64_MAX);
	assert_int_equal(reported.slow_count, 2);
	assert_string_equal(reported.slow[0].eager.task_name, "profile ?[31m");
	assert_string_equal(reported.slow[0].eager.callback.name, "load");
	assert_int_equal(reported.slow[0].eager.callback.line, 7);
	assert_string_equal(reported.slow[1].eager.callback.name, "");
	event.event.time_ns = START_NS + 80 * MS;
	memset(event.file, 'x', sizeof(event.file));
	assert_int_equal(model_take(model, &event.event), -EBADMSG);
}

static void the_end_of_a_loop_reports_what_waits(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_loop_end(0, 131 * MS);
	assert_int_equal(reported.slow_count, 1);
	feed_poll_return(0, 132 * MS, 1, 10, 0);
	model_advance(model, UINT64_MAX);
	assert_int_equal(reported.slow_count, 1);
}

static void a_loop_that_ended_at_time_zero_has_ended(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	/* an impossible time, as in a damaged capture */
	feed_loop_end(0, (uint64_t)-START_NS);
	model_advance(model, UINT64_MAX);
	assert_int_equal(reported.slow_count, 1);
}

static void the_end_of_the_run_reports_what_waits_first(void **state)
{
	(void)state;
	begin_loop();
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_end(LP_EVENT_END, 131 * MS, LP_RUN_END_DURATION);
	assert_int_equal(reported.slow_count, 1);
	assert_int_equal(reported.ends, 1);
}

static void nothing_is_reported_after_the_end(void **state)
{
	(void)state;
	begin_loop();
	feed_end(LP_EVENT_END, 131 * MS, LP_RUN_END_DURATION);
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	feed_poll_return(0, 140 * MS, 1, 10, 0);
	feed_slow(0, 1, 210 * MS, 330 * MS, 2, 0);
	feed_end(LP_EVENT_INTERVAL, 400 * MS, 0);
	feed_loop(1, 500 * MS);
	free_model(NULL);
	assert_int_equal(reported.slow_count, 0);
	assert_int_equal(reported.intervals, 0);
	assert_int_equal(reported.loop_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_model, free_model)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_slow_callback_is_reported_once_when_the_poll_after_it_returned),
		TEST(events_that_came_after_the_poll_began_were_not_held_up),
		TEST(a_failed_poll_has_no_ready_events),
		TEST(the_last_callback_of_an_iteration_delays_none),
		TEST(slow_callbacks_of_one_iteration_are_reported_in_order),
		TEST(a_later_poll_reports_what_its_own_never_reported),
		TEST(an_iteration_whose_end_was_lost_leaves_the_delayed_unknown),
		TEST(a_poll_that_does_not_return_is_waited_for_twenty_milliseconds),
		TEST(an_iteration_that_does_not_end_is_waited_for_two_seconds),
		TEST(loops_do_not_mix),
		TEST(a_slot_without_a_name_of_this_loop_is_other),
		TEST(events_of_no_known_loop_are_passed_over),
		TEST(stacks_are_grouped_with_the_most_frequent_first),
		TEST(stacks_of_another_callback_are_not_shown),
		TEST(as_many_different_stacks_as_there_is_space_for_are_retained),
		TEST(text_in_stacks_is_safe_to_show),
		TEST(a_capture_of_an_old_version_reports_stacks_and_no_times),
		TEST(a_stack_that_an_old_version_cut_could_not_be_read),
		TEST(a_task_name_that_was_not_copied_comes_from_the_stack),
		TEST(a_task_name_that_was_reported_meanwhile_is_retained),
		TEST(a_loop_that_ended_at_time_zero_has_ended),
		TEST(names_that_a_server_was_asked_for_are_those_of_their_calls),
		TEST(an_eager_task_is_one_of_its_own_segment_only),
		TEST(the_end_of_a_loop_reports_what_waits),
		TEST(the_end_of_the_run_reports_what_waits_first),
		TEST(nothing_is_reported_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
