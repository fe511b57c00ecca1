// SPDX-License-Identifier: BSD-2-Clause
/* The nice value of a live run; each test changes that of a child of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
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

/* Runs in a child. Returns whether the session of the child has this nice value after a raise. */
static bool session_has_nice(bool leads, const char *value)
{
	char text[64] = "", *nice;
	FILE *file;

	if (leads)
		setsid();
	setpriority(PRIO_PROCESS, 0, 0);
	priority_raise();
	priority_raise_session();
	file = fopen("/proc/self/autogroup", "r");
	if (file && !fgets(text, sizeof(text), file))
		text[0] = '\0';
	nice = strstr(text, "nice ");
	return nice && !strncmp(nice + strlen("nice "), value, strlen(value));
}

static bool check_session(bool leads, const char *value)
{
	pid_t child = fork();
	int status = 0;

	if (!child)
		_exit(session_has_nice(leads, value));
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void test_session_is_raised_by_its_leader_alone(void **state)
{
	(void)state;
	if (geteuid() || access("/proc/self/autogroup", W_OK)) {
		skip();
		return;
	}
	assert_true(check_session(true, "-10\n"));
	assert_false(check_session(false, "-10\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_priority_is_raised_and_restored),
		cmocka_unit_test(test_chosen_priority_stays),
		cmocka_unit_test(test_session_is_raised_by_its_leader_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
