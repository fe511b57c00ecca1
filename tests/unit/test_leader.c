// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "process/process.h"
#include "runtime/detect.h"

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void a_process_whose_main_thread_has_ended_is_named_for_that(void **state)
{
	struct lp_process_info process;
	struct lp_instance instance;
	struct lp_error error;
	pthread_t other;
	pid_t child;
	int tries;

	(void)state;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pthread_create(&other, NULL, wait_for_ever, NULL))
			_exit(1);
		syscall(SYS_exit, 0);
	}
	assert_true(child > 0);
	for (tries = 0; tries < 1000 && !process_leader_ended(child); tries++)
		usleep(10000);
	assert_true(process_leader_ended(child));
	assert_false(process_leader_ended(getpid()));
	assert_int_equal(process_open(child, &process, &error), 0);
	assert_int_equal(runtime_detect(&process, &instance, &error), -ENOTSUP);
	assert_non_null(strstr(error.text, "main thread"));
	process_close(&process);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_whose_main_thread_has_ended_is_named_for_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
