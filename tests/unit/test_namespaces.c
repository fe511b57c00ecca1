// SPDX-License-Identifier: BSD-2-Clause
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch_fixture.h"
#include "privileges/namespaces.h"

static char proc[PATH_MAX]; /* a directory in the place of /proc */

static void make_link(const char *name, const char *target)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	unlink(path);
	if (target)
		assert_int_equal(symlink(target, path), 0);
}

static void make_offsets(const char *text)
{
	char path[PATH_MAX + 32];
	FILE *file;

	snprintf(path, sizeof(path), "%s/42/timens_offsets", proc);
	unlink(path);
	if (!text)
		return;
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_proc(void **state)
{
	char path[PATH_MAX + 32];

	(void)state;
	if (scratch_make(proc, sizeof(proc)))
		return -1;
	snprintf(path, sizeof(path), "%s/42", proc);
	if (mkdir(path, 0700))
		return -1;
	snprintf(path, sizeof(path), "%s/42/ns", proc);
	if (mkdir(path, 0700))
		return -1;
	make_link("self", "42");
	return 0;
}

static int remove_proc(void **state)
{
	static const char *const names[] = { "42/ns/pid", "42/ns/user", "42/ns/time",
					     "42/timens_offsets", "self" };
	char path[PATH_MAX + 32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", proc, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/42/ns", proc);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/42", proc);
	rmdir(path);
	return rmdir(proc);
}

static void the_initial_pid_namespace_is_known_by_its_inode(void **state)
{
	(void)state;
	make_link("42/ns/pid", "pid:[4026531836]");
	assert_true(namespace_fits(proc, LP_NAMESPACE_PID));
	make_link("42/ns/pid", "pid:[4026532281]");
	assert_false(namespace_fits(proc, LP_NAMESPACE_PID));
	/* a kernel without PID namespaces, or a /proc that hides them */
	make_link("42/ns/pid", NULL);
	assert_true(namespace_fits(proc, LP_NAMESPACE_PID));
}

static void the_initial_user_namespace_is_known_by_its_inode(void **state)
{
	(void)state;
	make_link("42/ns/user", "user:[4026531837]");
	assert_true(namespace_fits(proc, LP_NAMESPACE_USER));
	make_link("42/ns/user", "user:[4026532281]");
	assert_false(namespace_fits(proc, LP_NAMESPACE_USER));
	make_link("42/ns/user", NULL);
	assert_true(namespace_fits(proc, LP_NAMESPACE_USER));
}

static void a_time_namespace_matters_by_its_offsets(void **state)
{
	static const struct {
		const char *inode, *offsets;
		bool fits;
	} cases[] = {
		{ "time:[4026531834]", "monotonic           0         0\nboottime 0 0\n", true },
		/* in the initial namespace, the file has the offsets of future children */
		{ "time:[4026531834]", "monotonic      100000         0\nboottime 0 0\n", true },
		{ "time:[4026532282]", "monotonic           0         0\nboottime 0 0\n", true },
		{ "time:[4026532282]", "monotonic      100000         0\nboottime 0 0\n", false },
		{ "time:[4026532282]", "monotonic        -100         0\nboottime 0 0\n", false },
		{ "time:[4026532282]", "monotonic           0         1\nboottime 0 0\n", false },
		{ "time:[4026532282]", "monotonic           0         0\nboottime 7 0\n", false },
		{ "time:[4026532282]", NULL, true },
		{ NULL, "monotonic      100000         0\n", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_link("42/ns/time", cases[i].inode);
		make_offsets(cases[i].offsets);
		if (namespace_fits(proc, LP_NAMESPACE_TIME) != cases[i].fits)
			fail_msg("case %zu", i);
	}
}

static void the_clock_of_a_process_is_ahead_by_its_offset(void **state)
{
	(void)state;
	make_link("42/ns/time", "time:[4026532282]");
	make_offsets("monotonic      100000         5\nboottime 0 0\n");
	/* a process has no shift against itself, whatever its namespace is */
	assert_int_equal(namespaces_clock_shift(proc, 42), 0);
	make_link("self", "43");
	assert_int_equal(namespaces_clock_shift(proc, 42), 100000000000005);
	make_offsets("monotonic        -1         0\nboottime 0 0\n");
	assert_int_equal(namespaces_clock_shift(proc, 42), -1000000000);
	make_offsets("monotonic  99999999999999999 0\n");
	assert_int_equal(namespaces_clock_shift(proc, 42), 0);
	make_link("42/ns/time", "time:[4026531834]");
	make_offsets("monotonic      100000         5\nboottime 0 0\n");
	assert_int_equal(namespaces_clock_shift(proc, 42), 0);
	assert_int_equal(namespaces_clock_shift(proc, 44), 0);
}

static void a_proc_of_another_namespace_names_us_otherwise(void **state)
{
	char own[32], none[PATH_MAX + 32];

	(void)state;
	snprintf(own, sizeof(own), "%d", getpid());
	make_link("self", own);
	assert_true(namespace_fits(proc, LP_NAMESPACE_PROC));
	snprintf(own, sizeof(own), "%d", getpid() + 1);
	make_link("self", own);
	assert_false(namespace_fits(proc, LP_NAMESPACE_PROC));
	/* this process has no PID in that /proc */
	make_link("self", NULL);
	assert_false(namespace_fits(proc, LP_NAMESPACE_PROC));
	/* no file system is mounted there */
	snprintf(none, sizeof(none), "%s/none", proc);
	assert_true(namespace_fits(none, LP_NAMESPACE_PROC));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_proc, remove_proc)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_initial_pid_namespace_is_known_by_its_inode),
		TEST(the_initial_user_namespace_is_known_by_its_inode),
		TEST(a_time_namespace_matters_by_its_offsets),
		TEST(the_clock_of_a_process_is_ahead_by_its_offset),
		TEST(a_proc_of_another_namespace_names_us_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
