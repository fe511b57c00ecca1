// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/decode.h"
#include "records.h"
#include "live/ongoing_stalls.h"
#include "runtime/cpython/cpython.h"

#define MS 1000000ULL
#define BEGIN (1000 * MS)
#define SLOT 5

static struct lp_ongoing_stall progress;
static struct lp_loop loop;
static struct lp_wait_state stall;

/* The reported records as the decoder hands them out. */
static struct {
	int accounts, callbacks, iterations;
	struct lp_event_segment_times account;
	struct lp_event_slow slow;
	char task_name[LP_DECODED_TEXT];
	struct lp_event_slow_iteration iteration;
	struct lp_event_memory_waits memory;
	struct lp_event_cpu_waits iteration_cpu;
} reported;

static void took_account(void *context, const struct lp_event_segment_times *event)
{
	(void)context;
	assert_int_equal(reported.callbacks + reported.iterations, reported.accounts);
	reported.accounts++;
	reported.account = *event;
}

static void took_progress(void *context, const struct lp_decoded_slow *event)
{
	(void)context;
	reported.callbacks++;
	reported.slow = *event->wire;
	strcpy(reported.task_name, event->task_name);
}

static void took_iteration(void *context, const struct lp_event_slow_iteration *event)
{
	(void)context;
	reported.iterations++;
	reported.iteration = *event;
}

static void took_memory(void *context, const struct lp_event_memory_waits *event)
{
	(void)context;
	reported.memory = *event;
}

static void took_iteration_cpu(void *context, const struct lp_event_cpu_waits *event)
{
	(void)context;
	reported.iteration_cpu = *event;
}

static const struct lp_event_handlers handlers = {
	.iteration_cpu_waits = took_iteration_cpu,
	.memory_waits = took_memory,
	.account = took_account,
	.progress = took_progress,
	.slow_iteration = took_iteration,
};

static void take(void *context, const struct lp_event *record)
{
	(void)context;
	assert_int_equal(decode_event(record, record->size, &handlers, NULL), 0);
	assert_int_equal(record->loop, SLOT);
	assert_int_equal(record->pid, 42);
}

/* Sets up a callback that began at BEGIN, in an iteration that began 5 ms before. */
static int begin(void **state)
{
	(void)state;
	memset(&progress, 0, sizeof(progress));
	memset(&loop, 0, sizeof(loop));
	memset(&stall, 0, sizeof(stall));
	memset(&reported, 0, sizeof(reported));
	loop.pid = 42;
	loop.threshold_ns = 100 * MS;
	loop.iteration_start_ns = BEGIN - 5 * MS;
	loop.start_ns = BEGIN;
	loop.iterations = 8;
	loop.iteration_callbacks = 4;
	loop.callback = 3;
	loop.position = 2;
	loop.queue_delay_ns = 77;
	stall.account.account.segment_ns = BEGIN;
	return 0;
}

static bool due(uint64_t after_ns)
{
	return ongoing_stall_due(&progress, &loop, BEGIN + after_ns);
}

static const struct lp_segment_times *report(uint64_t after_ns)
{
	struct lp_wait_state before = stall;

	ongoing_stall_report(NULL, &loop, &stall, SLOT, BEGIN + after_ns, false, take, NULL);
	/* only BPF writes to the wait state */
	assert_memory_equal(&stall, &before, sizeof(stall));
	return &reported.account.account;
}

static void how_often_to_check_depends_on_the_threshold(void **state)
{
	(void)state;
	assert_int_equal(ongoing_stall_period_ns(100 * MS), 20 * MS);
	assert_int_equal(ongoing_stall_period_ns(0), 5 * MS);
	assert_int_equal(ongoing_stall_period_ns(MS), 5 * MS);
	assert_int_equal(ongoing_stall_period_ns(60000 * MS), 250 * MS);
	assert_int_equal(ongoing_stall_period_ns(UINT64_MAX), 250 * MS);
}

static void it_is_due_at_the_threshold_and_then_at_doubling_times(void **state)
{
	uint64_t after, next = 100;

	(void)state;
	for (after = 0; after <= 10000; after++) {
		if (due(after * MS)) {
			assert_int_equal(after, next);
			next *= 2;
		}
	}
	assert_int_equal(next, 12800);
}

static struct lp_neighbour neighbour_of(const char *name, uint32_t pid, uint64_t total_ns)
{
	struct lp_neighbour neighbour = { .total_ns = total_ns, .pid = pid, .count = 1 };

	memcpy(neighbour.comm, name, strlen(name) + 1);
	return neighbour;
}

/* The last segment is added to those of its iteration only when the next one waits. */
static void takers_of_an_iteration_are_those_of_all_its_segments(void **state)
{
	const struct lp_neighbour *sums = reported.iteration_cpu.waits.neighbours;

	(void)state;
	loop.start_ns = 0;
	stall.iteration_cpu.segment_ns = stall.cpu_iteration_ns = loop.iteration_start_ns;
	stall.iteration_cpu.waits.neighbours[0] = neighbour_of("cc1", 7, 20 * MS);
	stall.cpu.segment_ns = BEGIN;
	stall.cpu.waits.neighbours[0] = neighbour_of("ld", 8, 5 * MS);
	stall.cpu.waits.neighbours[1] = neighbour_of("cc1", 7, 30 * MS);
	report(200 * MS);
	assert_int_equal(reported.iterations, 1);
	assert_int_equal(reported.iteration_cpu.segment_ns, loop.iteration_start_ns);
	assert_int_equal(sums[0].total_ns, 50 * MS);
	assert_int_equal(sums[1].total_ns, 5 * MS);
	assert_int_equal(sums[1].pid, 8);
	/* the wait was that of a slow callback, which was reported; the rest is of an earlier
	 * iteration */
	memset(&reported, 0, sizeof(reported));
	stall.cpu.segment_ns = 0;
	stall.iteration_cpu.segment_ns--;
	report(200 * MS);
	assert_int_equal(reported.iterations, 1);
	assert_int_equal(reported.iteration_cpu.segment_ns, 0);
}

static void a_check_that_comes_late_reports_once(void **state)
{
	(void)state;
	assert_true(due(1000 * MS));
	assert_false(due(1000 * MS));
	assert_false(due(1599 * MS));
	assert_true(due(1600 * MS));
	assert_false(due(3199 * MS));
}

static void a_threshold_of_zero_does_not_report_without_end(void **state)
{
	uint64_t after, times = 0;

	(void)state;
	loop.threshold_ns = 0;
	assert_false(due(MS - 1));
	for (after = 1; after <= 1024; after++)
		times += due(after * MS);
	assert_int_equal(times, 11);
	begin(state);
	loop.threshold_ns = 0;
	assert_true(due(UINT64_MAX - BEGIN));
	begin(state);
	loop.threshold_ns = UINT64_MAX;
	assert_false(due(UINT64_MAX - BEGIN));
}

static void another_callback_begins_anew(void **state)
{
	(void)state;
	assert_true(due(100 * MS));
	loop.start_ns = BEGIN + 110 * MS;
	assert_false(due(209 * MS));
	assert_true(due(210 * MS));
	assert_false(due(309 * MS));
	assert_true(due(310 * MS));
}

static void nothing_is_due_while_the_loop_polls(void **state)
{
	(void)state;
	loop.start_ns = loop.iteration_start_ns = 0;
	assert_false(due(5000 * MS));
	report(5000 * MS);
	assert_int_equal(reported.accounts, 0);
}

static void a_clock_read_before_the_callback_began_is_no_time(void **state)
{
	(void)state;
	loop.threshold_ns = 0;
	assert_false(ongoing_stall_due(&progress, &loop, BEGIN));
	assert_false(ongoing_stall_due(&progress, &loop, BEGIN - 1));
	ongoing_stall_report(NULL, &loop, &stall, SLOT, BEGIN - 1, false, take, NULL);
	assert_int_equal(reported.accounts, 0);
}

static void a_callback_is_reported_after_its_account(void **state)
{
	(void)state;
	report(150 * MS);
	assert_int_equal(reported.accounts, 1);
	assert_int_equal(reported.callbacks, 1);
	assert_int_equal(reported.iterations, 0);
	assert_int_equal(reported.account.event.time_ns, BEGIN + 150 * MS);
	assert_int_equal(reported.account.account.segment_ns, BEGIN);
	assert_int_equal(reported.slow.event.time_ns, BEGIN + 150 * MS);
	assert_int_equal(reported.slow.start_ns, BEGIN);
	assert_int_equal(reported.slow.iteration, 8);
	assert_int_equal(reported.slow.callback, 3);
	assert_int_equal(reported.slow.position, 2);
	assert_int_equal(reported.slow.queue_delay_ns, 77);
	assert_int_equal(reported.slow.task, 0);
}

static void a_report_says_whether_it_is_the_last_one(void **state)
{
	(void)state;
	report(150 * MS);
	assert_int_equal(reported.slow.event.reserved, 0);
	ongoing_stall_report(NULL, &loop, &stall, SLOT, BEGIN + 160 * MS, true, take, NULL);
	assert_int_equal(reported.slow.event.reserved, LP_STALL_AT_END);
	loop.start_ns = 0;
	ongoing_stall_report(NULL, &loop, &stall, SLOT, BEGIN + 170 * MS, true, take, NULL);
	assert_int_equal(reported.iteration.event.reserved, LP_STALL_AT_END);
}

static void a_segment_that_ran_when_its_loop_was_detected_began_before(void **state)
{
	(void)state;
	loop.detected_segment_ns = BEGIN;
	report(150 * MS);
	assert_int_equal(reported.slow.event.reserved, LP_STALL_BEGAN_BEFORE);
	loop.start_ns = 0;
	loop.detected_segment_ns = loop.iteration_start_ns;
	report(150 * MS);
	assert_int_equal(reported.iteration.event.reserved, LP_STALL_BEGAN_BEFORE);
	/* another callback of the same iteration */
	loop.start_ns = BEGIN + 10 * MS;
	report(150 * MS);
	assert_int_equal(reported.slow.event.reserved, 0);
}

static void a_short_callback_of_a_long_iteration_is_no_stall(void **state)
{
	(void)state;
	loop.iteration_start_ns = BEGIN - 200 * MS;
	assert_false(ongoing_stall_lasts(&loop, BEGIN + 99 * MS));
	assert_true(ongoing_stall_lasts(&loop, BEGIN + 100 * MS));
	loop.start_ns = 0;
	loop.slow_ns = 250 * MS;
	assert_false(ongoing_stall_lasts(&loop, BEGIN + 100 * MS));
	assert_true(ongoing_stall_lasts(&loop, BEGIN + 150 * MS));
	loop.iteration_start_ns = 0;
	assert_false(ongoing_stall_lasts(&loop, BEGIN + 150 * MS));
}

static void what_was_booked_is_reported_as_it_is(void **state)
{
	const struct lp_segment_times *account;

	(void)state;
	stall.account.account.blocked_ns = 60 * MS;
	stall.account.account.gil_ns = 7 * MS;
	stall.account.account.run_queue_ns = 3 * MS;
	stall.account.account.samples = 9;
	stall.account.account.block_count = 1;
	stall.account.account.blocks[0].total_ns = 60 * MS;
	stall.account.account.blocks[0].count = 2;
	account = report(150 * MS);
	assert_int_equal(account->blocked_ns, 60 * MS);
	assert_int_equal(account->gil_ns, 7 * MS);
	assert_int_equal(account->run_queue_ns, 3 * MS);
	assert_int_equal(account->samples, 9);
	assert_int_equal(account->blocks[0].total_ns, 60 * MS);
	assert_int_equal(account->blocks[0].count, 2);
}

static void begin_wait(enum lp_sample_reason why, uint64_t after_ns)
{
	stall.wait.segment_ns = BEGIN;
	stall.wait.reason = why;
	stall.wait.since_ns = BEGIN + after_ns;
	stall.wait.block = LP_BLOCKS;
}

static void a_call_that_blocks_still_is_added(void **state)
{
	const struct lp_segment_times *account;

	(void)state;
	begin_wait(LP_SAMPLE_BLOCKED, 30 * MS);
	stall.account.account.blocked_ns = 10 * MS;
	stall.account.account.block_count = 2;
	stall.account.account.blocks[1].total_ns = 10 * MS;
	stall.account.account.blocks[1].count = 4;
	stall.wait.block = 1;
	account = report(150 * MS);
	assert_int_equal(account->blocked_ns, 130 * MS);
	assert_int_equal(account->blocks[1].total_ns, 130 * MS);
	assert_int_equal(account->blocks[1].count, 5);
	assert_int_equal(account->blocks[0].total_ns, 0);
	assert_int_equal(account->gil_ns, 0);
	assert_int_equal(account->run_queue_ns, 0);
	/* a later report does not add the same time twice */
	assert_int_equal(report(250 * MS)->blocked_ns, 230 * MS);
}

static void a_call_without_space_that_blocks_still_is_among_the_rest(void **state)
{
	const struct lp_segment_times *account;

	(void)state;
	begin_wait(LP_SAMPLE_BLOCKED, 30 * MS);
	stall.account.account.block_count = LP_BLOCKS;
	stall.account.account.dropped_count = 2;
	stall.account.account.dropped_ns = 5 * MS;
	stall.account.account.blocked_ns = 5 * MS;
	account = report(150 * MS);
	assert_int_equal(account->blocked_ns, 125 * MS);
	assert_int_equal(account->dropped_count, 3);
	assert_int_equal(account->dropped_ns, 125 * MS);
}

static void a_wait_for_the_gil_that_lasts_is_added(void **state)
{
	const struct lp_segment_times *account;

	(void)state;
	begin_wait(LP_SAMPLE_GIL, 30 * MS);
	stall.account.account.gil_ns = 10 * MS;
	stall.account.account.gil_waits = 1;
	account = report(150 * MS);
	assert_int_equal(account->gil_ns, 130 * MS);
	assert_int_equal(account->gil_waits, 2);
	assert_int_equal(account->blocked_ns, 0);
}

static void a_wait_for_a_cpu_that_lasts_is_added(void **state)
{
	const struct lp_segment_times *account;

	(void)state;
	begin_wait(LP_SAMPLE_RUN_QUEUE, 30 * MS);
	account = report(150 * MS);
	assert_int_equal(account->run_queue_ns, 120 * MS);
	assert_int_equal(account->run_queue_waits, 1);
	assert_int_equal(account->blocked_ns, 0);
}

static void reclaim_and_a_wait_for_memory_that_last_are_added(void **state)
{
	(void)state;
	begin_wait(LP_SAMPLE_BLOCKED, 30 * MS);
	stall.wait.memory = LP_MEMORY_HIGH;
	stall.memory.segment_ns = BEGIN;
	stall.memory.waits.memory_high_ns = 3 * MS;
	stall.memory.waits.cgroup_ns = 5 * MS;
	report(150 * MS);
	assert_int_equal(reported.memory.segment_ns, BEGIN);
	assert_int_equal(reported.memory.waits.memory_high_ns, 123 * MS);
	assert_int_equal(reported.memory.waits.cgroup_ns, 5 * MS);
	stall.wait.memory = LP_MEMORY_ENOUGH;
	stall.reclaim.since_ns = BEGIN + 100 * MS;
	stall.reclaim.in_fault = 1;
	report(150 * MS);
	assert_int_equal(reported.memory.waits.cgroup_ns, 55 * MS);
	assert_int_equal(reported.memory.waits.fault_ns, 50 * MS);
	assert_int_equal(reported.memory.waits.memory_high_ns, 3 * MS);
}

static void without_a_lack_of_memory_none_is_reported(void **state)
{
	(void)state;
	begin_wait(LP_SAMPLE_BLOCKED, 30 * MS);
	/* of an earlier callback */
	stall.memory.segment_ns = BEGIN - 50 * MS;
	stall.memory.waits.cgroup_ns = 5 * MS;
	report(150 * MS);
	assert_int_equal(reported.memory.segment_ns, 0);
}

static void a_wait_that_is_over_and_not_booked_is_added(void **state)
{
	(void)state;
	begin_wait(LP_SAMPLE_BLOCKED, 30 * MS);
	stall.wait.since_ns = 0;
	stall.wait.off_ns = 40 * MS;
	assert_int_equal(report(150 * MS)->blocked_ns, 40 * MS);
	stall.wait.off_ns = 0;
	assert_int_equal(report(150 * MS)->blocked_ns, 0);
}

static void a_wait_that_begins_while_it_is_read_is_no_time(void **state)
{
	(void)state;
	begin_wait(LP_SAMPLE_BLOCKED, 151 * MS);
	assert_int_equal(report(150 * MS)->blocked_ns, 0);
}

static void what_is_of_another_callback_is_not_reported(void **state)
{
	(void)state;
	stall.account.account.segment_ns = BEGIN - 50 * MS;
	stall.account.account.blocked_ns = 40 * MS;
	stall.account.account.block_count = 1;
	begin_wait(LP_SAMPLE_BLOCKED, 0);
	stall.wait.segment_ns = BEGIN - 50 * MS;
	stall.wait.block = 0;
	report(150 * MS);
	assert_int_equal(reported.account.account.segment_ns, BEGIN);
	assert_int_equal(reported.account.account.blocked_ns, 0);
	assert_int_equal(reported.account.account.block_count, 0);
}

static void a_count_that_is_being_written_is_not_trusted(void **state)
{
	(void)state;
	stall.account.account.block_count = LP_BLOCKS + 1;
	stall.account.account.blocked_ns = 40 * MS;
	report(150 * MS);
	assert_int_equal(reported.account.account.block_count, 0);
	loop.callback = LP_MAX_CALLBACKS;
	report(250 * MS);
	assert_int_equal(reported.callbacks, 1);
}

static void where_no_callback_runs_the_iteration_is_reported(void **state)
{
	(void)state;
	loop.start_ns = 0;
	loop.iteration_start_ns = BEGIN;
	begin_wait(LP_SAMPLE_GIL, 30 * MS);
	stall.account.account.run_queue_ns = 2 * MS;
	assert_true(due(100 * MS));
	report(150 * MS);
	assert_int_equal(reported.callbacks, 0);
	assert_int_equal(reported.iterations, 1);
	assert_int_equal(reported.iteration.start_ns, BEGIN);
	assert_int_equal(reported.iteration.event.time_ns, BEGIN + 150 * MS);
	assert_int_equal(reported.iteration.in_progress, 1);
	assert_int_equal(reported.iteration.iteration, 8);
	assert_int_equal(reported.iteration.callbacks, 4);
	assert_int_equal(reported.iteration.slow_ns, 0);
	assert_int_equal(reported.iteration.gil_ns, 120 * MS);
	assert_int_equal(reported.iteration.run_queue_ns, 2 * MS);
}

/* The loop is between two callbacks, as in sample mode if no callback was sampled. */
static void slow_callbacks_are_not_the_iterations_time(void **state)
{
	(void)state;
	loop.start_ns = 0;
	loop.iteration_start_ns = BEGIN;
	loop.slow_ns = 120 * MS;
	report(250 * MS);
	assert_int_equal(reported.iterations, 1);
	assert_int_equal(reported.iteration.slow_ns, 120 * MS);
}

/* A task of this process, whose name object lies at the end of mapped memory. */
static void a_task_is_reported_with_its_name(void **state)
{
	static struct lp_instance instance;
	static uint64_t task[16];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), capacity;
	uint8_t *memory =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct lp_event_slow layout = record_slow();
	uint64_t type = 0x7777000;

	(void)state;
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(mprotect(memory + page, page, PROT_NONE), 0);
	instance.pid = getpid();
	instance.runtime = &cpython_runtime;
	instance.layout.python.string_type = type;
	instance.layout.python.offsets.task_coro = 24;
	instance.layout.python.offsets.string_ascii = ASCII_AT;
	instance.layout.python.offsets.string_wide = WIDE_AT;
	instance.layout.python.offsets.ob_digit = DIGIT_AT;
	record_task_name(&layout, 6, 1, true, "Task-1", 6);
	memcpy(layout.task_name + 8, &type, sizeof(type));
	loop.task = (uint64_t)(uintptr_t)task;
	for (capacity = 48; capacity <= LP_NAME_BYTES; capacity += 16) {
		memcpy(memory + page - capacity, layout.task_name, capacity);
		task[4] = (uint64_t)(uintptr_t)(memory + page - capacity);
		ongoing_stall_report(&instance, &loop, &stall, SLOT, BEGIN + 150 * MS, false, take,
				     NULL);
		assert_string_equal(reported.task_name, "Task-1");
		assert_int_equal(reported.slow.task, loop.task);
	}
	/* first the name, then the task is in unmapped memory */
	task[4] = (uint64_t)(uintptr_t)(memory + page);
	ongoing_stall_report(&instance, &loop, &stall, SLOT, BEGIN + 150 * MS, false, take, NULL);
	assert_string_equal(reported.task_name, "");
	loop.task = (uint64_t)(uintptr_t)(memory + page);
	ongoing_stall_report(&instance, &loop, &stall, SLOT, BEGIN + 150 * MS, false, take, NULL);
	assert_string_equal(reported.task_name, "");
	munmap(memory, 2 * page);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

/* Sets up a wait of the callback whose stack has two frames and was not sent. */
static void wait_unsent(uint32_t reason)
{
	stall.wait.segment_ns = BEGIN;
	stall.wait.since_ns = BEGIN + MS;
	stall.wait.reason = reason;
	stall.wait.unsent = 1;
	stall.walked.depth = 2;
	stall.walked.frames[0].code = 0x100;
	stall.walked.frames[1].code = 0x200;
	stall.walked.syscall = 7;
}

static bool take_stack(struct lp_event_raw_stack *raw)
{
	return ongoing_stall_take_stack(&progress, &loop, &stall, SLOT, BEGIN + 150 * MS, raw);
}

static void the_stack_of_a_wait_that_lasts_is_taken_once(void **state)
{
	struct lp_event_raw_stack raw;

	(void)state;
	wait_unsent(LP_SAMPLE_RUN_QUEUE);
	assert_true(take_stack(&raw));
	assert_int_equal(raw.event.type, LP_EVENT_RAW_STACK);
	assert_int_equal(raw.event.loop, SLOT);
	assert_int_equal(raw.event.pid, 42);
	assert_int_equal(raw.segment_ns, BEGIN);
	assert_int_equal(raw.reason, LP_SAMPLE_RUN_QUEUE);
	assert_int_equal(raw.depth, 2);
	assert_int_equal(raw.frames[1].code, 0x200);
	assert_int_equal(raw.syscall, 0);
	assert_int_equal(raw.flags & LP_STACK_GAP, 0);
	assert_false(take_stack(&raw));
	/* the next wait of the same callback */
	stall.wait.since_ns += MS;
	stall.wait.reason = LP_SAMPLE_GIL;
	assert_true(take_stack(&raw));
	assert_int_equal(raw.reason, LP_SAMPLE_GIL);
}

static void a_stack_that_was_sent_or_is_of_no_wait_is_not_taken(void **state)
{
	struct lp_event_raw_stack raw;

	(void)state;
	wait_unsent(LP_SAMPLE_RUN_QUEUE);
	stall.wait.unsent = 0;
	assert_false(take_stack(&raw));
	wait_unsent(LP_SAMPLE_RUN_QUEUE);
	stall.wait.since_ns = 0;
	assert_false(take_stack(&raw));
	wait_unsent(LP_SAMPLE_RUN_QUEUE);
	stall.wait.segment_ns = BEGIN - MS;
	assert_false(take_stack(&raw));
	/* these are sent once for each cause */
	wait_unsent(LP_SAMPLE_BLOCKED);
	assert_false(take_stack(&raw));
}

static void a_stack_before_the_first_callback_is_marked(void **state)
{
	struct lp_event_raw_stack raw;

	(void)state;
	wait_unsent(LP_SAMPLE_RUN_QUEUE);
	loop.start_ns = 0;
	stall.wait.segment_ns = loop.iteration_start_ns;
	assert_true(take_stack(&raw));
	assert_int_equal(raw.segment_ns, loop.iteration_start_ns);
	assert_int_equal(raw.flags & LP_STACK_GAP, LP_STACK_GAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(how_often_to_check_depends_on_the_threshold),
		TEST(it_is_due_at_the_threshold_and_then_at_doubling_times),
		TEST(takers_of_an_iteration_are_those_of_all_its_segments),
		TEST(a_check_that_comes_late_reports_once),
		TEST(a_threshold_of_zero_does_not_report_without_end),
		TEST(another_callback_begins_anew),
		TEST(nothing_is_due_while_the_loop_polls),
		TEST(a_clock_read_before_the_callback_began_is_no_time),
		TEST(a_callback_is_reported_after_its_account),
		TEST(a_report_says_whether_it_is_the_last_one),
		TEST(a_segment_that_ran_when_its_loop_was_detected_began_before),
		TEST(a_short_callback_of_a_long_iteration_is_no_stall),
		TEST(what_was_booked_is_reported_as_it_is),
		TEST(a_call_that_blocks_still_is_added),
		TEST(a_call_without_space_that_blocks_still_is_among_the_rest),
		TEST(a_wait_for_the_gil_that_lasts_is_added),
		TEST(a_wait_for_a_cpu_that_lasts_is_added),
		TEST(reclaim_and_a_wait_for_memory_that_last_are_added),
		TEST(without_a_lack_of_memory_none_is_reported),
		TEST(a_wait_that_is_over_and_not_booked_is_added),
		TEST(a_wait_that_begins_while_it_is_read_is_no_time),
		TEST(what_is_of_another_callback_is_not_reported),
		TEST(a_count_that_is_being_written_is_not_trusted),
		TEST(where_no_callback_runs_the_iteration_is_reported),
		TEST(slow_callbacks_are_not_the_iterations_time),
		TEST(a_task_is_reported_with_its_name),
		TEST(the_stack_of_a_wait_that_lasts_is_taken_once),
		TEST(a_stack_that_was_sent_or_is_of_no_wait_is_not_taken),
		TEST(a_stack_before_the_first_callback_is_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
