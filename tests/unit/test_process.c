// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "process/proc_file.h"
#include "process/process.h"

/* Time since boot in clock ticks. */
static uint64_t ticks_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000) *
	       (uint64_t)sysconf(_SC_CLK_TCK) / 1000;
}

static pid_t start_child(void)
{
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(0);
	}
	assert_true(child > 0);
	return child;
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_process_is_distinguished_by_when_it_started(void **state)
{
	uint64_t before = ticks_now(), ticks;
	pid_t child = start_child();

	(void)state;
	ticks = process_start_ticks(child);
	end_child(child);
	/* a tick is 10 ms; the kernel rounds on its own */
	assert_in_range(ticks, before ? before - 1 : 0, ticks_now() + 1);
	assert_true(process_start_ticks(getpid()) <= ticks);
	assert_true(process_start_ticks(getpid()) > 0);
}

static void a_name_with_parentheses_and_blanks_does_not_mislead(void **state)
{
	uint64_t before = process_start_ticks(getpid());
	char name[16];

	(void)state;
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "a) R 1 (b) 2 3");
	assert_int_equal(process_start_ticks(getpid()), before);
	prctl(PR_SET_NAME, name);
}

static void what_does_not_run_has_no_start(void **state)
{
	pid_t child = start_child();

	(void)state;
	end_child(child);
	assert_int_equal(process_start_ticks(child), 0);
}

static void the_list_has_this_process_and_its_child(void **state)
{
	bool own = false, childs = false;
	pid_t child = start_child(), *pids;
	ssize_t count, i;

	(void)state;
	count = process_list(&pids);
	end_child(child);
	assert_true(count >= 2);
	for (i = 0; i < count; i++) {
		assert_true(pids[i] > 0);
		own |= pids[i] == getpid();
		childs |= pids[i] == child;
	}
	free(pids);
	assert_true(own);
	assert_true(childs);
}

static void an_open_process_is_known_by_name_and_program(void **state)
{
	struct lp_process_info process;
	struct lp_error error;
	char name[16], exe[PATH_MAX];
	ssize_t length;

	(void)state;
	length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	assert_true(length > 0);
	exe[length < 255 ? length : 255] = '\0';
	prctl(PR_GET_NAME, name);
	assert_int_equal(process_open(getpid(), &process, &error), 0);
	assert_int_equal(process.pid, getpid());
	assert_int_equal(process.start_ticks, process_start_ticks(getpid()));
	assert_string_equal(process.comm, name);
	assert_string_equal(process.exe, exe);
	assert_false(process_ended(&process));
	process_close(&process);
	assert_int_equal(process.descriptor, -1);
}

static void the_end_of_a_process_is_noticed(void **state)
{
	pid_t child = start_child();
	struct lp_process_info process;
	struct lp_error error;

	(void)state;
	assert_int_equal(process_open(child, &process, &error), 0);
	assert_false(process_ended(&process));
	end_child(child);
	assert_true(process_ended(&process));
	process_close(&process);
}

static void a_process_that_is_ended_is_refused(void **state)
{
	pid_t child = start_child();
	struct lp_process_info process;
	struct lp_error error;
	char pid[16];

	(void)state;
	end_child(child);
	assert_int_equal(process_open(child, &process, &error), -ESRCH);
	snprintf(pid, sizeof(pid), "%d", child);
	assert_non_null(strstr(error.text, pid));
}

/* A process that may not be signalled is not taken for one that has ended. */
static void another_users_process_is_opened(void **state)
{
	struct lp_process_info process;
	struct lp_error error;
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (!child) {
		if (!geteuid() && setresuid(65534, 65534, 65534))
			_exit(2);
		_exit(process_open(1, &process, &error) ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void *open_own_thread(void *result)
{
	struct lp_process_info process;
	struct lp_error error;
	int *err = result;

	*err = process_open((pid_t)syscall(SYS_gettid), &process, &error);
	return strstr(error.text, "is a thread") ? result : NULL;
}

static void a_thread_of_a_process_is_refused(void **state)
{
	pthread_t thread;
	void *reported;
	int err = 0;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, open_own_thread, &err), 0);
	assert_int_equal(pthread_join(thread, &reported), 0);
	/* which of them depends on the kernel: 6.18 says -ENOENT, older ones -EINVAL */
	assert_true(err == -EINVAL || err == -ENOENT);
	assert_non_null(reported);
}

static void fields_of_a_stat_have_the_numbers_of_their_manual(void **state)
{
	char text[LP_PROC_STAT_BYTES];
	const char *fields = proc_stat(getpid(), "stat", text);

	(void)state;
	assert_non_null(fields);
	assert_int_equal(*fields, 'R');
	assert_int_equal(proc_stat_number(fields, 4), getppid());
	assert_int_equal(process_parent(getpid()), getppid());
	assert_int_equal(process_threads(getpid()), 1);
	assert_int_equal(proc_stat_number("S 7 8 99", 6), 99);
	assert_int_equal(proc_stat_number("S 7 8 99", 7), 0);
	assert_int_equal(proc_stat_number(NULL, 4), 0);
	assert_null(proc_stat(getpid(), "schedstat", text));
	assert_null(proc_stat(getpid(), "no such file", text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_distinguished_by_when_it_started),
		cmocka_unit_test(a_name_with_parentheses_and_blanks_does_not_mislead),
		cmocka_unit_test(what_does_not_run_has_no_start),
		cmocka_unit_test(fields_of_a_stat_have_the_numbers_of_their_manual),
		cmocka_unit_test(the_list_has_this_process_and_its_child),
		cmocka_unit_test(an_open_process_is_known_by_name_and_program),
		cmocka_unit_test(the_end_of_a_process_is_noticed),
		cmocka_unit_test(a_process_that_is_ended_is_refused),
		cmocka_unit_test(another_users_process_is_opened),
		cmocka_unit_test(a_thread_of_a_process_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
