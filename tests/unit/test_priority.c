// SPDX-License-Identifier: BSD-2-Clause
/* The nice value of a live run; each test changes that of a child of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privileges/priority.h"

/* The child's nice values are returned by its exit status, as bits. */
enum {
	BEFORE_IS_RIGHT = 1,
	RAISED_IS_RIGHT = 2,
	RESTORED_IS_RIGHT = 4,
};

static int nice_value(void)
{
	return getpriority(PRIO_PROCESS, 0);
}

static int run(int before, int raised)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		setpriority(PRIO_PROCESS, 0, before);
		status |= nice_value() == before ? BEFORE_IS_RIGHT : 0;
		priority_raise();
		status |= nice_value() == raised ? RAISED_IS_RIGHT : 0;
		priority_restore();
		status |= nice_value() == before ? RESTORED_IS_RIGHT : 0;
		_exit(status);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void test_default_priority_is_raised_and_restored(void **state)
{
	(void)state;
	/* only root may raise it, or undo what nice(1) did */
	assert_int_equal(geteuid() ? run(nice_value(), nice_value()) : run(0, -10),
			 BEFORE_IS_RIGHT | RAISED_IS_RIGHT | RESTORED_IS_RIGHT);
}

static void test_chosen_priority_stays(void **state)
{
	(void)state;
	assert_int_equal(run(5, 5), BEFORE_IS_RIGHT | RAISED_IS_RIGHT | RESTORED_IS_RIGHT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_priority_is_raised_and_restored),
		cmocka_unit_test(test_chosen_priority_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
