// SPDX-License-Identifier: BSD-2-Clause
/* Lost time by cause: what is added up, since when, and how many causes are stored. */
#include "model_fixture.h"

#include "model/lost_time.h"

#define SYS_READ 0
#define SYS_RECVFROM 45

#define RECV 1
#define COMPUTE 2
#define WORKER 3

static void begin_loop(void)
{
	feed_loop(0, 0);
	feed_name(0, 1, "first");
	feed_frame(RECV, "recv", 12);
	feed_frame(COMPUTE, "compute", 34);
	feed_frame(WORKER, "worker", 56);
}

static void feed_blocked(uint64_t stack, uint32_t frame, const char *path)
{
	struct lp_record_stack_sample record = sampled_stack(LP_SAMPLE_BLOCKED, 1, stack, frame, 0);

	record.sample.resource = record_path(path);
	feed(&record, 0, 2);
}

static void feed_holder(uint64_t thread, uint32_t frame, const char *name)
{
	struct lp_record_stack_sample record =
		sampled_stack(LP_SAMPLE_GIL_HOLDER, 1, thread, frame, 0);

	strcpy(record.sample.thread, name);
	feed(&record, 0, 2);
}

static void feed_run_queue(uint64_t count, uint64_t total_ns)
{
	struct lp_event_run_queue event = { .event = record_head(LP_EVENT_RUN_QUEUE, sizeof(event)),
					    .count = count,
					    .total_ns = total_ns };

	feed(&event, 0, 3);
}

/* Ends an interval, whose report has the causes so far. */
static void end_interval(uint64_t ns)
{
	feed_end(LP_EVENT_INTERVAL, ns, 0);
}

static const struct lp_reported_cause *cause(size_t number)
{
	assert_in_range(reported.total.loops[0].summary.cause_count, number + 1, REPORTED_CAUSES);
	return &reported.total.loops[0].causes[number];
}

static void expect_cause(size_t number, enum lp_cause_kind kind, const char *place, uint64_t count,
			 uint64_t total_ns)
{
	assert_int_equal(cause(number)->cause.kind, kind);
	assert_string_equal(cause(number)->place, place);
	assert_int_equal(cause(number)->cause.count, count);
	assert_int_equal(cause(number)->cause.total_ns, total_ns);
}

static void expect_causes(size_t count)
{
	assert_int_equal(reported.total.loops[0].summary.cause_count, count);
}

static void one_call_at_one_line_adds_up(void **state)
{
	(void)state;
	begin_loop();
	/* two stacks that lead to the same line, and another system call in that line */
	feed_blocked(7, RECV, "/a");
	feed_blocked(8, RECV, "/a");
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_RECVFROM, 3, 30 * MS);
	feed_cause(LP_SAMPLE_BLOCKED, 8, SYS_RECVFROM, 2, 5 * MS);
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_RECVFROM, 1, 4 * MS);
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_READ, 1, 50 * MS);
	end_interval(100 * MS);
	expect_causes(2);
	expect_cause(0, LP_CAUSE_BLOCKED, "recv:12", 1, 50 * MS);
	assert_string_equal(cause(0)->cause.syscall, "read");
	expect_cause(1, LP_CAUSE_BLOCKED, "recv:12", 6, 39 * MS);
	assert_string_equal(cause(1)->cause.syscall, "recvfrom");
	assert_string_equal(cause(1)->cause.target, "/a");
	assert_string_equal(cause(1)->cause.held_by, "");
}

static void one_call_at_two_lines_is_two_causes(void **state)
{
	(void)state;
	begin_loop();
	feed_blocked(7, RECV, "/a");
	feed_blocked(8, COMPUTE, "/a");
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_READ, 1, 10 * MS);
	feed_cause(LP_SAMPLE_BLOCKED, 8, SYS_READ, 1, 20 * MS);
	end_interval(100 * MS);
	expect_causes(2);
	expect_cause(0, LP_CAUSE_BLOCKED, "compute:34", 1, 20 * MS);
	expect_cause(1, LP_CAUSE_BLOCKED, "recv:12", 1, 10 * MS);
}

static void targets_that_differ_are_not_reported(void **state)
{
	(void)state;
	begin_loop();
	feed_blocked(7, RECV, "/a");
	feed_blocked(8, RECV, "/b");
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_READ, 1, 10 * MS);
	feed_cause(LP_SAMPLE_BLOCKED, 8, SYS_READ, 1, 10 * MS);
	/* a target that became ambiguous stays blank */
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_READ, 1, 10 * MS);
	end_interval(100 * MS);
	expect_causes(1);
	expect_cause(0, LP_CAUSE_BLOCKED, "recv:12", 3, 30 * MS);
	assert_string_equal(cause(0)->cause.target, "");
}

static void targets_of_one_stack_that_differ_are_not_reported(void **state)
{
	(void)state;
	begin_loop();
	feed_blocked(7, RECV, "/a");
	feed_blocked(7, RECV, "/b");
	feed_blocked(7, RECV, "/b");
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_READ, 1, 10 * MS);
	end_interval(100 * MS);
	assert_string_equal(cause(0)->cause.target, "");
}

static void a_stack_that_nobody_reported_has_no_line(void **state)
{
	(void)state;
	begin_loop();
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_READ, 2, 10 * MS);
	feed_cause(LP_SAMPLE_BLOCKED, 8, SYS_READ, 1, 5 * MS);
	end_interval(100 * MS);
	expect_causes(1);
	expect_cause(0, LP_CAUSE_BLOCKED, "", 3, 15 * MS);
	assert_string_equal(cause(0)->cause.syscall, "read");
}

static void waits_for_the_gil_are_reported_by_who_had_it(void **state)
{
	(void)state;
	begin_loop();
	feed_holder(500, WORKER, "Thread-1");
	feed_holder(600, WORKER, "Thread-\x1b");
	/* stack 700 was not recorded as a thread that holds the GIL */
	feed_blocked(700, RECV, "/a");
	feed_cause(LP_SAMPLE_GIL, 500, 202, 4, 10 * MS);
	feed_cause(LP_SAMPLE_GIL, 600, 202, 1, 30 * MS);
	feed_cause(LP_SAMPLE_GIL, 500, 202, 1, 10 * MS);
	feed_cause(LP_SAMPLE_GIL, 700, 202, 1, MS);
	end_interval(100 * MS);
	expect_causes(3);
	expect_cause(0, LP_CAUSE_GIL, "worker:56", 1, 30 * MS);
	assert_string_equal(cause(0)->cause.held_by, "Thread-?");
	expect_cause(1, LP_CAUSE_GIL, "worker:56", 5, 20 * MS);
	assert_string_equal(cause(1)->cause.held_by, "Thread-1");
	assert_string_equal(cause(1)->cause.syscall, "");
	assert_string_equal(cause(1)->cause.target, "");
	expect_cause(2, LP_CAUSE_GIL, "", 1, MS);
	assert_string_equal(cause(2)->cause.held_by, "");
}

static void the_wait_for_a_cpu_is_what_was_reported_last(void **state)
{
	(void)state;
	begin_loop();
	feed_run_queue(5, 10 * MS);
	feed_run_queue(9, 25 * MS);
	end_interval(100 * MS);
	expect_causes(1);
	expect_cause(0, LP_CAUSE_RUN_QUEUE, "", 9, 25 * MS);
	feed_run_queue(10, 26 * MS);
	end_interval(200 * MS);
	expect_cause(0, LP_CAUSE_RUN_QUEUE, "", 10, 26 * MS);
	assert_int_equal(reported.interval.loops[0].causes[0].cause.count, 1);
	assert_int_equal(reported.interval.loops[0].causes[0].cause.total_ns, MS);
}

static void counters_that_lag_do_not_wrap_an_interval(void **state)
{
	(void)state;
	begin_loop();
	feed_run_queue(9, 25 * MS);
	end_interval(100 * MS);
	feed_run_queue(10, 24 * MS);
	end_interval(200 * MS);
	assert_in_range(reported.interval.loops[0].causes[0].cause.total_ns, 0, 25 * MS);
	feed_run_queue(8, 24 * MS);
	end_interval(300 * MS);
	assert_int_equal(reported.interval.loops[0].summary.cause_count, 0);
}

static void an_interval_has_the_causes_of_its_own_time(void **state)
{
	const struct lp_reported_loop *loop = &reported.interval.loops[0];

	(void)state;
	begin_loop();
	feed_blocked(7, RECV, "/a");
	feed_blocked(8, COMPUTE, "/b");
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_READ, 1, 30 * MS);
	feed_cause(LP_SAMPLE_BLOCKED, 8, SYS_READ, 1, 20 * MS);
	end_interval(100 * MS);
	assert_int_equal(loop->summary.cause_count, 2);
	assert_string_equal(loop->causes[0].place, "recv:12");
	feed_cause(LP_SAMPLE_BLOCKED, 8, SYS_READ, 2, 15 * MS);
	end_interval(200 * MS);
	assert_int_equal(loop->summary.cause_count, 1);
	assert_string_equal(loop->causes[0].place, "compute:34");
	assert_int_equal(loop->causes[0].cause.count, 2);
	assert_int_equal(loop->causes[0].cause.total_ns, 15 * MS);
	expect_causes(2);
	expect_cause(0, LP_CAUSE_BLOCKED, "compute:34", 3, 35 * MS);
	end_interval(300 * MS);
	assert_int_equal(loop->summary.cause_count, 0);
	expect_causes(2);
}

static void loops_have_causes_of_their_own(void **state)
{
	(void)state;
	begin_loop();
	feed_loop(1, 0);
	feed_cause(LP_SAMPLE_BLOCKED, 7, SYS_READ, 1, 30 * MS);
	end_interval(100 * MS);
	assert_int_equal(reported.total.loops[0].summary.cause_count, 1);
	assert_int_equal(reported.total.loops[1].summary.cause_count, 0);
}

static void feed_sample(uint64_t segment_ns, uint32_t frame, uint32_t flags, int times)
{
	struct lp_record_stack_sample record =
		sampled_stack(LP_SAMPLE_ON_CPU, segment_ns, frame, frame, 0);

	record.sample.period_us = 10000;
	record.sample.flags = flags;
	while (times--)
		feed(&record, 0, segment_ns + 1);
}

static void samples_of_a_slow_callback_stand_for_its_time_on_the_cpu(void **state)
{
	struct lp_event_segment_times event = record_account();

	(void)state;
	begin_loop();
	feed_sample(10 * MS, COMPUTE, 0, 3);
	feed_sample(10 * MS, WORKER, 0, 1);
	feed_sample(10 * MS, WORKER, LP_STACK_COLLECTING, 1);
	feed_stack_sample(LP_SAMPLE_RUN_QUEUE, 10 * MS, 9, RECV, 0);
	feed_stack_sample(LP_SAMPLE_GIL, 10 * MS, 9, RECV, 0);
	event.account.blocked_ns = 20 * MS;
	feed_account(&event, 10 * MS);
	feed_slow(0, 1, 10 * MS, 130 * MS, 1, 0);
	end_interval(200 * MS);
	expect_causes(3);
	expect_cause(0, LP_CAUSE_ON_CPU, "compute:34", 3, 60 * MS);
	assert_string_equal(cause(0)->cause.syscall, "");
	assert_string_equal(cause(0)->cause.target, "");
	assert_int_equal(cause(1)->cause.total_ns, 20 * MS);
	assert_int_equal(cause(2)->cause.total_ns, 20 * MS);
	assert_int_not_equal(cause(1)->cause.kind, cause(2)->cause.kind);
	assert_true(cause(1)->cause.kind == LP_CAUSE_GC || cause(2)->cause.kind == LP_CAUSE_GC);
	assert_string_equal(cause(1)->place, "worker:56");
	assert_string_equal(cause(2)->place, "worker:56");
}

static void samples_of_what_was_only_late_stand_for_their_period(void **state)
{
	uint64_t segment;

	(void)state;
	begin_loop();
	for (segment = 1; segment <= 20; segment++)
		feed_sample(segment * 100 * MS, COMPUTE, 0, 3);
	/* enough later segments for the first ones to be complete */
	for (; segment <= 36; segment++)
		feed_sample(segment * 100 * MS, WORKER, 0, 1);
	end_interval(4000 * MS);
	expect_cause(0, LP_CAUSE_ON_CPU, "compute:34", 60, 600 * MS);
}

static void samples_of_what_was_only_late_are_all_counted_at_the_end(void **state)
{
	(void)state;
	begin_loop();
	feed_sample(100 * MS, COMPUTE, 0, 3);
	feed_sample(200 * MS, COMPUTE, 0, 2);
	feed_end(LP_EVENT_END, 300 * MS, LP_RUN_END_DURATION);
	expect_causes(1);
	expect_cause(0, LP_CAUSE_ON_CPU, "compute:34", 5, 50 * MS);
}

static void a_gap_before_a_slow_iteration_does_not_take_all_its_time(void **state)
{
	struct lp_event_slow_iteration event = record_slow_iteration();
	struct lp_event_segment_times gap = record_account();

	(void)state;
	begin_loop();
	/* 120 ms before the first callback, then 180 ms of callbacks */
	feed_sample(10 * MS, COMPUTE, 0, 12);
	gap.account.samples = 12;
	feed_account(&gap, 10 * MS);
	feed_slow_iteration(&event, 10 * MS, 310 * MS);
	feed_end(LP_EVENT_END, 400 * MS, LP_RUN_END_DURATION);
	expect_causes(1);
	expect_cause(0, LP_CAUSE_ON_CPU, "compute:34", 12, 120 * MS);
}

#define MAX 4096 /* CAUSES_MAX in user/model/lost_time.c */

/* Fills the list with as many causes as may have a line. */
static struct lp_lost_time *full(const struct lp_shown_frame *frames)
{
	struct lp_lost_time *causes = lost_time_new();
	struct lp_cause key = { .kind = LP_CAUSE_BLOCKED, .syscall = "read" };
	size_t i;

	assert_non_null(causes);
	for (i = 0; i < MAX; i++) {
		key.frame = &frames[i];
		lost_time_add(causes, &key, 1, 1000);
	}
	return causes;
}

static const struct lp_event_cpu_quota no_quota;

static void waits_for_a_cpu_are_divided_by_who_had_it(void **state)
{
	static const struct lp_event_cpu_quota quota = { .quota_us = 20000,
							 .period_us = 100000,
							 .cgroup = "/api" };
	struct lp_run_queue_waits waits = {
		.count = 20,
		.total_ns = 1000,
		.why = { .throttled_ns = 500, .throttled = 5 },
		.quota = &quota,
		.pid = 7,
	};
	struct lp_lost_time *causes = lost_time_new();
	struct lp_cause *list;

	(void)state;
	waits.why.neighbours[0] = (struct lp_neighbour){
		.total_ns = 250, .count = 3, .pid = 9, .comm = { 0x313163 }
	};
	waits.why.neighbours[2] =
		(struct lp_neighbour){ .total_ns = 150, .count = 2, .pid = 7, .comm = { 0x6277 } };
	/* the second time nothing is added to what was counted before */
	lost_time_set_run_queue(causes, &waits);
	lost_time_set_run_queue(causes, &waits);
	assert_int_equal(lost_time_list(causes, false, &list), 4);
	assert_true(list[0].throttled);
	assert_string_equal(list[0].target, "/api");
	assert_int_equal(list[0].quota_percent, 20);
	assert_int_equal(list[0].total_ns, 500);
	assert_int_equal(list[0].count, 5);
	assert_string_equal(list[1].held_by, "c11");
	assert_int_equal(list[1].total_ns, 250);
	assert_string_equal(list[2].held_by, "wb (same process)");
	assert_int_equal(list[2].total_ns, 150);
	assert_string_equal(list[3].held_by, "");
	assert_int_equal(list[3].total_ns, 100);
	assert_int_equal(list[3].count, 10);
	free(list);
	lost_time_free(causes);
}

static void waits_without_a_name_are_as_many_as_their_time_at_least(void **state)
{
	/* four names had the CPU in most of 100 waits, and half of the time is nobody's */
	struct lp_run_queue_waits waits = {
		.count = 110,
		.total_ns = 1000,
		.why = { .throttled_ns = 100, .throttled = 10 },
		.quota = &no_quota,
		.pid = 7,
	};
	struct lp_lost_time *causes = lost_time_new();
	struct lp_cause *list;
	size_t i;

	(void)state;
	for (i = 0; i < LP_NEIGHBOURS; i++)
		waits.why.neighbours[i] = (struct lp_neighbour){
			.total_ns = 100, .count = 90, .pid = 9, .comm = { 0x61 + i }
		};
	lost_time_set_run_queue(causes, &waits);
	assert_int_equal(lost_time_list(causes, false, &list), 6);
	assert_string_equal(list[0].held_by, "");
	assert_int_equal(list[0].total_ns, 500);
	assert_int_equal(list[0].count, 55);
	assert_int_equal(list[4].count, 90);
	free(list);
	lost_time_free(causes);
}

static void more_causes_than_are_retained_go_without_a_line(void **state)
{
	static const struct lp_shown_frame frames[MAX + 500] = {
		[0 ... MAX + 499] = { .function = "f", .file = "f.py" },
	};
	struct lp_cause key = { .kind = LP_CAUSE_BLOCKED, .syscall = "read", .target = "/a" },
			*list;
	struct lp_lost_time *causes = full(frames);
	uint64_t total = 0;
	size_t count, i;

	(void)state;
	for (i = MAX; i < MAX + 500; i++) {
		key.frame = &frames[i];
		key.kind = i % 2 ? LP_CAUSE_BLOCKED : LP_CAUSE_ON_CPU;
		lost_time_add(causes, &key, 1, 1000);
	}
	lost_time_set_run_queue(causes, &(struct lp_run_queue_waits){
						.count = 1, .total_ns = 500, .quota = &no_quota });
	count = lost_time_list(causes, false, &list);
	assert_int_equal(count, MAX + 3);
	for (i = 0; i < count; i++)
		total += list[i].total_ns;
	assert_int_equal(total, (MAX + 500) * 1000 + 500);
	for (i = 0; i < 2; i++) {
		assert_null(list[i].frame);
		assert_string_equal(list[i].syscall, "");
		assert_string_equal(list[i].target, "");
		assert_int_equal(list[i].total_ns, 250000);
	}
	free(list);
	lost_time_free(causes);
}

static void a_cause_that_has_a_line_keeps_it(void **state)
{
	static const struct lp_shown_frame frames[MAX] = {
		[0 ... MAX - 1] = { .function = "f", .file = "f.py" },
	};
	struct lp_cause key = { .kind = LP_CAUSE_BLOCKED, .syscall = "read" }, *list;
	struct lp_lost_time *causes = full(frames);

	(void)state;
	key.frame = &frames[7];
	lost_time_add(causes, &key, 1, 5000);
	assert_int_equal(lost_time_list(causes, false, &list), MAX);
	assert_ptr_equal(list[0].frame, &frames[7]);
	assert_int_equal(list[0].total_ns, 6000);
	free(list);
	lost_time_free(causes);
}

static void no_causes_are_a_list_of_none(void **state)
{
	struct lp_lost_time *causes = lost_time_new();
	struct lp_cause *list;

	(void)state;
	assert_non_null(causes);
	lost_time_set_run_queue(causes, &(struct lp_run_queue_waits){ .quota = &no_quota });
	assert_int_equal(lost_time_list(causes, false, &list), 0);
	free(list);
	assert_int_equal(lost_time_list(causes, true, &list), 0);
	free(list);
	lost_time_begin_interval(causes);
	lost_time_free(causes);
	lost_time_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_model, free_model)

/* Equal times: the order must not depend on the addresses of the frames. */
static void causes_of_equal_time_are_listed_by_line(void **state)
{
	struct lp_shown_frame frames[16];
	struct lp_lost_time *lost_time = lost_time_new();
	struct lp_cause *list;
	size_t i;

	(void)state;
	for (i = 0; i < 16; i++) {
		/* 5 is prime to 16, so that each line occurs once */
		const struct lp_cause key = { .kind = LP_CAUSE_ON_CPU, .frame = &frames[i] };

		frames[i] = (struct lp_shown_frame){ .line = 1 + (uint32_t)(i * 5 % 16),
						     .function = "f",
						     .file = "f.py" };
		lost_time_add(lost_time, &key, 1, 100);
	}
	assert_int_equal(lost_time_list(lost_time, false, &list), 16);
	for (i = 0; i < 16; i++)
		assert_int_equal(list[i].frame->line, i + 1);
	free(list);
	lost_time_free(lost_time);
}

/* Each merge hashes with a secret of its own: what finds room must not depend on it. */
static void the_longest_causes_find_room_in_a_merge(void **state)
{
	enum { STORED = 4096, ROOM = 3 };
	static struct lp_shown_frame frames[2 * STORED];
	struct lp_lost_time *first = lost_time_new(), *second = lost_time_new();
	struct lp_lost_time *merged = lost_time_new();
	struct lp_cause *list;
	size_t i, found = 0, count;

	(void)state;
	for (i = 0; i < 2 * STORED; i++)
		frames[i] = (struct lp_shown_frame){ .line = 1 + (uint32_t)i,
						     .function = "f",
						     .file = "f.py" };
	for (i = 0; i < STORED - ROOM; i++) {
		const struct lp_cause key = { .kind = LP_CAUSE_ON_CPU, .frame = &frames[i] };

		lost_time_add(first, &key, 1, 1);
	}
	for (i = 0; i < STORED; i++) {
		const struct lp_cause key = { .kind = LP_CAUSE_ON_CPU,
					      .frame = &frames[STORED + i] };

		lost_time_add(second, &key, 1, 100 + i);
	}
	lost_time_merge(merged, first);
	lost_time_merge(merged, second);
	count = lost_time_list(merged, false, &list);
	for (i = 0; i < count; i++)
		if (list[i].frame && list[i].frame->line > 2 * STORED - ROOM)
			found++;
	assert_int_equal(count, STORED + 1);
	assert_int_equal(found, ROOM);
	free(list);
	lost_time_free(first);
	lost_time_free(second);
	lost_time_free(merged);
}

/* Samples of one segment show one event, however many there are and whatever called the line. */
static void samples_of_one_segment_occur_once(void **state)
{
	struct lp_shown_frame frame = { .line = 7, .function = "f", .file = "f.py" };
	const struct lp_cause key = { .kind = LP_CAUSE_ON_CPU, .frame = &frame };
	struct lp_lost_time *lost_time = lost_time_new(), *merged = lost_time_new();
	struct lp_cause *list;

	(void)state;
	lost_time_add_samples(lost_time, &key, 30, 3000, 1);
	lost_time_add_samples(lost_time, &key, 10, 1000, 1);
	lost_time_add_samples(lost_time, &key, 5, 500, 2);
	lost_time_merge(merged, lost_time);
	assert_int_equal(lost_time_list(lost_time, false, &list), 1);
	assert_int_equal(list[0].count, 45);
	assert_int_equal(list[0].occurrences, 2);
	assert_int_equal(list[0].total_ns, 4500);
	lost_time_add_cause(merged, &list[0]);
	free(list);
	assert_int_equal(lost_time_list(merged, false, &list), 1);
	assert_int_equal(list[0].count, 90);
	assert_int_equal(list[0].occurrences, 4);
	free(list);
	lost_time_free(lost_time);
	lost_time_free(merged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_call_at_one_line_adds_up),
		TEST(samples_of_one_segment_occur_once),
		TEST(one_call_at_two_lines_is_two_causes),
		TEST(targets_that_differ_are_not_reported),
		TEST(targets_of_one_stack_that_differ_are_not_reported),
		TEST(a_stack_that_nobody_reported_has_no_line),
		TEST(waits_for_the_gil_are_reported_by_who_had_it),
		TEST(the_wait_for_a_cpu_is_what_was_reported_last),
		TEST(counters_that_lag_do_not_wrap_an_interval),
		TEST(an_interval_has_the_causes_of_its_own_time),
		TEST(loops_have_causes_of_their_own),
		TEST(samples_of_a_slow_callback_stand_for_its_time_on_the_cpu),
		TEST(samples_of_what_was_only_late_stand_for_their_period),
		TEST(samples_of_what_was_only_late_are_all_counted_at_the_end),
		TEST(a_gap_before_a_slow_iteration_does_not_take_all_its_time),
		TEST(more_causes_than_are_retained_go_without_a_line),
		TEST(a_cause_that_has_a_line_keeps_it),
		TEST(waits_for_a_cpu_are_divided_by_who_had_it),
		TEST(waits_without_a_name_are_as_many_as_their_time_at_least),
		TEST(no_causes_are_a_list_of_none),
		TEST(causes_of_equal_time_are_listed_by_line),
		TEST(the_longest_causes_find_room_in_a_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
