// SPDX-License-Identifier: BSD-2-Clause
/* Why a callback was slow: its times, its blocking calls, its samples, the GIL. */
#include "model_fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* arch/x86/entry/syscalls/syscall_64.tbl */
#define SYS_READ 0
#define SYS_RECVFROM 45
#define SYS_FSYNC 74
#define SYS_FUTEX 202

#define RECV 1
#define HANDLE 2
#define COMPUTE 3
#define MAIN 4
#define WORKER 5

static void begin_loop(void)
{
	feed_loop(0, 0);
	feed_name(0, 1, "first");
	feed_frame(RECV, "recv", 12);
	feed_coroutine(HANDLE, "handle", 34);
	feed_frame(COMPUTE, "compute", 56);
	feed_coroutine(MAIN, "main", 78);
	feed_frame(WORKER, "worker", 90);
}

static void expect_sum(const struct lp_times *times, uint64_t duration_ns)
{
	assert_true(times->known);
	assert_in_range(times->on_cpu_ns, 0, duration_ns);
	assert_in_range(times->blocked_ns, 0, duration_ns);
	assert_in_range(times->gil_ns, 0, duration_ns);
	assert_in_range(times->run_queue_ns, 0, duration_ns);
	assert_int_equal(times->on_cpu_ns + times->blocked_ns + times->gil_ns + times->run_queue_ns,
			 duration_ns);
}

static void the_parts_of_a_duration_add_up_to_it(void **state)
{
	struct lp_event_segment_times event = record_waits(60 * MS + 7, 20 * MS + 3, 10 * MS + 1);
	const struct lp_times *times;

	(void)state;
	begin_loop();
	feed_account(&event, 10 * MS);
	times = &feed_over(10 * MS, 130 * MS)->breakdown.time;
	expect_sum(times, 120 * MS);
	assert_int_equal(times->on_cpu_ns, 30 * MS - 11);
	assert_int_equal(times->blocked_ns, 60 * MS + 7);
	assert_int_equal(times->gil_ns, 20 * MS + 3);
	assert_int_equal(times->run_queue_ns, 10 * MS + 1);
}

static void an_account_of_nothing_is_time_on_the_cpu(void **state)
{
	struct lp_event_segment_times event = record_account();

	(void)state;
	begin_loop();
	feed_account(&event, 10 * MS);
	expect_sum(&feed_over(10 * MS, 130 * MS)->breakdown.time, 120 * MS);
	assert_int_equal(last_breakdown()->breakdown.time.on_cpu_ns, 120 * MS);
}

static void parts_that_exceed_the_duration_are_scaled_to_it(void **state)
{
	struct lp_event_segment_times event = record_waits(90 * MS, 60 * MS, 30 * MS);
	const struct lp_times *times;

	(void)state;
	begin_loop();
	feed_account(&event, 10 * MS);
	times = &feed_over(10 * MS, 130 * MS)->breakdown.time;
	expect_sum(times, 120 * MS);
	assert_in_range(times->on_cpu_ns, 0, 3);
	assert_in_range(times->blocked_ns, 60 * MS - 1, 60 * MS);
	assert_in_range(times->gil_ns, 40 * MS - 1, 40 * MS);
	assert_in_range(times->run_queue_ns, 20 * MS - 1, 20 * MS);
	event = record_waits(111111111, 77777777, 33333333);
	feed_account(&event, 210 * MS);
	expect_sum(&feed_over(210 * MS, 310 * MS + 1)->breakdown.time, 100 * MS + 1);
	event = record_waits(1, 1, 1);
	feed_account(&event, 410 * MS);
	expect_sum(&feed_over(410 * MS, 410 * MS)->breakdown.time, 0);
}

static void parts_that_no_clock_counts_still_add_up(void **state)
{
	struct lp_event_segment_times event = record_waits(START_NS, 0, 0);

	(void)state;
	begin_loop();
	feed_account(&event, 10 * MS);
	expect_sum(&feed_over(10 * MS, 130 * MS)->breakdown.time, 120 * MS);
	/* each of the times is possible, but not their sum */
	event = record_waits(START_NS, START_NS, START_NS);
	feed_account(&event, 210 * MS);
	expect_sum(&feed_over(210 * MS, 330 * MS)->breakdown.time, 120 * MS);
}

static void without_an_account_the_times_are_not_known(void **state)
{
	struct lp_event_segment_times event = record_waits(50 * MS, 0, 0);

	(void)state;
	begin_loop();
	/* the account of another callback */
	feed_account(&event, 9 * MS);
	feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 7, COMPUTE, HANDLE);
	feed_over(10 * MS, 130 * MS);
	assert_false(last_breakdown()->breakdown.time.known);
	assert_int_equal(last_breakdown()->breakdown.sample_count, 1);
}

static struct lp_resource connection(const char *local, const char *remote)
{
	struct lp_resource resource = { .kind = LP_RESOURCE_TCP,
					.bytes = sizeof(struct lp_addresses) };
	struct lp_addresses ends = { .family = AF_INET, .local_port = 40112, .remote_port = 5432 };

	assert_int_equal(inet_pton(AF_INET, local, ends.local), 1);
	assert_int_equal(inet_pton(AF_INET, remote, ends.remote), 1);
	memcpy(resource.data, &ends, sizeof(ends));
	return resource;
}

static void blocking_calls_are_reported_longest_first(void **state)
{
	struct lp_event_segment_times event = record_account();
	const struct lp_reported_breakdown *why;

	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_BLOCKED, 10 * MS, 7, RECV, HANDLE);
	feed_stack_sample(LP_SAMPLE_BLOCKED, 10 * MS, 8, HANDLE, MAIN);
	record_block(&event, SYS_FSYNC, 8, 20 * MS, 1)->resource = record_path("/var/x\n");
	record_block(&event, SYS_RECVFROM, 7, 70 * MS, 3)->resource =
		connection("10.0.0.5", "10.0.3.7");
	record_block(&event, LP_SYSCALL_PAGE_FAULT, 8, MS, 9);
	feed_account(&event, 10 * MS);
	why = feed_over(10 * MS, 130 * MS);
	assert_int_equal(why->breakdown.blocked_count, 3);
	assert_string_equal(why->blocked[0].blocked.syscall, "recvfrom");
	assert_string_equal(why->blocked[0].blocked.target, "tcp 10.0.3.7:5432");
	assert_string_equal(why->blocked[0].blocked.local, "10.0.0.5:40112");
	assert_int_equal(why->blocked[0].blocked.duration_ns, 70 * MS);
	assert_int_equal(why->blocked[0].blocked.count, 3);
	assert_string_equal(why->blocked[0].stack.text, "recv:12 < handle:34");
	assert_string_equal(why->blocked[1].blocked.syscall, "fsync");
	assert_string_equal(why->blocked[1].blocked.target, "/var/x?");
	assert_string_equal(why->blocked[1].blocked.local, "");
	assert_string_equal(why->blocked[1].stack.text, "handle:34 < main:78");
	assert_string_equal(why->blocked[2].blocked.syscall, "page fault");
	assert_string_equal(why->blocked[2].blocked.target, "");
	assert_int_equal(why->breakdown.time.blocked_ns, 91 * MS);
	assert_int_equal(why->breakdown.blocked_dropped, 0);
}

static void waits_in_no_known_call_have_a_name(void **state)
{
	struct lp_event_segment_times event = record_account();
	const struct lp_reported_breakdown *why;

	(void)state;
	begin_loop();
	record_block(&event, LP_SYSCALL_STOPPED, 0, 30 * MS, 1);
	record_block(&event, 511, 0, 20 * MS, 1);
	record_block(&event, INT32_MAX, 0, 10 * MS, 1);
	record_block(&event, INT32_MIN, 0, 5 * MS, 1);
	feed_account(&event, 10 * MS);
	why = feed_over(10 * MS, 130 * MS);
	assert_string_equal(why->blocked[0].blocked.syscall, "stopped");
	assert_string_equal(why->blocked[1].blocked.syscall, "syscall_511");
	assert_string_equal(why->blocked[2].blocked.syscall, "syscall_2147483647");
	assert_string_equal(why->blocked[3].blocked.syscall, "syscall_-2147483648");
}

static void what_a_call_was_on_is_held_to_its_field(void **state)
{
	struct lp_event_segment_times event = record_account();
	struct lp_block *block = record_block(&event, SYS_READ, 7, 50 * MS, 1);

	(void)state;
	begin_loop();
	block->resource.kind = LP_RESOURCE_PATH;
	block->resource.bytes = UINT16_MAX;
	memset(block->resource.data, 'x', sizeof(block->resource.data));
	feed_account(&event, 10 * MS);
	feed_over(10 * MS, 130 * MS);
	assert_int_equal(strlen(last_breakdown()->blocked[0].blocked.target), LP_RESOURCE_BYTES);
}

static void a_call_that_took_no_time_is_not_reported(void **state)
{
	struct lp_event_segment_times event = record_account();

	(void)state;
	begin_loop();
	record_block(&event, SYS_READ, 7, 0, 0);
	record_block(&event, SYS_FSYNC, 7, 50 * MS, 1);
	feed_account(&event, 10 * MS);
	feed_over(10 * MS, 130 * MS);
	assert_int_equal(last_breakdown()->breakdown.blocked_count, 1);
	assert_string_equal(last_breakdown()->blocked[0].blocked.syscall, "fsync");
}

static void calls_that_found_no_space_are_counted(void **state)
{
	struct lp_event_segment_times event = record_account();
	uint64_t i;

	(void)state;
	begin_loop();
	for (i = 0; i < LP_BLOCKS; i++)
		record_block(&event, SYS_READ, i, MS, 1);
	event.account.blocked_ns += 22 * MS;
	event.account.dropped_ns = 22 * MS;
	event.account.dropped_count = 11;
	feed_account(&event, 10 * MS);
	feed_over(10 * MS, 130 * MS);
	assert_int_equal(last_breakdown()->breakdown.blocked_count, LP_BLOCKS);
	assert_int_equal(last_breakdown()->breakdown.blocked_dropped, 11);
	assert_int_equal(last_breakdown()->breakdown.blocked_dropped_ns, 22 * MS);
	assert_int_equal(last_breakdown()->breakdown.time.blocked_ns, 30 * MS);
}

static void samples_are_counted_by_why_and_where(void **state)
{
	struct lp_record_stack_sample collecting =
		sampled_stack(LP_SAMPLE_ON_CPU, 10 * MS, 7, COMPUTE, HANDLE);
	const struct lp_reported_breakdown *why;
	int i;

	(void)state;
	begin_loop();
	collecting.sample.flags = LP_STACK_COLLECTING;
	for (i = 0; i < 5; i++)
		feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 7, COMPUTE, HANDLE);
	for (i = 0; i < 4; i++)
		feed_stack_sample(LP_SAMPLE_ON_CPU, 10 * MS, 8, RECV, HANDLE);
	for (i = 0; i < 3; i++)
		feed_stack_sample(LP_SAMPLE_RUN_QUEUE, 10 * MS, 7, COMPUTE, HANDLE);
	for (i = 0; i < 2; i++)
		feed(&collecting, 0, 11 * MS);
	feed_stack_sample(LP_SAMPLE_GIL, 10 * MS, 7, COMPUTE, HANDLE);
	why = feed_over(10 * MS, 130 * MS);
	assert_int_equal(why->breakdown.sample_count, 5);
	for (i = 0; i < 5; i++)
		assert_int_equal(why->samples[i].sample.count, 5 - i);
	assert_int_equal(why->samples[0].sample.reason, LP_SAMPLE_ON_CPU);
	assert_string_equal(why->samples[0].stack.text, "compute:56 < handle:34");
	assert_string_equal(why->samples[1].stack.text, "recv:12 < handle:34");
	assert_int_equal(why->samples[2].sample.reason, LP_SAMPLE_RUN_QUEUE);
	assert_true(why->samples[3].sample.collecting);
	assert_false(why->samples[0].sample.collecting);
	assert_int_equal(why->samples[4].sample.reason, LP_SAMPLE_GIL);
}

static void a_long_wait_counts_as_several_samples(void **state)
{
	struct lp_record_stack_sample longest =
		sampled_stack(LP_SAMPLE_RUN_QUEUE, 10 * MS, 8, RECV, HANDLE);
	struct lp_record_stack_sample computing =
		sampled_stack(LP_SAMPLE_ON_CPU, 10 * MS, 7, COMPUTE, HANDLE);
	const struct lp_reported_breakdown *why;

	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_RUN_QUEUE, 10 * MS, 7, COMPUTE, HANDLE);
	feed_stack_sample(LP_SAMPLE_RUN_QUEUE, 10 * MS, 7, COMPUTE, HANDLE);
	longest.sample.event.reserved = 20;
	feed(&longest, 0, 11 * MS);
	/* a tick of the clock stands for itself alone */
	computing.sample.event.reserved = 99;
	feed(&computing, 0, 11 * MS);
	why = feed_over(10 * MS, 130 * MS);
	assert_int_equal(why->breakdown.sample_count, 3);
	assert_string_equal(why->samples[0].stack.text, "recv:12 < handle:34");
	assert_int_equal(why->samples[0].sample.count, 21);
	assert_string_equal(why->samples[1].stack.text, "compute:56 < handle:34");
	assert_int_equal(why->samples[1].sample.count, 2);
	assert_int_equal(why->samples[2].sample.count, 1);
}

static void stacks_that_are_not_whole_are_distinguished(void **state)
{
	struct lp_record_stack_sample record =
		sampled_stack(LP_SAMPLE_ON_CPU, 10 * MS, 7, COMPUTE, 0);
	const struct lp_reported_breakdown *why;
	int i;

	(void)state;
	begin_loop();
	for (i = 0; i < 3; i++)
		feed(&record, 0, 11 * MS);
	record.sample.flags = LP_STACK_CUT;
	feed(&record, 0, 11 * MS);
	feed(&record, 0, 11 * MS);
	record.sample.flags = LP_STACK_UNREADABLE;
	feed(&record, 0, 11 * MS);
	why = feed_over(10 * MS, 130 * MS);
	assert_int_equal(why->breakdown.sample_count, 3);
	assert_false(why->samples[0].stack.cut || why->samples[0].stack.unreadable);
	assert_true(why->samples[1].stack.cut && !why->samples[1].stack.unreadable);
	assert_true(why->samples[2].stack.unreadable && !why->samples[2].stack.cut);
}

static void collecting_garbage_is_a_share_of_the_time_on_the_cpu(void **state)
{
	struct lp_event_segment_times event = record_waits(40 * MS, 0, 0);
	const struct lp_times *times;

	(void)state;
	begin_loop();
	event.account.samples = 8;
	event.account.collecting_samples = 2;
	feed_account(&event, 10 * MS);
	times = &feed_over(10 * MS, 130 * MS)->breakdown.time;
	assert_true(times->gc_known);
	assert_int_equal(times->gc_ns, 20 * MS);
	event.account.collecting_samples = 0;
	feed_account(&event, 210 * MS);
	times = &feed_over(210 * MS, 330 * MS)->breakdown.time;
	assert_true(times->gc_known);
	assert_int_equal(times->gc_ns, 0);
}

static void without_samples_nothing_is_known_of_garbage(void **state)
{
	struct lp_event_segment_times event = record_waits(40 * MS, 0, 0);

	(void)state;
	begin_loop();
	feed_account(&event, 10 * MS);
	assert_false(feed_over(10 * MS, 130 * MS)->breakdown.time.gc_known);
	/* damaged: more samples of the collector than samples */
	event.account.samples = 1;
	event.account.collecting_samples = UINT32_MAX;
	feed_account(&event, 210 * MS);
	assert_in_range(feed_over(210 * MS, 330 * MS)->breakdown.time.gc_ns, 0, 80 * MS);
}

static void feed_holder(uint64_t segment_ns, uint64_t thread, uint32_t frame, const char *name)
{
	struct lp_record_stack_sample record =
		sampled_stack(LP_SAMPLE_GIL_HOLDER, segment_ns, thread, frame, 0);

	record.sample.tid = (uint32_t)thread;
	strcpy(record.sample.thread, name);
	feed(&record, 0, segment_ns + 1);
}

static void the_thread_that_was_seen_most_held_the_gil(void **state)
{
	const struct lp_reported_breakdown *why;

	(void)state;
	begin_loop();
	feed_holder(10 * MS, 500, COMPUTE, "Thread-1");
	feed_holder(10 * MS, 600, WORKER, "Thread-\x1b[2J");
	feed_holder(10 * MS, 600, WORKER, "Thread-\x1b[2J");
	feed_holder(10 * MS, 500, COMPUTE, "Thread-1");
	feed_holder(10 * MS, 600, WORKER, "Thread-\x1b[2J");
	/* samples from another callback */
	feed_holder(5 * MS, 500, COMPUTE, "Thread-1");
	feed_holder(5 * MS, 500, COMPUTE, "Thread-1");
	why = feed_over(10 * MS, 130 * MS);
	assert_true(why->breakdown.gil.known);
	assert_string_equal(why->breakdown.gil.thread, "Thread-?[2J");
	assert_int_equal(why->breakdown.gil.tid, 600);
	assert_string_equal(why->holder.text, "worker:90");
	/* samples of the holder are not samples of the loop */
	assert_int_equal(why->breakdown.sample_count, 0);
}

static void feed_holder_in(uint64_t segment_ns, uint32_t tid, uint64_t stack, uint32_t frame)
{
	struct lp_record_stack_sample record =
		sampled_stack(LP_SAMPLE_GIL_HOLDER, segment_ns, stack, frame, 0);

	record.sample.tid = tid;
	strcpy(record.sample.thread, "worker");
	feed(&record, 0, segment_ns + 1);
}

/* A thread ends, or begins, while it holds the GIL: its last place is not where it held it. */
static void a_holder_is_at_the_place_where_it_was_seen_most(void **state)
{
	(void)state;
	begin_loop();
	feed_holder_in(10 * MS, 600, 1, COMPUTE);
	feed_holder_in(10 * MS, 500, 2, COMPUTE);
	feed_holder_in(10 * MS, 500, 3, WORKER);
	feed_holder_in(10 * MS, 600, 1, COMPUTE);
	feed_holder_in(10 * MS, 500, 3, WORKER);
	feed_holder_in(10 * MS, 500, 4, COMPUTE);
	feed_over(10 * MS, 130 * MS);
	assert_int_equal(last_breakdown()->breakdown.gil.tid, 500);
	assert_string_equal(last_breakdown()->holder.text, "worker:90");
}

static void more_holders_than_are_distinguished_do_no_harm(void **state)
{
	uint64_t thread;

	(void)state;
	begin_loop();
	feed_holder(10 * MS, 500, COMPUTE, "first");
	for (thread = 501; thread < 540; thread++)
		feed_holder(10 * MS, thread, WORKER, "other");
	feed_holder(10 * MS, 500, COMPUTE, "first");
	feed_over(10 * MS, 130 * MS);
	assert_string_equal(last_breakdown()->breakdown.gil.thread, "first");
}

#define WAIT 7 /* hash of the stack of a wait */
#define LOCK 0x7f00

static void feed_waker(uint64_t segment_ns, uint32_t tid, uint32_t frame, const char *name)
{
	struct lp_record_stack_sample record =
		sampled_stack(LP_SAMPLE_WAKER, segment_ns, WAIT, frame, 0);

	record.sample.resource.kind = LP_RESOURCE_LOCK;
	record.sample.resource.number = LOCK;

	record.sample.tid = tid;
	strcpy(record.sample.thread, name);
	feed(&record, 0, segment_ns + 1);
}

static void the_thread_that_woke_the_loop_last_is_reported(void **state)
{
	const struct lp_waker *waker;

	(void)state;
	begin_loop();
	feed_waker(10 * MS, 500, COMPUTE, "first");
	feed_waker(10 * MS, 600, WORKER, "last-\x1b[2J");
	feed_waker(5 * MS, 500, COMPUTE, "of another callback");
	waker = &feed_over(10 * MS, 130 * MS)->breakdown.waker;
	assert_true(waker->known);
	assert_int_equal(waker->tid, 600);
	assert_string_equal(waker->thread, "last-?[2J");
	assert_int_equal(last_breakdown()->breakdown.sample_count, 0);
	assert_false(feed_over(210 * MS, 330 * MS)->breakdown.waker.known);
}

/* The longest wait ends by its timeout, or by another thread: the last waker did not end it. */
static void the_thread_that_woke_the_loop_is_reported_for_the_wait_that_it_ended(void **state)
{
	struct lp_event_segment_times event = record_account();
	const struct lp_reported_breakdown *why;

	(void)state;
	begin_loop();
	record_block(&event, SYS_FUTEX, WAIT + 1, 60 * MS, 1)->object = LOCK;
	record_block(&event, SYS_FUTEX, WAIT, 30 * MS, 1)->object = LOCK + 8;
	record_block(&event, SYS_FUTEX, WAIT, 10 * MS, 1)->object = LOCK;
	record_block(&event, SYS_READ, WAIT, 5 * MS, 1)->object = LOCK;
	feed_waker(10 * MS, 500, COMPUTE, "releaser");
	feed_account(&event, 10 * MS);
	why = feed_over(10 * MS, 130 * MS);
	assert_int_equal(why->breakdown.blocked_count, 4);
	assert_false(why->blocked[0].blocked.woken);
	assert_false(why->blocked[1].blocked.woken);
	assert_true(why->blocked[2].blocked.woken);
	assert_false(why->blocked[3].blocked.woken);
}

static void nobody_held_the_gil_where_nobody_was_seen(void **state)
{
	(void)state;
	begin_loop();
	feed_stack_sample(LP_SAMPLE_GIL, 10 * MS, 7, COMPUTE, HANDLE);
	feed_over(10 * MS, 130 * MS);
	assert_false(last_breakdown()->breakdown.gil.known);
	assert_int_equal(last_breakdown()->holder.depth, 0);
}

/* The await chain of a callback with these times, each of which has a stack of its own. */
static const char *chain_for(uint64_t start_ns, uint64_t blocked_ns, uint64_t gil_ns,
			     uint64_t run_queue_ns)
{
	struct lp_event_segment_times event = record_account();

	feed_coroutine(10, "blocked", 1);
	feed_coroutine(11, "waiting", 2);
	feed_coroutine(12, "preempted", 3);
	feed_coroutine(13, "computing", 4);
	feed_stack_sample(LP_SAMPLE_BLOCKED, start_ns, 10, 10, MAIN);
	feed_stack_sample(LP_SAMPLE_GIL, start_ns, 11, 11, MAIN);
	feed_stack_sample(LP_SAMPLE_RUN_QUEUE, start_ns, 12, 12, MAIN);
	feed_stack_sample(LP_SAMPLE_ON_CPU, start_ns, 13, 13, MAIN);
	record_block(&event, SYS_READ, 10, blocked_ns, 1);
	event.account.gil_ns = gil_ns;
	event.account.run_queue_ns = run_queue_ns;
	feed_account(&event, start_ns);
	return feed_over(start_ns, start_ns + 120 * MS)->chain.text;
}

static void the_chain_is_that_of_the_stack_where_most_time_went(void **state)
{
	(void)state;
	begin_loop();
	assert_string_equal(chain_for(200 * MS, 90 * MS, 5 * MS, 5 * MS), "main:78 < blocked:1");
	assert_string_equal(chain_for(400 * MS, 5 * MS, 90 * MS, 5 * MS), "main:78 < waiting:2");
	assert_string_equal(chain_for(600 * MS, 5 * MS, 5 * MS, 90 * MS), "main:78 < preempted:3");
	assert_string_equal(chain_for(800 * MS, 5 * MS, 5 * MS, 5 * MS), "main:78 < computing:4");
	assert_string_equal(chain_for(1000 * MS, 5 * MS, 30 * MS, 60 * MS),
			    "main:78 < preempted:3");
}

static void a_short_wait_for_a_cpu_does_not_make_the_chain(void **state)
{
	(void)state;
	begin_loop();
	assert_string_equal(chain_for(200 * MS, 0, 0, 10 * MS), "main:78 < computing:4");
}

static void the_chain_has_coroutines_only_outermost_first(void **state)
{
	static const uint32_t frames[] = { RECV, HANDLE, COMPUTE, MAIN };
	struct lp_record_stack_sample record = record_stack_sample(LP_SAMPLE_ON_CPU, 7, 4, frames);
	const struct lp_reported_breakdown *why;

	(void)state;
	begin_loop();
	record.sample.segment_ns = START_NS + 10 * MS;
	record.sample.flags = LP_STACK_CUT;
	feed(&record, 0, 11 * MS);
	why = feed_over(10 * MS, 130 * MS);
	assert_string_equal(why->chain.text, "main:78 < handle:34");
	assert_true(why->chain.cut);
}

static void without_a_stack_there_is_no_chain(void **state)
{
	struct lp_event_segment_times event = record_account();

	(void)state;
	begin_loop();
	record_block(&event, SYS_READ, 99, 110 * MS, 1);
	feed_account(&event, 10 * MS);
	feed_over(10 * MS, 130 * MS);
	assert_int_equal(last_breakdown()->chain.depth, 0);
	/* the short stack of a sample on the CPU is better than no chain */
	feed_stack_sample(LP_SAMPLE_ON_CPU, 210 * MS, 7, COMPUTE, HANDLE);
	feed_account(&event, 210 * MS);
	feed_over(210 * MS, 330 * MS);
	assert_string_equal(last_breakdown()->chain.text, "handle:34");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_model, free_model)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_parts_of_a_duration_add_up_to_it),
		TEST(an_account_of_nothing_is_time_on_the_cpu),
		TEST(parts_that_exceed_the_duration_are_scaled_to_it),
		TEST(parts_that_no_clock_counts_still_add_up),
		TEST(without_an_account_the_times_are_not_known),
		TEST(blocking_calls_are_reported_longest_first),
		TEST(waits_in_no_known_call_have_a_name),
		TEST(what_a_call_was_on_is_held_to_its_field),
		TEST(a_call_that_took_no_time_is_not_reported),
		TEST(calls_that_found_no_space_are_counted),
		TEST(samples_are_counted_by_why_and_where),
		TEST(a_long_wait_counts_as_several_samples),
		TEST(stacks_that_are_not_whole_are_distinguished),
		TEST(collecting_garbage_is_a_share_of_the_time_on_the_cpu),
		TEST(without_samples_nothing_is_known_of_garbage),
		TEST(the_thread_that_was_seen_most_held_the_gil),
		TEST(more_holders_than_are_distinguished_do_no_harm),
		TEST(a_holder_is_at_the_place_where_it_was_seen_most),
		TEST(the_thread_that_woke_the_loop_last_is_reported),
		TEST(the_thread_that_woke_the_loop_is_reported_for_the_wait_that_it_ended),
		TEST(nobody_held_the_gil_where_nobody_was_seen),
		TEST(the_chain_is_that_of_the_stack_where_most_time_went),
		TEST(a_short_wait_for_a_cpu_does_not_make_the_chain),
		TEST(the_chain_has_coroutines_only_outermost_first),
		TEST(without_a_stack_there_is_no_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
