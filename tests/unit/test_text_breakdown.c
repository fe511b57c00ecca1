// SPDX-License-Identifier: BSD-2-Clause
/* The breakdown of a slow callback in the text output: where its time went. */
#include "text_slow_fixture.h"

#include "model/breakdown.h"
#include "runtime/registry.h"

#include <sys/syscall.h>

static const struct lp_stack sending = STACK(FRAME("send", "/srv/app/db.py", 30),
					     FRAME("execute", "/srv/app/db.py", 39),
					     FRAME("fetch_report", "/srv/app/reports.py", 17),
					     COROUTINE("handle_report", "/srv/app/views.py", 90));
static const struct lp_stack deep =
	STACK(FRAME("write", "/srv/app/log.py", 1), FRAME("emit", "/srv/app/log.py", 2),
	      FRAME("handle", "/srv/app/log.py", 3), FRAME("log", "/srv/app/log.py", 4),
	      COROUTINE("handle_report", "/srv/app/views.py", 90));

static void a_blocking_call_has_its_target_its_stack_and_who_waited(void **state)
{
	struct lp_blocked blocked[] = {
		{ "recvfrom", "tcp 10.0.3.7:5432", "", 311900000, 1, receiving, NO_SLEEP, "", "", 0,
		  false },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .on_cpu_ns = 500000, .blocked_ns = 311900000 },
		.blocked_count = 1,
		.blocked = blocked,
	};
	struct lp_slow_callback slow = slow_report(312400000, &breakdown);

	(void)state;
	slow.queue_delay_ns = 51 * MS;
	slow.delayed_known = true;
	slow.delayed_callbacks = 41;
	slow.delayed_events = 6;
	assert_string_equal(
		rendered(&slow, &wide),
		"12:01:07.312    312 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		"    blocked   312 ms  recvfrom on tcp 10.0.3.7:5432, 1 call\n"
		"        execute        app/db.py:41\n"
		"        fetch_report   app/reports.py:17\n"
		"        handle_report  app/views.py:90\n"
		"    on CPU    500 us\n"
		"    had waited 51.0 ms to run\n"
		"    held up 41 callbacks and 6 ready events\n");
}

static void further_blocking_calls_show_what_differs(void **state)
{
	struct lp_blocked blocked[] = {
		{ "recvfrom", "tcp 10.0.3.7:5432", "", 200 * MS, 40, receiving, NO_SLEEP, "", "", 0,
		  false },
		{ "sendto", "tcp 10.0.3.7:5432", "", 60 * MS, 40, sending, NO_SLEEP, "", "", 0,
		  false },
		{ "read", "", "", 20 * MS, 2, receiving, NO_SLEEP, "", "", 0, false },
		{ "page fault", "/srv/app/data.bin", "", 10 * MS, 7, deep, NO_SLEEP, "", "", 0,
		  false },
		{ "fsync", "/srv/app/log", "", 5 * MS, 3, deep, NO_SLEEP, "", "", 0, false },
		{ "openat", "/srv/app/log", "", 1 * MS, 2, deep, NO_SLEEP, "", "", 0, false },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .on_cpu_ns = 0, .blocked_ns = 301 * MS },
		.blocked_count = 6,
		.blocked = blocked,
		.blocked_dropped = 20,
		.blocked_dropped_ns = 5 * MS,
	};

	(void)state;
	expect_slow(301 * MS, &breakdown,
		    "12:01:07.301    301 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked   200 ms  recvfrom on tcp 10.0.3.7:5432, 40 calls\n"
		    "        execute        app/db.py:41\n"
		    "        fetch_report   app/reports.py:17\n"
		    "        handle_report  app/views.py:90\n"
		    "    blocked  60.0 ms  sendto on tcp 10.0.3.7:5432, 40 calls\n"
		    "        send     app/db.py:30\n"
		    "        execute  app/db.py:39\n"
		    "    blocked  20.0 ms  read, 2 calls\n"
		    "        execute  app/db.py:41\n"
		    "    blocked  10.0 ms  page fault on /srv/app/data.bin, 7 times\n"
		    "        write   app/log.py:1\n"
		    "        emit    app/log.py:2\n"
		    "        handle  app/log.py:3\n"
		    "    and 25 more calls, 11.0 ms\n");
}

static void many_short_calls_have_the_longest_as_an_example(void **state)
{
	struct lp_blocked blocked[] = {
		{ "recvfrom", "tcp 10.0.3.7:5432", "", 1 * MS, 2, receiving, NO_SLEEP, "", "", 0,
		  false },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .on_cpu_ns = 1000, .blocked_ns = 300 * MS },
		.blocked_count = 1,
		.blocked = blocked,
		.blocked_dropped = 900,
		.blocked_dropped_ns = 250 * MS,
	};

	(void)state;
	expect_slow(300 * MS, &breakdown,
		    "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked  1.00 ms  recvfrom on tcp 10.0.3.7:5432, 2 calls\n"
		    "        execute        app/db.py:41\n"
		    "        fetch_report   app/reports.py:17\n"
		    "        handle_report  app/views.py:90\n"
		    "    and 900 more calls, 250 ms\n"
		    "    blocked  49.0 ms  in calls that are not known\n"
		    "    on CPU   1.00 us\n");
}

static void computing_has_the_stack_seen_most_and_the_lines(void **state)
{
	struct lp_sample samples[] = {
		{ 12, LP_SAMPLE_ON_CPU, false, computing },
		{ 6, LP_SAMPLE_ON_CPU, false, counting },
		{ 3, LP_SAMPLE_ON_CPU, true, { 0 } },
		{ 1, LP_SAMPLE_RUN_QUEUE, false, receiving },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true,
			  .gc_known = true,
			  .on_cpu_ns = 225 * MS,
			  .run_queue_ns = 51 * MS,
			  .gc_ns = 30 * MS },
		.sample_count = 4,
		.samples = samples,
	};

	(void)state;
	expect_slow(276 * MS, &breakdown,
		    "12:01:07.276    276 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    on CPU    225 ms, 21 samples\n"
		    "    collecting garbage about 30.0 ms of it\n"
		    "        prime_sum      app/primes.py:43\n"
		    "        handle_report  app/views.py:92\n"
		    "        12 of 21  prime_sum  app/primes.py:43\n"
		    "         6 of 21  is_prime   app/primes.py:31\n"
		    "         3 of 21  elsewhere\n"
		    "    waiting for a CPU 51.0 ms\n"
		    "        who had the CPU is not known, as for all short waits\n");
}

/* What the interpreter has recorded of its collections is no estimate, if it is all of them. */
static void recorded_collections_have_their_generation(void **state)
{
	struct lp_sample samples[] = { { 12, LP_SAMPLE_ON_CPU, true, computing } };
	struct lp_breakdown breakdown = {
		.time = { .known = true,
			  .gc_known = true,
			  .on_cpu_ns = 225 * MS,
			  .gc_ns = 30 * MS,
			  .gc_exact = true,
			  .gc_recorded = true,
			  .gc_generation = 2 },
		.sample_count = 1,
		.samples = samples,
	};

	(void)state;
	expect_slow(225 * MS, &breakdown,
		    "12:01:07.225    225 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    on CPU    225 ms, 12 samples\n"
		    "    collecting garbage 30.0 ms of it, generation 2\n"
		    "        prime_sum      app/primes.py:43\n"
		    "        handle_report  app/views.py:92\n");
	breakdown.time.gc_exact = false;
	expect_slow(225 * MS, &breakdown,
		    "12:01:07.225    225 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    on CPU    225 ms, 12 samples\n"
		    "    collecting garbage about 30.0 ms of it, generation 2\n"
		    "        prime_sum      app/primes.py:43\n"
		    "        handle_report  app/views.py:92\n");
}

static void a_wait_for_the_gil_has_its_holder_and_where_the_loop_stood(void **state)
{
	struct lp_sample samples[] = {
		{ 1, LP_SAMPLE_ON_CPU, false, computing },
		{ 15, LP_SAMPLE_GIL, false, counting },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .on_cpu_ns = 1000000, .gil_ns = 159 * MS },
		.sample_count = 2,
		.samples = samples,
		.gil = { .known = true, .thread = "Thread-3", .tid = 44, .stack = crunching },
	};

	(void)state;
	expect_slow(160 * MS, &breakdown,
		    "12:01:07.160    160 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    waiting for the GIL 159 ms, held by 'Thread-3'\n"
		    "        crunch      app/work.py:12\n"
		    "        Thread.run  lib/threading.py:975\n"
		    "    the loop stood at\n"
		    "        is_prime       app/primes.py:31\n"
		    "        prime_sum      app/primes.py:43\n"
		    "        handle_report  app/views.py:92\n"
		    "    on CPU   1.00 ms\n");
}

static void a_look_up_of_a_name_has_its_call_on_a_line_of_its_own(void **state)
{
	struct lp_blocked blocked[] = {
		{ .syscall = "poll",
		  .target = "udp 10.0.0.2:53",
		  .dns_name = "api.example.org",
		  .duration_ns = 200 * MS,
		  .count = 1 },
		{ .syscall = "poll",
		  .target = "udp 10.0.0.2:53",
		  .dns_name = "a-name-that-is-wider-than-what-is-left-of-the-line.example.org",
		  .duration_ns = 100 * MS,
		  .count = 2 },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 300 * MS },
		.blocked_count = 2,
		.blocked = blocked,
	};

	(void)state;
	expect_slow(300 * MS, &breakdown,
		    "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked   200 ms  DNS look-up of api.example.org, 1 call\n"
		    "        poll on udp 10.0.0.2:53\n"
		    "    blocked   100 ms  poll on udp 10.0.0.2:53, 2 calls\n"
		    "        it looks up\n"
		    "            a-name-that-is-wider-than-what-is-left-of-the-line.example.org\n");
}

static void the_other_end_of_a_call_is_reported_with_it(void **state)
{
	struct lp_other_end end = {
		.kind = LP_OTHER_END_PIPE,
		.syscall = SYS_write,
		.file = { 1, "pipe:[7]" },
		.count = 1,
		.processes = { { .pid = 99,
				 .syscall = SYS_nanosleep,
				 .comm = "cat",
				 .state = 'S',
				 .file = { .descriptor = -1 } } },
	};
	struct lp_blocked blocked[] = {
		{ .syscall = "write",
		  .target = "pipe:[7]",
		  .duration_ns = 200 * MS,
		  .count = 1,
		  .stack = receiving },
		{ .syscall = "futex", .target = "lock 0x7f", .duration_ns = 100 * MS, .count = 1 },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 300 * MS },
		.blocked_count = 2,
		.blocked = blocked,
		.end = &end,
		.holder = { .known = true, .thread = "saver", .tid = 44, .stack = crunching },
	};

	(void)state;
	breakdown_find_end(&breakdown);
	expect_slow(300 * MS, &breakdown,
		    "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked   200 ms  write on stdout, 1 call\n"
		    "        its other end is held by pid 99 (cat), which sleeps in nanosleep\n"
		    "        execute        app/db.py:41\n"
		    "        fetch_report   app/reports.py:17\n"
		    "        handle_report  app/views.py:90\n"
		    "    blocked   100 ms  futex on lock 0x7f, 1 call\n"
		    "      held by 'saver', which is at\n"
		    "        crunch      app/work.py:12\n"
		    "        Thread.run  lib/threading.py:975\n");
}

/* A step may read from two pipes: that of a child's start, and that of its output. */
static void the_other_end_is_that_of_one_of_several_calls(void **state)
{
	struct lp_other_end end = { .kind = LP_OTHER_END_PIPE,
				    .syscall = SYS_read,
				    .file = { 5, "pipe:[8]" },
				    .itself = 1 };
	struct lp_blocked blocked[] = {
		{ .syscall = "futex", .target = "lock 0x7f", .duration_ns = 90 * MS, .count = 1 },
		{ .syscall = "read", .target = "pipe:[7]", .duration_ns = 60 * MS, .count = 1 },
		{ .syscall = "read", .target = "pipe:[8]", .duration_ns = 50 * MS, .count = 1 },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 200 * MS },
		.blocked_count = 3,
		.blocked = blocked,
		.end = &end,
	};

	(void)state;
	breakdown_find_end(&breakdown);
	expect_slow(200 * MS, &breakdown,
		    "12:01:07.200    200 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked  90.0 ms  futex on lock 0x7f, 1 call\n"
		    "    blocked  60.0 ms  read on pipe:[7], 1 call\n"
		    "    blocked  50.0 ms  read on pipe:[8], 1 call\n"
		    "        its other end is held by only this process itself\n");
	/* no call on that descriptor: the longest one of that name */
	breakdown.end_blocked = 0;
	snprintf(end.file.name, sizeof(end.file.name), "pipe:[9]");
	breakdown_find_end(&breakdown);
	assert_int_equal(breakdown.end_blocked, 2);
	/* none of that name */
	breakdown.end_blocked = 0;
	end.syscall = SYS_write;
	breakdown_find_end(&breakdown);
	assert_int_equal(breakdown.end_blocked, 0);
}

static void a_holder_is_reported_with_a_call_that_waits_for_its_lock(void **state)
{
	struct lp_blocked blocked = { .syscall = "futex",
				      .target = "lock 0x7f",
				      .duration_ns = 100 * MS,
				      .count = 1,
				      .lock_address = 0x7f };
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 100 * MS },
		.blocked_count = 1,
		.blocked = &blocked,
		.holder = { .known = true, .thread = "saver", .tid = 44, .stack = crunching },
	};

	(void)state;
	/* the call waited for another lock than that whose holder was found */
	breakdown.holder.lock_address = 0x80;
	expect_slow(100 * MS, &breakdown,
		    "12:01:07.100    100 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked   100 ms  futex on lock 0x7f, 1 call\n");
	breakdown.holder.lock_address = 0x7f;
	breakdown.holder.own_loop = true;
	expect_slow(100 * MS, &breakdown,
		    "12:01:07.100    100 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked   100 ms  futex on lock 0x7f, 1 call\n"
		    "        it waits for a lock that its own thread holds\n");
	breakdown.holder.gives_result = true;
	expect_slow(
		100 * MS, &breakdown,
		"12:01:07.100    100 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		"    blocked   100 ms  futex on lock 0x7f, 1 call\n"
		"        it waits for a result that only this same, blocked loop can produce\n");
}

static void a_lock_of_threads_has_the_name_that_the_program_uses(void **state)
{
	struct lp_blocked blocked = { .syscall = "futex",
				      .target = "lock 0x7f",
				      .duration_ns = 100 * MS,
				      .count = 1,
				      .lock_address = 0x7f };
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 100 * MS },
		.blocked_count = 1,
		.blocked = &blocked,
		.holder = { .known = true,
			    .is_thread_lock = true,
			    .lock_address = 0x7f,
			    .thread = "saver",
			    .tid = 44,
			    .stack = crunching },
	};

	(void)state;
	runtime_add_code_names();
	expect_slow(100 * MS, &breakdown,
		    "12:01:07.100    100 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked   100 ms  threading.Lock or RLock (futex on lock 0x7f), 1 call\n"
		    "      held by 'saver', which is at\n"
		    "        crunch      app/work.py:12\n"
		    "        Thread.run  lib/threading.py:975\n");
	breakdown.holder.lock_address = 0x80;
	expect_slow(100 * MS, &breakdown,
		    "12:01:07.100    100 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked   100 ms  futex on lock 0x7f, 1 call\n");
}

static void the_task_that_holds_a_lock_is_printed_with_its_stack(void **state)
{
	struct lp_blocked blocked = {
		.syscall = "futex", .target = "lock 0x7f", .duration_ns = 100 * MS, .count = 1
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 100 * MS },
		.blocked_count = 1,
		.blocked = &blocked,
		.holder = { .known = true,
			    .own_loop = true,
			    .is_task = true,
			    .thread = "holder",
			    .since_ns = 2000 * MS,
			    .read_ns = 5200 * MS,
			    .stack = crunching },
	};

	(void)state;
	expect_slow(
		100 * MS, &breakdown,
		"12:01:07.100    100 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		"    blocked   100 ms  futex on lock 0x7f, 1 call\n"
		"      held by task 'holder' of this same, blocked loop, waiting for 3.20 s at\n"
		"        crunch      app/work.py:12\n"
		"        Thread.run  lib/threading.py:975\n");
	breakdown.holder.own_loop = false;
	breakdown.holder.gives_result = true;
	breakdown.holder.since_ns = 0;
	expect_slow(100 * MS, &breakdown,
		    "12:01:07.100    100 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked   100 ms  futex on lock 0x7f, 1 call\n"
		    "      it waits for the result of task 'holder', which is at\n"
		    "        crunch      app/work.py:12\n"
		    "        Thread.run  lib/threading.py:975\n");
	breakdown.holder.is_task = false;
	expect_slow(100 * MS, &breakdown,
		    "12:01:07.100    100 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked   100 ms  futex on lock 0x7f, 1 call\n"
		    "      it waits for the result of a job of thread 'holder', which is at\n"
		    "        crunch      app/work.py:12\n"
		    "        Thread.run  lib/threading.py:975\n");
	breakdown.holder.ends = true;
	expect_slow(100 * MS, &breakdown,
		    "12:01:07.100    100 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked   100 ms  futex on lock 0x7f, 1 call\n"
		    "      it waits for the end of thread 'holder', which is at\n"
		    "        crunch      app/work.py:12\n"
		    "        Thread.run  lib/threading.py:975\n");
}

static void the_thread_that_ended_a_wait_is_printed_below_that_call(void **state)
{
	struct lp_blocked blocked[] = {
		{ .syscall = "read", .target = "pipe:[7]", .duration_ns = 90 * MS, .count = 1 },
		{ .syscall = "futex", .target = "lock 0x7f", .duration_ns = 60 * MS, .count = 1 },
		{ .syscall = "futex",
		  .target = "lock 0x8f",
		  .duration_ns = 50 * MS,
		  .count = 1,
		  .woken = true },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 200 * MS },
		.blocked_count = 3,
		.blocked = blocked,
		.waker = { .known = true, .thread = "writer", .tid = 45, .stack = crunching },
	};

	(void)state;
	expect_slow(200 * MS, &breakdown,
		    "12:01:07.200    200 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked  90.0 ms  read on pipe:[7], 1 call\n"
		    "    blocked  60.0 ms  futex on lock 0x7f, 1 call\n"
		    "    blocked  50.0 ms  futex on lock 0x8f, 1 call\n"
		    "      woken by thread 'writer', which was at\n"
		    "        crunch      app/work.py:12\n"
		    "        Thread.run  lib/threading.py:975\n");
	/* a thread whose stack is not known has the name of the kernel, which many have */
	breakdown.blocked_count = 2;
	blocked[1].woken = true;
	breakdown.time.blocked_ns = 150 * MS;
	breakdown.waker.stack = (struct lp_stack){ .unreadable = true };
	text_copy(breakdown.waker.thread, sizeof(breakdown.waker.thread), "python");
	expect_slow(150 * MS, &breakdown,
		    "12:01:07.150    150 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked  90.0 ms  read on pipe:[7], 1 call\n"
		    "    blocked  60.0 ms  futex on lock 0x7f, 1 call\n"
		    "      woken by thread 'python' (TID 45)\n");
	breakdown.waker.thread[0] = '\0';
	expect_slow(150 * MS, &breakdown,
		    "12:01:07.150    150 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked  90.0 ms  read on pipe:[7], 1 call\n"
		    "    blocked  60.0 ms  futex on lock 0x7f, 1 call\n"
		    "      woken by thread 45\n");
	/* the holder, which was found while the loop waited, says more */
	breakdown.holder = (struct lp_lock_holder){
		.known = true, .thread = "saver", .tid = 44, .stack = crunching
	};
	expect_slow(150 * MS, &breakdown,
		    "12:01:07.150    150 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    blocked  90.0 ms  read on pipe:[7], 1 call\n"
		    "    blocked  60.0 ms  futex on lock 0x7f, 1 call\n"
		    "      held by 'saver', which is at\n"
		    "        crunch      app/work.py:12\n"
		    "        Thread.run  lib/threading.py:975\n");
}

static void a_holder_of_the_gil_without_a_name_is_reported_as_far_as_known(void **state)
{
	struct lp_breakdown breakdown = {
		.time = { .known = true, .gil_ns = 160 * MS },
		.gil = { .known = true, .tid = 44, .stack = { .unreadable = true } },
	};

	(void)state;
	expect_slow(160 * MS, &breakdown,
		    "12:01:07.160    160 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    waiting for the GIL 160 ms, held by thread 44\n"
		    "        ... (the stack could not be read)\n");
	breakdown.gil.tid = 0;
	breakdown.gil.stack.unreadable = false;
	expect_slow(160 * MS, &breakdown,
		    "12:01:07.160    160 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    waiting for the GIL 160 ms, held by another thread\n");
	breakdown.gil.known = false;
	expect_slow(160 * MS, &breakdown,
		    "12:01:07.160    160 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    waiting for the GIL 160 ms\n");
}

static void a_wait_for_a_cpu_shows_where_it_was_taken_away(void **state)
{
	struct lp_sample samples[] = { { 5, LP_SAMPLE_RUN_QUEUE, false, computing } };
	struct lp_breakdown breakdown = {
		.time = { .known = true, .on_cpu_ns = 20 * MS, .run_queue_ns = 280 * MS },
		.sample_count = 1,
		.samples = samples,
	};

	(void)state;
	expect_slow(300 * MS, &breakdown,
		    "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    waiting for a CPU 280 ms\n"
		    "        who had the CPU is not known, as for all short waits\n"
		    "        prime_sum      app/primes.py:43\n"
		    "        handle_report  app/views.py:92\n"
		    "    on CPU   20.0 ms\n");
}

static void parts_below_a_hundredth_are_left_out(void **state)
{
	struct lp_blocked blocked[] = { { "read", "/srv/x", "", 2 * MS, 1, receiving, NO_SLEEP, "",
					  "", 0, false } };
	struct lp_sample samples[] = { { 30, LP_SAMPLE_ON_CPU, false, computing } };
	struct lp_breakdown breakdown = {
		.time = { .known = true,
			  .gc_known = true,
			  .on_cpu_ns = 295 * MS,
			  .blocked_ns = 2 * MS,
			  .gil_ns = 2 * MS,
			  .run_queue_ns = 1 * MS,
			  .gc_ns = 1 * MS },
		.blocked_count = 1,
		.blocked = blocked,
		.sample_count = 1,
		.samples = samples,
		.gil = { .known = true, .thread = "Thread-3", .stack = crunching },
	};

	(void)state;
	expect_slow(300 * MS, &breakdown,
		    "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
		    "    on CPU    295 ms, 30 samples\n"
		    "        prime_sum      app/primes.py:43\n"
		    "        handle_report  app/views.py:92\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_blocking_call_has_its_target_its_stack_and_who_waited),
		cmocka_unit_test(further_blocking_calls_show_what_differs),
		cmocka_unit_test(many_short_calls_have_the_longest_as_an_example),
		cmocka_unit_test(computing_has_the_stack_seen_most_and_the_lines),
		cmocka_unit_test(recorded_collections_have_their_generation),
		cmocka_unit_test(a_wait_for_the_gil_has_its_holder_and_where_the_loop_stood),
		cmocka_unit_test(a_look_up_of_a_name_has_its_call_on_a_line_of_its_own),
		cmocka_unit_test(the_other_end_of_a_call_is_reported_with_it),
		cmocka_unit_test(the_other_end_is_that_of_one_of_several_calls),
		cmocka_unit_test(a_holder_is_reported_with_a_call_that_waits_for_its_lock),
		cmocka_unit_test(a_holder_of_the_gil_without_a_name_is_reported_as_far_as_known),
		cmocka_unit_test(a_lock_of_threads_has_the_name_that_the_program_uses),
		cmocka_unit_test(the_task_that_holds_a_lock_is_printed_with_its_stack),
		cmocka_unit_test(the_thread_that_ended_a_wait_is_printed_below_that_call),
		cmocka_unit_test(a_wait_for_a_cpu_shows_where_it_was_taken_away),
		cmocka_unit_test(parts_below_a_hundredth_are_left_out),
	};

	return cmocka_run_group_tests(tests, use_utc, NULL);
}
