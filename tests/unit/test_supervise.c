// SPDX-License-Identifier: BSD-2-Clause
/* A child that hangs in a read is abandoned, and its output passes through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tasks/supervise.h"

static volatile pid_t *child;

static int give_status(struct lp_supervised *supervised, void *context)
{
	supervised_reading(supervised, 1, false);
	supervised_done(supervised);
	return *(int *)context;
}

/* Hangs: the parent of a vfork() waits for its child in the state D. */
static int hang(struct lp_supervised *supervised, void *context)
{
	(void)context;
	*child = getpid();
	supervised_reading(supervised, getppid(), true);
	if (!vfork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return 0;
}

/* Sleeps without a read, so that no target is blamed. */
static int sleep_long(struct lp_supervised *supervised, void *context)
{
	(void)supervised;
	(void)context;
	usleep(600000);
	return 0;
}

static int write_much(struct lp_supervised *supervised, void *context)
{
	static char line[4096];
	int i;

	(void)context;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	supervised_reading(supervised, 1, false);
	for (i = 0; i < 1024; i++)
		if (write(STDOUT_FILENO, line, sizeof(line)) != sizeof(line))
			return 1;
	return 0;
}

static int crash(struct lp_supervised *supervised, void *context)
{
	(void)supervised;
	(void)context;
	return raise(SIGKILL);
}

static void test_status(void **state)
{
	int status;

	(void)state;
	for (status = 0; status < 3; status++)
		assert_int_equal(supervise(give_status, &status, false, NULL, NULL), status);
	assert_int_equal(supervise(crash, NULL, false, NULL, NULL), 1);
	assert_int_equal(supervise(sleep_long, NULL, false, NULL, NULL), 0);
}

static void test_child_that_hangs(void **state)
{
	int i;

	(void)state;
	assert_int_equal(supervise(hang, NULL, false, NULL, NULL), 1);
	for (i = 0; i < 1000 && waitpid(*child, NULL, WNOHANG) == 0; i++)
		usleep(10000);
	assert_true(i < 1000);
}

static void test_output_passes_through(void **state)
{
	int file, saved = dup(STDOUT_FILENO), status;

	(void)state;
	fflush(stdout);
	file = memfd_create("output", 0);
	dup2(file, STDOUT_FILENO);
	status = supervise(write_much, NULL, false, NULL, NULL);
	dup2(saved, STDOUT_FILENO);
	assert_int_equal(status, 0);
	assert_int_equal(lseek(file, 0, SEEK_END), 1024 * 4096);
	close(file);
	close(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_child_that_hangs),
		cmocka_unit_test(test_output_passes_through),
	};

	child = mmap(NULL, sizeof(*child), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	return child == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
