// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "discovery/new_processes.h"
#include "discovery/program_cache.h"

#define SECOND 1000000000ULL

static bool answer;
static int asked;

static bool may_be(const char *path)
{
	assert_int_equal(access(path, F_OK), 0);
	asked++;
	return answer;
}

static struct lp_known *open_known(bool is_interpreter)
{
	struct lp_known *known = known_new(may_be);

	assert_non_null(known);
	answer = is_interpreter;
	asked = 0;
	return known;
}

static void a_file_is_opened_once(void **state)
{
	struct lp_known *known = open_known(true);
	struct lp_program_key key;
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(known_look(known, getpid(), SECOND, &key), LP_PROGRAM_INTERPRETER);
	assert_int_equal(asked, 1);
	assert_int_not_equal(key.inode, 0);
	known_free(known);
}

static void some_processes_that_ended_tell_of_a_file_for_a_minute(void **state)
{
	struct lp_known *known = open_known(false);
	struct lp_program_key key;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(known_look(known, getpid(), SECOND, &key), LP_PROGRAM_UNKNOWN);
		known_learn(known, &key, LP_FATE_ENDED, SECOND);
	}
	assert_int_equal(known_look(known, getpid(), 60 * SECOND, &key), LP_PROGRAM_OTHER);
	assert_int_equal(known_look(known, getpid(), 61 * SECOND, &key), LP_PROGRAM_UNKNOWN);
	known_free(known);
}

static void one_that_lived_tells_for_ten(void **state)
{
	struct lp_known *known = open_known(false);
	struct lp_program_key key;

	(void)state;
	known_look(known, getpid(), SECOND, &key);
	known_learn(known, &key, LP_FATE_LIVED, SECOND);
	assert_int_equal(known_look(known, getpid(), 600 * SECOND, &key), LP_PROGRAM_OTHER);
	assert_int_equal(known_look(known, getpid(), 601 * SECOND, &key), LP_PROGRAM_UNKNOWN);
	known_free(known);
}

static void an_interpreter_stays_one_whatever_ended(void **state)
{
	struct lp_known *known = open_known(false);
	struct lp_program_key key;
	int i;

	(void)state;
	known_look(known, getpid(), SECOND, &key);
	/* it has loaded one */
	known_learn(known, &key, LP_FATE_INTERPRETER, SECOND);
	for (i = 0; i < 10; i++)
		known_learn(known, &key, i % 2 ? LP_FATE_ENDED : LP_FATE_LIVED, SECOND);
	assert_int_equal(known_look(known, getpid(), SECOND, &key), LP_PROGRAM_INTERPRETER);
	known_free(known);
}

static void another_version_of_a_file_is_another_file(void **state)
{
	struct lp_known *known = open_known(false);
	struct lp_program_key key, other;

	(void)state;
	known_look(known, getpid(), SECOND, &key);
	other = key;
	other.modified_ns++;
	/* it is not known */
	known_learn(known, &other, LP_FATE_LIVED, SECOND);
	assert_int_equal(known_look(known, getpid(), SECOND, &key), LP_PROGRAM_UNKNOWN);
	known_free(known);
}

static void a_process_that_has_ended_runs_nothing(void **state)
{
	struct lp_known *known = open_known(true);
	struct lp_program_key key;
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	assert_int_equal(known_look(known, child, SECOND, &key), LP_PROGRAM_GONE);
	assert_int_equal(asked, 0);
	known_free(known);
}

static void arrivals_wait_for_their_time_in_order(void **state)
{
	struct lp_arrivals *arrivals = calloc(1, sizeof(*arrivals));
	struct lp_arrival arrival = { 0 };
	int round, i;

	(void)state;
	assert_true(arrivals_due(arrivals) == UINT64_MAX);
	assert_false(arrivals_take(arrivals, UINT64_MAX - 1, &arrival));
	for (round = 0; round < 3; round++) {
		for (i = 0; i < LP_ARRIVALS; i++) {
			arrival.pid = i + 1;
			arrival.due_ns = (uint64_t)i;
			assert_true(arrivals_put(arrivals, &arrival));
		}
		assert_false(arrivals_put(arrivals, &arrival));
		for (i = 0; i < LP_ARRIVALS; i++) {
			assert_true(arrivals_due(arrivals) == (uint64_t)i);
			if (i)
				assert_false(arrivals_take(arrivals, (uint64_t)i - 1, &arrival));
			assert_true(arrivals_take(arrivals, (uint64_t)i, &arrival));
			assert_int_equal(arrival.pid, i + 1);
		}
	}
	free(arrivals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_opened_once),
		cmocka_unit_test(some_processes_that_ended_tell_of_a_file_for_a_minute),
		cmocka_unit_test(one_that_lived_tells_for_ten),
		cmocka_unit_test(an_interpreter_stays_one_whatever_ended),
		cmocka_unit_test(another_version_of_a_file_is_another_file),
		cmocka_unit_test(a_process_that_has_ended_runs_nothing),
		cmocka_unit_test(arrivals_wait_for_their_time_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
