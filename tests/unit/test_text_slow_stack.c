// SPDX-License-Identifier: BSD-2-Clause
/* The stack and the await chain of a slow callback in the text output. */
#include "text_slow_fixture.h"

static const struct lp_stack chain = STACK(COROUTINE("main", "/srv/app/main.py", 5),
					   COROUTINE("serve", "/srv/app/main.py", 9),
					   COROUTINE("handle_report", "/srv/app/views.py", 90));

static void what_a_stack_lacks_is_reported(void **state)
{
	struct lp_stack cut = computing, unreadable = computing;
	struct lp_blocked blocked[] = { { "read", "", "", 200 * MS, 1, cut, NO_SLEEP, "", "", 0,
					  false } };
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
	expect_slow(300 * MS, &breakdown,
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
	expect_slow(300 * MS, &breakdown,
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
	struct lp_blocked blocked[] = { { "recvfrom", "", "", 300 * MS, 1, mixed, NO_SLEEP, "", "",
					  0, false } };
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 300 * MS },
		.blocked_count = 1,
		.blocked = blocked,
	};

	(void)state;
	expect_slow(300 * MS, &breakdown,
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
		{ "recvfrom", "", "", 200 * MS, 1, first, NO_SLEEP, "", "", 0, false },
		{ "clock_nanosleep", "", "", 60 * MS, 1, second, NO_SLEEP, "", "", 0, false },
		{ "read", "", "", 40 * MS, 1, same_line, NO_SLEEP, "", "", 0, false },
	};
	struct lp_breakdown breakdown = {
		.time = { .known = true, .blocked_ns = 300 * MS },
		.blocked_count = 3,
		.blocked = blocked,
	};

	(void)state;
	expect_slow(300 * MS, &breakdown,
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

static void the_await_chain_is_reported_if_the_stack_lacks_it(void **state)
{
	const struct lp_stack whole = STACK(COROUTINE("handle_report", "/srv/app/views.py", 90),
					    COROUTINE("serve", "/srv/app/main.py", 9),
					    COROUTINE("main", "/srv/app/main.py", 5));
	struct lp_blocked blocked[] = { { "read", "", "", 300 * MS, 1, receiving, NO_SLEEP, "", "",
					  0, false } };
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_stack_lacks_is_reported),
		cmocka_unit_test(frames_of_c_and_of_the_kernel_are_marked),
		cmocka_unit_test(every_call_has_its_python_line_below_the_kernels_frames),
		cmocka_unit_test(the_await_chain_is_reported_if_the_stack_lacks_it),
		cmocka_unit_test(a_long_await_chain_loses_its_outer_end),
	};

	return cmocka_run_group_tests(tests, use_utc, NULL);
}
