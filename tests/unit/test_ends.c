// SPDX-License-Identifier: BSD-2-Clause
/* The time to search whom stalls wait for is divided among processes. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clocks.h"
#include "live/ends.h"
#include "process/thread_call.h"
#include "runtime/cpython/cpython.h"

static size_t reports;

static void take(void *context, const struct lp_event *record)
{
	(void)context;
	assert_int_equal(record->type, LP_EVENT_OTHER_END);
	reports++;
}

/* A process whose loop is blocked on a pipe. */
struct blocked {
	struct lp_followed target;
	struct lp_loop loop;
	struct lp_wait_state stall;
	struct lp_ongoing_stall progress;
};

static void begin(struct blocked *blocked, int end)
{
	struct lp_thread_call call;
	pid_t child = fork();
	char byte;

	if (!child)
		_exit(read(end, &byte, 1) > 0);
	while (!thread_call_read(child, child, &call) || call.number != SYS_read)
		usleep(1000);
	memset(blocked, 0, sizeof(*blocked));
	blocked->target.instance.pid = child;
	blocked->target.instance.runtime = &cpython_runtime;
	blocked->loop.tid = (uint32_t)child;
	blocked->loop.start_ns = 1000;
	blocked->stall.wait.segment_ns = 1000;
	blocked->stall.wait.since_ns = 2000;
	blocked->stall.wait.reason = LP_SAMPLE_BLOCKED;
	blocked->stall.wait.syscall = SYS_read;
}

/* Returns the number of records about the wait. */
static size_t search(struct lp_ends *ends, struct blocked *blocked)
{
	static struct lp_event_raw_stack holder;

	reports = 0;
	ends_search(ends, &blocked->target, &blocked->progress, &blocked->loop, &blocked->stall, 1,
		    take, NULL, &holder);
	return reports;
}

static void end(struct blocked *blocked)
{
	kill(blocked->target.instance.pid, SIGKILL);
	waitpid(blocked->target.instance.pid, NULL, 0);
}

static void a_process_does_not_take_the_time_from_another(void **state)
{
	static struct blocked one, two;
	struct lp_ends ends = { .shared = true };
	int pipe_ends[2];

	(void)state;
	assert_int_equal(pipe(pipe_ends), 0);
	begin(&one, pipe_ends[0]);
	begin(&two, pipe_ends[0]);
	assert_int_equal(search(&ends, &one), 1);
	/* the pause of all others is shorter than its own */
	assert_true(one.target.ends_paused_until_ns > ends.paused_until_ns);
	assert_int_equal(two.target.ends_paused_until_ns, 0);
	while (clock_now() < ends.paused_until_ns)
		usleep(1000);
	assert_int_equal(search(&ends, &two), 1);
	/* it has its own pause still */
	one.stall.wait.since_ns++;
	one.target.ends_paused_until_ns = UINT64_MAX;
	ends.paused_until_ns = 0;
	assert_int_equal(search(&ends, &one), 0);
	one.target.ends_paused_until_ns = 0;
	assert_int_equal(search(&ends, &one), 1);
	end(&one);
	end(&two);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static void a_process_that_is_alone_rests_for_its_cpu_time_only(void **state)
{
	static struct blocked one;
	struct lp_ends ends = { 0 };
	uint64_t begun_ns, took_ns;
	int pipe_ends[2];

	(void)state;
	assert_int_equal(pipe(pipe_ends), 0);
	begin(&one, pipe_ends[0]);
	begun_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	assert_int_equal(search(&ends, &one), 1);
	took_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns;
	assert_in_range(one.target.ends_paused_until_ns, 1, clock_now() + 50 * took_ns);
	end(&one);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static void a_lock_of_sqlite_is_searched_for_until_it_is_found(void **state)
{
	struct lp_ongoing_stall progress = { 0 };
	struct lp_wait_state stall = { 0 };
	struct lp_loop loop = { .start_ns = 1000, .threshold_ns = 100 };

	(void)state;
	stall.wait.segment_ns = 1000;
	stall.wait.since_ns = 1050;
	stall.wait.reason = LP_SAMPLE_BLOCKED;
	stall.wait.syscall = SYS_clock_nanosleep;
	assert_false(ends_search_due(&progress, &loop, &stall, 1049));
	assert_true(ends_search_due(&progress, &loop, &stall, 1050));
	/* this sleep was searched, the next one was not */
	progress.other_end_wait_ns = 1050;
	assert_false(ends_search_due(&progress, &loop, &stall, 1110));
	stall.wait.since_ns = 1110;
	assert_true(ends_search_due(&progress, &loop, &stall, 1120));
	progress.sqlite_segment_ns = 1000;
	assert_false(ends_search_due(&progress, &loop, &stall, 1120));
	progress.sqlite_segment_ns = 0;
	stall.wait.syscall = SYS_read;
	assert_false(ends_search_due(&progress, &loop, &stall, 1120));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_does_not_take_the_time_from_another),
		cmocka_unit_test(a_process_that_is_alone_rests_for_its_cpu_time_only),
		cmocka_unit_test(a_lock_of_sqlite_is_searched_for_until_it_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
