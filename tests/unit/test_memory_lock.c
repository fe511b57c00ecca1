// SPDX-License-Identifier: BSD-2-Clause
#include "process/memory_lock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A process that computes, or sleeps. */
static pid_t start(bool computes)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (!computes)
			pause();
		for (;;)
			__asm__ volatile("");
	}
	assert_true(pid > 0);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_a_process_that_sleeps_otherwise_awaits_no_lock(void **state)
{
	pid_t pid = start(false);

	(void)state;
	assert_int_not_equal(memory_lock_state(pid), LP_MEMORY_LOCK_AWAITED);
	end(pid);
	assert_int_equal(memory_lock_state(pid), LP_MEMORY_LOCK_UNKNOWN);
}

static void test_the_time_of_a_process_that_computes_grows(void **state)
{
	pid_t pid = start(true);
	uint64_t before = memory_lock_cpu_ns(pid);
	int i;

	(void)state;
	for (i = 0; i < 5000 && memory_lock_cpu_ns(pid) == before; i++)
		usleep(1000);
	assert_true(memory_lock_cpu_ns(pid) > before);
	end(pid);
	assert_int_equal(memory_lock_cpu_ns(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_process_that_sleeps_otherwise_awaits_no_lock),
		cmocka_unit_test(test_the_time_of_a_process_that_computes_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
