// SPDX-License-Identifier: BSD-2-Clause
/* The text output for single slow callbacks, and how it fits the page. */
#include "text_fixture.h"

#include <sys/syscall.h>

static const struct lp_stack sending = STACK(FRAME("send", "/srv/app/db.py", 30),
					     FRAME("execute", "/srv/app/db.py", 39),
					     FRAME("fetch_report", "/srv/app/reports.py", 17),
					     COROUTINE("handle_report", "/srv/app/views.py", 90));
static const struct lp_stack deep =
	STACK(FRAME("write", "/srv/app/log.py", 1), FRAME("emit", "/srv/app/log.py", 2),
	      FRAME("handle", "/srv/app/log.py", 3), FRAME("log", "/srv/app/log.py", 4),
	      COROUTINE("handle_report", "/srv/app/views.py", 90));
static const struct lp_stack counting = STACK(FRAME("is_prime", "/srv/app/primes.py", 31),
					      FRAME("prime_sum", "/srv/app/primes.py", 43),
					      COROUTINE("handle_report", "/srv/app/views.py", 92));

static const char *rendered(const struct lp_slow_callback *slow, const struct lp_terminal *terminal)
{
	struct lp_sink *sink = open_sink(terminal, false);

	sink->observer.slow(sink, slow);
	return written(sink, terminal->columns);
}

/* A slow callback of a task with this breakdown. */
static struct lp_slow_callback slow_report(uint64_t duration_ns,
					   const struct lp_breakdown *breakdown)
{
	return (struct lp_slow_callback){
		.loop = &loop,
		.callback = &report,
		.duration_ns = duration_ns,
		.queue_delay_ns = LP_NO_QUEUE_DELAY,
		.task = 16,
		.task_name = "GET /report",
		.breakdown = *breakdown,
	};
}

static void expect(uint64_t duration_ns, const struct lp_breakdown *breakdown, const char *wanted)
{
	struct lp_slow_callback slow = slow_report(duration_ns, breakdown);

	assert_string_equal(rendered(&slow, &wide), wanted);
}

static void a_blocking_call_has_its_target_its_stack_and_who_waited(void **state)
{
	struct lp_blocked blocked[] = {
		{ "recvfrom", "tcp 10.0.3.7:5432", "", 311900000, 1, receiving, NO_SLEEP, "" },
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
		{ "recvfrom", "tcp 10.0.3.7:5432", "", 200 * MS, 40, receiving, NO_SLEEP, "" },
		{ "sendto", "tcp 10.0.3.7:5432", "", 60 * MS, 40, sending, NO_SLEEP, "" },
		{ "read", "", "", 20 * MS, 2, receiving, NO_SLEEP, "" },
		{ "page fault", "/srv/app/data.bin", "", 10 * MS, 7, deep, NO_SLEEP, "" },
		{ "fsync", "/srv/app/log", "", 5 * MS, 3, deep, NO_SLEEP, "" },
		{ "openat", "/srv/app/log", "", 1 * MS, 2, deep, NO_SLEEP, "" },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .on_cpu_ns = 0, .blocked_ns = 301 * MS },
		.blocked_count = 6,
		.blocked = blocked,
		.blocked_dropped = 20,
		.blocked_dropped_ns = 5 * MS,
	};

	(void)state;
	expect(301 * MS, &breakdown,
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
		{ "recvfrom", "tcp 10.0.3.7:5432", "", 1 * MS, 2, receiving, NO_SLEEP, "" },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .on_cpu_ns = 1000, .blocked_ns = 300 * MS },
		.blocked_count = 1,
		.blocked = blocked,
		.blocked_dropped = 900,
		.blocked_dropped_ns = 250 * MS,
	};

	(void)state;
	expect(300 * MS, &breakdown,
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
	expect(276 * MS, &breakdown,
	       "12:01:07.276    276 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    on CPU    225 ms, 21 samples\n"
	       "    collecting garbage about 30.0 ms of it\n"
	       "        prime_sum      app/primes.py:43\n"
	       "        handle_report  app/views.py:92\n"
	       "        12 of 21  prime_sum  app/primes.py:43\n"
	       "         6 of 21  is_prime   app/primes.py:31\n"
	       "         3 of 21  elsewhere\n"
	       "    waiting for a CPU 51.0 ms\n");
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
	expect(160 * MS, &breakdown,
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

static void the_other_end_of_a_call_is_reported_with_it(void **state)
{
	struct lp_other_end end = {
		.kind = LP_END_PIPE,
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
		.lock = { .known = true, .thread = "saver", .tid = 44, .stack = crunching },
	};

	(void)state;
	expect(300 * MS, &breakdown,
	       "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    blocked   200 ms  write on stdout, 1 call\n"
	       "        its other end is held by pid 99 (cat), which sleeps in nanosleep\n"
	       "        execute        app/db.py:41\n"
	       "        fetch_report   app/reports.py:17\n"
	       "        handle_report  app/views.py:90\n"
	       "    blocked   100 ms  futex on lock 0x7f, 1 call\n"
	       "      held by 'saver', which stands at\n"
	       "        crunch      app/work.py:12\n"
	       "        Thread.run  lib/threading.py:975\n");
	breakdown.end = NULL;
	breakdown.lock.own_loop = true;
	breakdown.blocked = &blocked[1];
	breakdown.blocked_count = 1;
	breakdown.time.blocked_ns = 100 * MS;
	expect(100 * MS, &breakdown,
	       "12:01:07.100    100 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    blocked   100 ms  futex on lock 0x7f, 1 call\n"
	       "        it waits for a result that only this same, blocked loop can produce\n");
}

static void a_holder_of_the_gil_without_a_name_is_reported_as_far_as_known(void **state)
{
	struct lp_breakdown breakdown = {
		.time = { .known = true, .gil_ns = 160 * MS },
		.gil = { .known = true, .tid = 44, .stack = { .unreadable = true } },
	};

	(void)state;
	expect(160 * MS, &breakdown,
	       "12:01:07.160    160 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    waiting for the GIL 160 ms, held by thread 44\n"
	       "        ... (the stack could not be read)\n");
	breakdown.gil.tid = 0;
	breakdown.gil.stack.unreadable = false;
	expect(160 * MS, &breakdown,
	       "12:01:07.160    160 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    waiting for the GIL 160 ms, held by another thread\n");
	breakdown.gil.known = false;
	expect(160 * MS, &breakdown,
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
	expect(300 * MS, &breakdown,
	       "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    waiting for a CPU 280 ms\n"
	       "        prime_sum      app/primes.py:43\n"
	       "        handle_report  app/views.py:92\n"
	       "    on CPU   20.0 ms\n");
}

static void parts_below_a_hundredth_are_left_out(void **state)
{
	struct lp_blocked blocked[] = { { "read", "/srv/x", "", 2 * MS, 1, receiving, NO_SLEEP,
					  "" } };
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
	expect(300 * MS, &breakdown,
	       "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    on CPU    295 ms, 30 samples\n"
	       "        prime_sum      app/primes.py:43\n"
	       "        handle_report  app/views.py:92\n");
}

static void a_stall_in_progress_says_so_first(void **state)
{
	struct lp_blocked blocked[] = { { "flock", "/srv/app/lock", "", 998 * MS, 1, receiving,
					  NO_SLEEP, "" } };
	struct lp_breakdown breakdown = {
		.time = { .known = true, .on_cpu_ns = 2 * MS, .blocked_ns = 998 * MS },
		.blocked_count = 1,
		.blocked = blocked,
	};
	struct lp_slow_callback slow = slow_report(1000 * MS, &breakdown);

	(void)state;
	slow.in_progress = true;
	assert_string_equal(
		rendered(&slow, &wide),
		"12:01:08.000  still running after 1.00 s  handle_report  task 'GET /report'\n"
		"    blocked   998 ms  flock on /srv/app/lock, 1 call\n"
		"        execute        app/db.py:41\n"
		"        fetch_report   app/reports.py:17\n"
		"        handle_report  app/views.py:90\n"
		"    on CPU   2.00 ms\n");
}

static void what_will_soon_be_reported_whole_is_not_reported_yet(void **state)
{
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 400 * MS } };
	struct lp_slow_callback slow = slow_report(400 * MS, &breakdown);

	(void)state;
	slow.in_progress = true;
	assert_string_equal(rendered(&slow, &wide), "");
}

static void what_a_stack_lacks_is_reported(void **state)
{
	struct lp_stack cut = computing, unreadable = computing;
	struct lp_blocked blocked[] = { { "read", "", "", 200 * MS, 1, cut, NO_SLEEP, "" } };
	struct lp_sample samples[] = { { 2, LP_SAMPLE_ON_CPU, false, unreadable } };
	struct lp_breakdown breakdown = {
		.time = { .known = true, .on_cpu_ns = 100 * MS, .blocked_ns = 200 * MS },
		.blocked_count = 1,
		.blocked = blocked,
		.sample_count = 1,
		.samples = samples,
	};

	(void)state;
	blocked[0].stack.cut = true;
	samples[0].stack.unreadable = true;
	samples[0].stack.depth = 1;
	expect(300 * MS, &breakdown,
	       "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    blocked   200 ms  read, 1 call\n"
	       "        prime_sum      app/primes.py:43\n"
	       "        handle_report  app/views.py:92\n"
	       "        ... (deeper than 2 frames)\n"
	       "    on CPU    100 ms, 2 samples\n"
	       "        prime_sum  app/primes.py:43\n"
	       "        ... (the rest could not be read)\n");
	samples[0].stack.depth = 0;
	breakdown.blocked_count = 0;
	expect(300 * MS, &breakdown,
	       "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    blocked   200 ms  in calls that are not known\n"
	       "    on CPU    100 ms, 2 samples\n"
	       "        ... (the stack could not be read)\n");
}

static void frames_of_c_and_of_the_kernel_are_marked(void **state)
{
	const struct lp_stack mixed =
		STACK(KERNEL("tcp_recvmsg", ""), KERNEL("nft_do_chain", "nf_tables"),
		      NATIVE("__libc_recv", "/usr/lib/x86_64-linux-gnu/libc.so.6"),
		      FRAME("execute", "/srv/app/db.py", 41));
	struct lp_blocked blocked[] = { { "recvfrom", "", "", 300 * MS, 1, mixed, NO_SLEEP, "" } };
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 300 * MS },
		.blocked_count = 1,
		.blocked = blocked,
	};

	(void)state;
	expect(300 * MS, &breakdown,
	       "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    blocked   300 ms  recvfrom, 1 call\n"
	       "        tcp_recvmsg   [k]\n"
	       "        nft_do_chain  nf_tables [k]\n"
	       "        __libc_recv   libc.so.6 [C]\n"
	       "        execute       app/db.py:41\n");
}

/* With --kernel each call has its kernel frames on top and its Python line below them. */
static void every_call_has_its_python_line_below_the_kernels_frames(void **state)
{
	const struct lp_stack first = STACK(KERNEL("tcp_recvmsg", ""), KERNEL("sock_recvmsg", ""),
					    KERNEL("sys_recvfrom", ""), KERNEL("do_syscall_64", ""),
					    FRAME("execute", "/srv/app/db.py", 41),
					    COROUTINE("handle_report", "/srv/app/views.py", 90));
	const struct lp_stack second =
		STACK(KERNEL("hrtimer_nanosleep", ""), KERNEL("do_nanosleep", ""),
		      KERNEL("sys_clock_nanosleep", ""), KERNEL("do_syscall_64", ""),
		      NATIVE("clock_nanosleep", "/usr/lib/libc.so.6"),
		      FRAME("pause", "/srv/app/db.py", 50),
		      COROUTINE("handle_report", "/srv/app/views.py", 91));
	const struct lp_stack same_line =
		STACK(KERNEL("vfs_read", ""), KERNEL("ksys_read", ""), KERNEL("sys_read", ""),
		      KERNEL("do_syscall_64", ""), FRAME("execute", "/srv/app/db.py", 41),
		      COROUTINE("handle_report", "/srv/app/views.py", 90));
	struct lp_blocked blocked[] = {
		{ "recvfrom", "", "", 200 * MS, 1, first, NO_SLEEP, "" },
		{ "clock_nanosleep", "", "", 60 * MS, 1, second, NO_SLEEP, "" },
		{ "read", "", "", 40 * MS, 1, same_line, NO_SLEEP, "" },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 300 * MS },
		.blocked_count = 3,
		.blocked = blocked,
	};

	(void)state;
	expect(300 * MS, &breakdown,
	       "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    blocked   200 ms  recvfrom, 1 call\n"
	       "        tcp_recvmsg    [k]\n"
	       "        sock_recvmsg   [k]\n"
	       "        sys_recvfrom   [k]\n"
	       "        do_syscall_64  [k]\n"
	       "        execute        app/db.py:41\n"
	       "        handle_report  app/views.py:90\n"
	       "    blocked  60.0 ms  clock_nanosleep, 1 call\n"
	       "        hrtimer_nanosleep    [k]\n"
	       "        do_nanosleep         [k]\n"
	       "        sys_clock_nanosleep  [k]\n"
	       "        clock_nanosleep      libc.so.6 [C]\n"
	       "        pause                app/db.py:50\n"
	       "        handle_report        app/views.py:91\n"
	       "    blocked  40.0 ms  read, 1 call\n"
	       "        vfs_read   [k]\n"
	       "        ksys_read  [k]\n"
	       "        sys_read   [k]\n"
	       "        execute    app/db.py:41\n");
}

static const struct lp_stack chain = STACK(COROUTINE("main", "/srv/app/main.py", 5),
					   COROUTINE("serve", "/srv/app/main.py", 9),
					   COROUTINE("handle_report", "/srv/app/views.py", 90));

static void the_await_chain_is_reported_if_the_stack_lacks_it(void **state)
{
	const struct lp_stack whole = STACK(COROUTINE("handle_report", "/srv/app/views.py", 90),
					    COROUTINE("serve", "/srv/app/main.py", 9),
					    COROUTINE("main", "/srv/app/main.py", 5));
	struct lp_blocked blocked[] = { { "read", "", "", 300 * MS, 1, receiving, NO_SLEEP, "" } };
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 300 * MS },
		.blocked_count = 1,
		.blocked = blocked,
		.await_chain = chain,
	};
	struct lp_slow_callback slow = slow_report(300 * MS, &breakdown);

	(void)state;
	assert_non_null(strstr(rendered(&slow, &wide),
			       "\n    awaited through main > serve > handle_report\n"));
	blocked[0].stack = whole;
	assert_null(strstr(rendered(&slow, &wide), "awaited"));
	/* a chain of one frame awaits nothing */
	slow.breakdown.blocked_count = 0;
	slow.breakdown.await_chain.depth = 1;
	assert_null(strstr(rendered(&slow, &wide), "awaited"));
}

static void a_long_await_chain_loses_its_outer_end(void **state)
{
	const struct lp_stack longest =
		STACK(COROUTINE("a_coroutine_with_a_rather_long_name_0", "", 0),
		      COROUTINE("a_coroutine_with_a_rather_long_name_1", "", 0),
		      COROUTINE("a_coroutine_with_a_name_2", "", 0), COROUTINE("innermost", "", 0));
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 300 * MS },
					  .await_chain = longest };
	struct lp_terminal ascii = { .columns = 80 };
	struct lp_slow_callback slow = slow_report(300 * MS, &breakdown);

	(void)state;
	assert_non_null(
		strstr(rendered(&slow, &ascii),
		       "\n    awaited through .. > a_coroutine_with_a_name_2 > innermost\n"));
}

static void merge_of_older_versions_have_samples_only(void **state)
{
	struct lp_sample samples[] = { { .count = 6, .stack = computing },
				       { .count = 1, .stack = counting } };
	struct lp_breakdown breakdown = { .sample_count = 2, .samples = samples };

	(void)state;
	expect(300 * MS, &breakdown,
	       "12:01:07.300    300 ms  handle_report  task 'GET /report' (app/views.py:88)\n"
	       "    most frequent, in 6 of 7 samples\n"
	       "        prime_sum      app/primes.py:43\n"
	       "        handle_report  app/views.py:92\n");
}

static void everything_that_is_too_long_is_cut(void **state)
{
	static const struct lp_callback_info long_info = { LP_MODEL_TASK, LONG_NAME,
							   "/srv/" LONG_NAME "/" LONG_NAME ".py",
							   123456 };
	const struct lp_stack long_stack =
		STACK(FRAME(LONG_NAME, "/srv/" LONG_NAME "/" LONG_NAME ".py", 123456),
		      NATIVE(LONG_NAME, "/srv/" LONG_NAME), KERNEL(LONG_NAME, LONG_NAME));
	struct lp_blocked blocked[] = { { "recvfrom", "/srv/" LONG_NAME, "", 300 * MS, 4294967295,
					  long_stack, NO_SLEEP, "" } };
	struct lp_sample samples[] = { { 3000000000, LP_SAMPLE_ON_CPU, false, long_stack },
				       { 30, LP_SAMPLE_ON_CPU, false, computing } };
	struct lp_breakdown breakdown = {
		.time = { .known = true,
			  .on_cpu_ns = 300 * MS,
			  .blocked_ns = 300 * MS,
			  .gil_ns = 300 * MS },
		.blocked_count = 1,
		.blocked = blocked,
		.sample_count = 2,
		.samples = samples,
		.gil = { .known = true, .thread = LONG_NAME, .stack = long_stack },
		.await_chain = long_stack,
	};
	struct lp_slow_callback slow = slow_report(1900 * MS, &breakdown);
	struct lp_terminal terminal = wide;
	const char *text;

	(void)state;
	slow.callback = &long_info;
	strcpy(slow.task_name, LONG_NAME);
	for (terminal.columns = 64; terminal.columns <= 112; terminal.columns += 8) {
		slow.in_progress = !slow.in_progress;
		text = rendered(&slow, &terminal);
		assert_non_null(strstr(text, "recvfrom on \xe2\x80\xa6"));
		assert_non_null(strstr(text, "to_its_end, 4294967295 calls\n"));
		assert_non_null(strstr(text, "to_its_end'\n"));
		assert_non_null(strstr(text, ".py:123456\n"));
	}
}

static void a_page_without_utf8_is_ascii_and_keeps_its_columns(void **state)
{
	static const struct lp_callback_info foreign = { LP_MODEL_TASK,
							 "gr\xc3\xb6\xc3\x9f"
							 "e",
							 "/srv/\xe8\xa8\x88\xe7\xae\x97.py", 3 };
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 300 * MS } };
	struct lp_slow_callback slow = slow_report(300 * MS, &breakdown);
	struct lp_terminal ascii = { .columns = 80 };

	(void)state;
	slow.callback = &foreign;
	assert_string_equal(rendered(&slow, &ascii),
			    "12:01:07.300    300 ms  gr??e  task 'GET /report' (srv/????.py:3)\n"
			    "    on CPU    300 ms\n");
}

static void only_the_duration_has_a_colour(void **state)
{
	struct lp_breakdown breakdown = { .time = { .known = true, .on_cpu_ns = 300 * MS } };
	struct lp_slow_callback slow = slow_report(300 * MS, &breakdown);
	struct lp_terminal coloured = { .columns = 120, .colour = true };

	(void)state;
	assert_string_equal(rendered(&slow, &coloured),
			    "12:01:07.300  \033[1;31m  300 ms\033[0m  handle_report  task 'GET "
			    "/report' (app/views.py:88)\n"
			    "    on CPU    300 ms\n");
}

/* A damaged capture may have any instant; only a sanitiser can report what goes wrong. */
static void any_instant_has_a_clock_time(void **state)
{
	static const uint64_t odd[] = { 0, 1, INT64_MAX, 1ULL << 63, UINT64_MAX };
	const size_t count = sizeof(odd) / sizeof(odd[0]);
	struct lp_breakdown breakdown = { .time = { .known = false } };
	struct lp_slow_callback slow = slow_report(MS, &breakdown);
	size_t i;

	(void)state;
	for (i = 0; i < count * count * count; i++) {
		struct lp_run run = { .start_ns = odd[i % count],
				      .start_unix_ns = odd[i / count % count] };
		struct lp_sink *sink = open_sink(&wide, false);
		const char *text;

		sink->observer.run(sink, &run);
		slow.start_ns = odd[i / count / count];
		sink->observer.slow(sink, &slow);
		text = written(sink, wide.columns);
		/* hh:mm:ss.mmm in any time zone */
		assert_int_equal(strcspn(text, ":"), 2);
		assert_int_equal(strcspn(text, "."), 8);
		assert_int_equal(strspn(text + 9, "0123456789"), 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_blocking_call_has_its_target_its_stack_and_who_waited),
		cmocka_unit_test(further_blocking_calls_show_what_differs),
		cmocka_unit_test(many_short_calls_have_the_longest_as_an_example),
		cmocka_unit_test(computing_has_the_stack_seen_most_and_the_lines),
		cmocka_unit_test(a_wait_for_the_gil_has_its_holder_and_where_the_loop_stood),
		cmocka_unit_test(the_other_end_of_a_call_is_reported_with_it),
		cmocka_unit_test(a_holder_of_the_gil_without_a_name_is_reported_as_far_as_known),
		cmocka_unit_test(a_wait_for_a_cpu_shows_where_it_was_taken_away),
		cmocka_unit_test(parts_below_a_hundredth_are_left_out),
		cmocka_unit_test(a_stall_in_progress_says_so_first),
		cmocka_unit_test(what_will_soon_be_reported_whole_is_not_reported_yet),
		cmocka_unit_test(what_a_stack_lacks_is_reported),
		cmocka_unit_test(frames_of_c_and_of_the_kernel_are_marked),
		cmocka_unit_test(every_call_has_its_python_line_below_the_kernels_frames),
		cmocka_unit_test(the_await_chain_is_reported_if_the_stack_lacks_it),
		cmocka_unit_test(a_long_await_chain_loses_its_outer_end),
		cmocka_unit_test(merge_of_older_versions_have_samples_only),
		cmocka_unit_test(everything_that_is_too_long_is_cut),
		cmocka_unit_test(a_page_without_utf8_is_ascii_and_keeps_its_columns),
		cmocka_unit_test(only_the_duration_has_a_colour),
		cmocka_unit_test(any_instant_has_a_clock_time),
	};

	return cmocka_run_group_tests(tests, use_utc, NULL);
}
