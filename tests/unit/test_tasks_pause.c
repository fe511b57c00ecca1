// SPDX-License-Identifier: BSD-2-Clause
/* A process is stopped for a moment without any lasting effect on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/pause.h"

/* Memory that is shared with the child. */
struct shared {
	volatile uint64_t counters[4];
	volatile int signals;
};

static struct shared *shared;

static void *count(void *context)
{
	volatile uint64_t *counter = context;

	for (;;)
		++*counter;
	return NULL;
}

static void on_signal(int number)
{
	(void)number;
	shared->signals++;
}

static pid_t start_child(void)
{
	pid_t child;
	size_t i;

	memset(shared, 0, sizeof(*shared));
	child = fork();
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* a name that breaks the line of the process in /proc */
	prctl(PR_SET_NAME, "a) Z\n(b");
	signal(SIGUSR1, on_signal);
	for (i = 1; i < 4; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, count, (void *)&shared->counters[i]);
	}
	count((void *)&shared->counters[0]);
	_exit(0);
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Waits until all threads have made progress; false: one has not within a second. */
static int all_count(void)
{
	uint64_t before[4];
	int i, tries;

	for (i = 0; i < 4; i++)
		before[i] = shared->counters[i];
	for (tries = 0; tries < 1000; tries++) {
		int moved = 0;

		for (i = 0; i < 4; i++)
			moved += shared->counters[i] != before[i];
		if (moved == 4)
			return 1;
		usleep(1000);
	}
	return 0;
}

static struct lp_pause *begin(pid_t child)
{
	struct lp_pause *pause;
	struct lp_error error;

	if (pause_begin(child, &pause, &error))
		fail_msg("%s", error.text);
	return pause;
}

static void test_stands_still_and_goes_on(void **state)
{
	pid_t child = start_child();
	uint64_t before[4];
	struct lp_pause *pause;
	int i;

	(void)state;
	assert_true(all_count());
	pause = begin(child);
	assert_int_equal(pause_missed(pause), 0);
	for (i = 0; i < 4; i++)
		before[i] = shared->counters[i];
	usleep(20000);
	for (i = 0; i < 4; i++)
		assert_true(shared->counters[i] == before[i]);
	assert_true(pause_end(pause) >= 20000000);
	assert_true(all_count());
	/* this process, the parent, got no event of the stop */
	assert_int_equal(waitpid(child, NULL, WNOHANG | WUNTRACED | WCONTINUED), 0);
	end_child(child);
}

static void test_signals_arrive(void **state)
{
	pid_t child = start_child();
	int round, tries;

	(void)state;
	assert_true(all_count());
	for (round = 1; round <= 50; round++) {
		struct lp_pause *pause;

		/* before the stop, or during it */
		if (round % 2)
			kill(child, SIGUSR1);
		pause = begin(child);
		if (!(round % 2))
			kill(child, SIGUSR1);
		pause_end(pause);
		for (tries = 0; tries < 1000 && shared->signals < round; tries++)
			usleep(1000);
		assert_int_equal(shared->signals, round);
	}
	end_child(child);
}

/* A process that its user has stopped stays stopped. */
static void test_stopped_stays_stopped(void **state)
{
	pid_t child = start_child();
	uint64_t before;

	(void)state;
	assert_true(all_count());
	kill(child, SIGSTOP);
	assert_int_equal(waitpid(child, NULL, WUNTRACED), child);
	pause_end(begin(child));
	before = shared->counters[0];
	usleep(20000);
	assert_true(shared->counters[0] == before);
	kill(child, SIGCONT);
	assert_true(all_count());
	end_child(child);
}

static void test_traced_by_another(void **state)
{
	pid_t child = start_child();
	struct lp_pause *pause;
	struct lp_error error = { 0 };

	(void)state;
	assert_true(all_count());
	assert_int_equal(ptrace(PTRACE_SEIZE, child, NULL, NULL), 0);
	assert_int_equal(pause_begin(child, &pause, &error), -EBUSY);
	assert_non_null(strstr(error.text, "is being traced by process"));
	assert_null(pause);
	ptrace(PTRACE_INTERRUPT, child, NULL, NULL);
	waitpid(child, NULL, __WALL);
	ptrace(PTRACE_DETACH, child, NULL, NULL);
	assert_true(all_count());
	end_child(child);
}

/* A thread in uninterruptible sleep is not waited for, and goes on once it wakes up. */
static void test_within_the_kernel(void **state)
{
	struct lp_pause *pause;
	pid_t child;

	(void)state;
	memset(shared, 0, sizeof(*shared));
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* the parent of a vfork() sleeps uninterruptibly until its child is done */
		if (!vfork()) {
			shared->counters[1] = 1;
			usleep(400000);
			_exit(0);
		}
		count((void *)&shared->counters[0]);
	}
	while (!shared->counters[1])
		usleep(1000);
	pause = begin(child);
	assert_int_equal(pause_missed(pause), 1);
	assert_true(pause_end(pause) < 300000000);
	usleep(500000);
	assert_true(shared->counters[0] > 0);
	end_child(child);
}

static void test_no_such_process(void **state)
{
	struct lp_pause *pause;
	struct lp_error error = { 0 };
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	assert_true(pause_begin(child, &pause, &error) < 0);
	assert_true(error.text[0]);
}

/* If loopprof dies during the stop, the process goes on. */
static void test_tracer_dies(void **state)
{
	pid_t child = start_child(), tracer;
	int pipes[2];
	char byte;

	(void)state;
	assert_true(all_count());
	assert_int_equal(pipe(pipes), 0);
	tracer = fork();
	if (!tracer) {
		struct lp_pause *pause;
		struct lp_error error;

		byte = pause_begin(child, &pause, &error) ? 'n' : 'y';
		if (write(pipes[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			sleep(1);
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	end_child(tracer);
	assert_true(all_count());
	end_child(child);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stands_still_and_goes_on),
		cmocka_unit_test(test_signals_arrive),
		cmocka_unit_test(test_stopped_stays_stopped),
		cmocka_unit_test(test_traced_by_another),
		cmocka_unit_test(test_within_the_kernel),
		cmocka_unit_test(test_no_such_process),
		cmocka_unit_test(test_tracer_dies),
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
