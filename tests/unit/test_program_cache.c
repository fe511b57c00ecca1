// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "discovery/examined_processes.h"
#include "discovery/new_processes.h"
#include "discovery/program_cache.h"
#include "process/process.h"

#define SECOND 1000000000ULL

static bool answer;
static int asked;

static bool may_be(const char *path)
{
	assert_int_equal(access(path, F_OK), 0);
	asked++;
	return answer;
}

static struct lp_program_cache *open_known(bool is_interpreter)
{
	struct lp_program_cache *known = program_cache_new(may_be);

	assert_non_null(known);
	answer = is_interpreter;
	asked = 0;
	return known;
}

static void a_file_is_opened_once(void **state)
{
	struct lp_program_cache *known = open_known(true);
	struct lp_program_key key;
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(program_cache_find(known, getpid(), SECOND, &key),
				 LP_PROGRAM_INTERPRETER);
	assert_int_equal(asked, 1);
	assert_int_not_equal(key.inode, 0);
	program_cache_free(known);
}

static bool is_slow(const char *path)
{
	(void)path;
	asked++;
	usleep(300000);
	return true;
}

/* Finds a program that is a new file each time, as its owner changes it. */
static enum lp_program_kind find_changed(struct lp_program_cache *known, const char *path,
					 pid_t pid, uint64_t now_ns, struct lp_program_key *key)
{
	chmod(path, (mode_t)(0700 + now_ns % 8));
	return program_cache_find(known, pid, now_ns, key);
}

static void slow_files_are_opened_for_a_part_of_the_time(void **state)
{
	struct lp_program_cache *known = program_cache_new(is_slow);
	char path[] = "/tmp/loopprof-program-XXXXXX", command[64];
	struct lp_program_key key;
	int i, file = mkstemp(path);
	pid_t pid;

	(void)state;
	close(file);
	snprintf(command, sizeof(command), "cat /bin/sleep > %s", path);
	assert_int_equal(system(command), 0);
	chmod(path, 0700);
	pid = fork();
	if (!pid) {
		execl(path, path, "60", NULL);
		_exit(127);
	}
	usleep(200000);
	asked = 0;
	for (i = 0; i < 40; i++)
		find_changed(known, path, pid, SECOND + (uint64_t)i * 1000, &key);
	assert_in_range(asked, 5, 8);
	/* a file that was not opened may be an interpreter: processes that end report nothing */
	for (i = 0; i < 5; i++)
		program_cache_learn(known, &key, LP_OUTCOME_ENDED, SECOND + 40000);
	assert_int_equal(program_cache_find(known, pid, SECOND + 40000, &key), LP_PROGRAM_UNKNOWN);
	assert_int_equal(program_cache_find(known, pid, 60 * SECOND, &key), LP_PROGRAM_INTERPRETER);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(path);
	program_cache_free(known);
}

static void some_processes_that_ended_report_of_a_file_for_a_minute(void **state)
{
	struct lp_program_cache *known = open_known(false);
	struct lp_program_key key;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(program_cache_find(known, getpid(), SECOND, &key),
				 LP_PROGRAM_UNKNOWN);
		program_cache_learn(known, &key, LP_OUTCOME_ENDED, SECOND);
	}
	assert_int_equal(program_cache_find(known, getpid(), 60 * SECOND, &key), LP_PROGRAM_SHORT);
	assert_int_equal(program_cache_find(known, getpid(), 61 * SECOND, &key),
			 LP_PROGRAM_UNKNOWN);
	program_cache_free(known);
}

/* Starts a process of this program, of another user with ids that no account has. */
static pid_t start_of_another_user(uid_t real, uid_t effective)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		if (setresuid(real, effective, effective) || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

/* Whether a program loads an interpreter may depend on the user who starts it. */
static void results_of_one_user_are_not_used_for_another(void **state)
{
	struct lp_program_cache *known = open_known(false);
	struct lp_program_key key, own;
	pid_t others[2];
	size_t i;
	int j;

	(void)state;
	if (geteuid()) {
		program_cache_free(known);
		skip();
	}
	others[0] = start_of_another_user(54321, 54321);
	/* as a program whose file has the set-user-ID bit */
	others[1] = start_of_another_user(54321, 0);
	for (i = 0; i < 2; i++) {
		program_cache_find(known, others[i], SECOND, &key);
		for (j = 0; j < 3; j++)
			program_cache_learn(known, &key, LP_OUTCOME_ENDED, SECOND);
		assert_int_equal(program_cache_find(known, others[i], SECOND, &key),
				 LP_PROGRAM_SHORT);
		assert_int_equal(program_cache_find(known, getpid(), SECOND, &own),
				 LP_PROGRAM_UNKNOWN);
		program_cache_learn(known, &key, LP_OUTCOME_NO_INTERPRETER, SECOND);
		assert_int_equal(program_cache_find(known, others[i], SECOND, &key),
				 LP_PROGRAM_OTHER);
		assert_int_equal(program_cache_find(known, getpid(), SECOND, &own),
				 LP_PROGRAM_UNKNOWN);
		assert_false(program_key_same(&key, &own));
		kill(others[i], SIGKILL);
		waitpid(others[i], NULL, 0);
	}
	program_cache_free(known);
}

static void short_processes_do_not_replace_the_result_of_a_long_one(void **state)
{
	struct lp_program_cache *known = open_known(false);
	struct lp_program_key key;
	int i;

	(void)state;
	program_cache_find(known, getpid(), SECOND, &key);
	program_cache_learn(known, &key, LP_OUTCOME_NO_INTERPRETER, SECOND);
	for (i = 0; i < 6; i++)
		program_cache_learn(known, &key, LP_OUTCOME_ENDED, SECOND);
	assert_int_equal(program_cache_find(known, getpid(), 600 * SECOND, &key), LP_PROGRAM_OTHER);
	program_cache_free(known);
}

static void an_examined_process_counts_for_no_other_one(void **state)
{
	struct lp_examined_processes *examined = calloc(1, sizeof(*examined));
	struct lp_program_cache *known = open_known(false);
	struct lp_examined_process process = {
		.pid = getpid(),
		.start_ticks = process_start_ticks(getpid()),
		.until_ns = 10 * SECOND,
	};
	struct lp_program_key another;

	(void)state;
	program_cache_find(known, getpid(), SECOND, &process.key);
	assert_false(examined_processes_have(examined, getpid(), &process.key, SECOND));
	examined_processes_put(examined, &process);
	assert_true(examined_processes_have(examined, getpid(), &process.key, SECOND));
	assert_false(examined_processes_have(examined, getpid(), &process.key, 10 * SECOND));
	assert_false(examined_processes_have(examined, getppid(), &process.key, SECOND));
	/* it has called exec */
	another = process.key;
	another.inode++;
	assert_false(examined_processes_have(examined, getpid(), &another, SECOND));
	/* its PID was that of an earlier process */
	process.start_ticks--;
	examined_processes_put(examined, &process);
	assert_false(examined_processes_have(examined, getpid(), &process.key, SECOND));
	program_cache_free(known);
	free(examined);
}

static void one_that_lived_reports_for_ten(void **state)
{
	struct lp_program_cache *known = open_known(false);
	struct lp_program_key key;

	(void)state;
	program_cache_find(known, getpid(), SECOND, &key);
	program_cache_learn(known, &key, LP_OUTCOME_NO_INTERPRETER, SECOND);
	assert_int_equal(program_cache_find(known, getpid(), 600 * SECOND, &key), LP_PROGRAM_OTHER);
	assert_int_equal(program_cache_find(known, getpid(), 601 * SECOND, &key),
			 LP_PROGRAM_UNKNOWN);
	program_cache_free(known);
}

static void an_interpreter_stays_one_whatever_ended(void **state)
{
	struct lp_program_cache *known = open_known(false);
	struct lp_program_key key;
	int i;

	(void)state;
	program_cache_find(known, getpid(), SECOND, &key);
	/* a process of this program has loaded an interpreter */
	program_cache_learn(known, &key, LP_OUTCOME_INTERPRETER, SECOND);
	for (i = 0; i < 10; i++)
		program_cache_learn(known, &key,
				    i % 2 ? LP_OUTCOME_ENDED : LP_OUTCOME_NO_INTERPRETER, SECOND);
	assert_int_equal(program_cache_find(known, getpid(), SECOND, &key), LP_PROGRAM_INTERPRETER);
	program_cache_free(known);
}

static void another_version_of_a_file_is_another_file(void **state)
{
	struct lp_program_cache *known = open_known(false);
	struct lp_program_key key, other;

	(void)state;
	program_cache_find(known, getpid(), SECOND, &key);
	other = key;
	other.modified_ns++;
	/* the cache has no entry for this key */
	program_cache_learn(known, &other, LP_OUTCOME_NO_INTERPRETER, SECOND);
	assert_int_equal(program_cache_find(known, getpid(), SECOND, &key), LP_PROGRAM_UNKNOWN);
	program_cache_free(known);
}

static void a_process_that_has_ended_runs_nothing(void **state)
{
	struct lp_program_cache *known = open_known(true);
	struct lp_program_key key;
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	assert_int_equal(program_cache_find(known, child, SECOND, &key), LP_PROGRAM_NONE);
	assert_int_equal(asked, 0);
	program_cache_free(known);
}

static void new_processes_wait_for_their_time_in_order(void **state)
{
	struct lp_new_processes *new_processes = calloc(1, sizeof(*new_processes));
	struct lp_new_process new_process = { 0 };
	int round, i;

	(void)state;
	assert_true(new_processes_due(new_processes) == UINT64_MAX);
	assert_false(new_processes_take(new_processes, UINT64_MAX - 1, &new_process));
	for (round = 0; round < 3; round++) {
		for (i = 0; i < LP_NEW_PROCESSES; i++) {
			new_process.pid = i + 1;
			new_process.due_ns = (uint64_t)i;
			assert_true(new_processes_put(new_processes, &new_process));
		}
		assert_false(new_processes_put(new_processes, &new_process));
		for (i = 0; i < LP_NEW_PROCESSES; i++) {
			assert_true(new_processes_due(new_processes) == (uint64_t)i);
			if (i)
				assert_false(new_processes_take(new_processes, (uint64_t)i - 1,
								&new_process));
			assert_true(new_processes_take(new_processes, (uint64_t)i, &new_process));
			assert_int_equal(new_process.pid, i + 1);
		}
	}
	free(new_processes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_opened_once),
		cmocka_unit_test(slow_files_are_opened_for_a_part_of_the_time),
		cmocka_unit_test(some_processes_that_ended_report_of_a_file_for_a_minute),
		cmocka_unit_test(one_that_lived_reports_for_ten),
		cmocka_unit_test(results_of_one_user_are_not_used_for_another),
		cmocka_unit_test(short_processes_do_not_replace_the_result_of_a_long_one),
		cmocka_unit_test(an_examined_process_counts_for_no_other_one),
		cmocka_unit_test(an_interpreter_stays_one_whatever_ended),
		cmocka_unit_test(another_version_of_a_file_is_another_file),
		cmocka_unit_test(a_process_that_has_ended_runs_nothing),
		cmocka_unit_test(new_processes_wait_for_their_time_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
