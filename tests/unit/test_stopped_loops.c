// SPDX-License-Identifier: BSD-2-Clause
/* Loops whose threads have ended are reported while their process goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "live/stopped_loops.h"

/* No thread has this ID: it is greater than all that Linux gives. */
#define NO_THREAD (1U << 30)
#define ENDED_NS (5 * NS_PER_S)

static size_t reports;

static void take(void *context, const struct lp_event *record)
{
	(void)context;
	assert_int_equal(record->type, LP_EVENT_LOOP_STOPPED);
	reports++;
}

/* Returns whether a loop of a process, whose thread has ended, is reported. */
static size_t reports_of(pid_t pid, uint32_t tid)
{
	const struct lp_instance instance = { .pid = pid };
	struct lp_followed_table followed;
	struct lp_stopped_loops stopped;
	struct lp_loop loop;

	memset(&followed, 0, sizeof(followed));
	memset(&stopped, 0, sizeof(stopped));
	memset(&loop, 0, sizeof(loop));
	loop.pid = (uint32_t)pid;
	loop.tid = tid;
	followed_add(&followed, &instance);
	reports = 0;
	stopped_loops_ended(&stopped, &loop, ENDED_NS);
	stopped_loops_check(&stopped, &followed, ENDED_NS + 2 * NS_PER_S, take, NULL);
	followed_free(&followed);
	return reports;
}

static void the_thread_of_a_process_that_goes_on_is_reported(void **state)
{
	(void)state;
	assert_int_equal(reports_of(getpid(), NO_THREAD), 1);
	/* it runs a loop of another kind */
	assert_int_equal(reports_of(getpid(), (uint32_t)getpid()), 0);
}

static void that_of_a_process_that_has_ended_is_not(void **state)
{
	siginfo_t ended;
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	/* a zombie, as its parent has not collected its result */
	assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
	assert_int_equal(reports_of(child, NO_THREAD), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(reports_of(child, NO_THREAD), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_thread_of_a_process_that_goes_on_is_reported),
		cmocka_unit_test(that_of_a_process_that_has_ended_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
