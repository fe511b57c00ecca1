// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch_fixture.h"
#include "files/append_file.h"

static char directory[256], path[300], previous[310];

static int make_directory(void **state)
{
	(void)state;
	if (scratch_make(directory, sizeof(directory)))
		return -1;
	snprintf(path, sizeof(path), "%s/lines", directory);
	snprintf(previous, sizeof(previous), "%s/lines.1", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	rmdir(path);
	unlink(path);
	unlink(previous);
	return rmdir(directory);
}

static struct lp_append *open_append(off_t limit)
{
	struct lp_append *append;
	struct lp_error error;

	if (append_new(path, 0644, limit, &append, &error))
		fail_msg("%s", error.text);
	return append;
}

static void expect(const char *name, const char *text)
{
	char found[256];
	FILE *file = fopen(name, "r");

	assert_non_null(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(found, text);
}

static int add(struct lp_append *append, const char *text)
{
	return append_lines(append, text, strlen(text));
}

static void lines_are_added_to_those_that_are_there(void **state)
{
	struct lp_append *append;
	struct stat status;

	(void)state;
	append = open_append(1000);
	assert_int_equal(add(append, "one\n"), 0);
	append_free(append);
	append = open_append(1000);
	assert_int_equal(add(append, "two\n"), 0);
	append_free(append);
	expect(path, "one\ntwo\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
}

static void a_file_that_is_full_becomes_the_one_before(void **state)
{
	struct lp_append *append = open_append(10);

	(void)state;
	assert_int_equal(add(append, "first\n"), 0);
	assert_int_equal(add(append, "second\n"), 0);
	expect(previous, "first\n");
	expect(path, "second\n");
	assert_int_equal(add(append, "third\n"), 0);
	expect(previous, "second\n");
	expect(path, "third\n");
	/* one line that is larger than the limit is written whole */
	assert_int_equal(add(append, "more than ten\n"), 0);
	expect(path, "more than ten\n");
	append_free(append);
}

static void no_part_of_a_line_is_left_when_the_disk_is_full(void **state)
{
	struct rlimit limit = { .rlim_cur = 10, .rlim_max = RLIM_INFINITY }, before;
	struct lp_append *append = open_append(1000);

	(void)state;
	assert_int_equal(add(append, "first\n"), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(add(append, "second\n"), -ENOSPC);
	setrlimit(RLIMIT_FSIZE, &before);
	expect(path, "first\n");
	assert_int_equal(add(append, "third\n"), 0);
	expect(path, "first\nthird\n");
	append_free(append);
}

static void what_was_cut_by_others_does_not_spoil_the_next_line(void **state)
{
	struct lp_append *append = open_append(1000);
	FILE *file = fopen(path, "w");

	(void)state;
	fputs("{\"half\":", file);
	fclose(file);
	assert_int_equal(add(append, "whole\n"), 0);
	expect(path, "{\"half\":\nwhole\n");
	append_free(append);
}

static void a_directory_that_comes_back_is_written_again(void **state)
{
	struct lp_append *append = open_append(1000);

	(void)state;
	unlink(path);
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(add(append, "lost\n"), -ENOENT);
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(add(append, "found\n"), 0);
	expect(path, "found\n");
	append_free(append);
}

static void only_a_file_is_written(void **state)
{
	struct lp_append *append = open_append(1000);
	struct lp_append *second;
	struct lp_error error;

	(void)state;
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(add(append, "x\n"), -ELOOP);
	assert_int_equal(append_new(path, 0644, 10, &second, &error), -ELOOP);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(add(append, "x\n"), -EISDIR);
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(add(append, "x\n"), -EEXIST);
	unlink(path);
	assert_int_equal(add(append, "x\n"), 0);
	append_free(append);
}

static void a_directory_replaced_by_a_link_changes_nothing(void **state)
{
	struct lp_append *append = open_append(1000);
	char moved[300];

	(void)state;
	snprintf(moved, sizeof(moved), "%s.moved", directory);
	assert_int_equal(rename(directory, moved), 0);
	assert_int_equal(symlink("/tmp", directory), 0);
	assert_int_equal(add(append, "x\n"), 0);
	assert_int_equal(access("/tmp/lines", F_OK), -1);
	assert_int_equal(unlink(directory), 0);
	assert_int_equal(rename(moved, directory), 0);
	expect(path, "x\n");
	append_free(append);
}

static void another_name_of_a_file_is_not_written(void **state)
{
	struct lp_append *append = open_append(1000);

	(void)state;
	assert_int_equal(add(append, "one\n"), 0);
	assert_int_equal(link(path, previous), 0);
	assert_int_equal(add(append, "two\n"), -EMLINK);
	expect(path, "one\n");
	assert_int_equal(unlink(previous), 0);
	assert_int_equal(add(append, "two\n"), 0);
	append_free(append);
}

static void what_is_no_former_file_is_not_replaced(void **state)
{
	struct lp_append *append = open_append(10);

	(void)state;
	assert_int_equal(add(append, "first\n"), 0);
	assert_int_equal(symlink("/etc/passwd", previous), 0);
	assert_int_equal(add(append, "second\n"), -EEXIST);
	expect(path, "first\n");
	assert_int_equal(unlink(previous), 0);
	assert_int_equal(add(append, "second\n"), 0);
	expect(previous, "first\n");
	append_free(append);
}

static void a_missing_directory_is_reported_at_once(void **state)
{
	struct lp_append *append;
	struct lp_error error;

	(void)state;
	assert_int_equal(append_new("/nowhere/at/all", 0644, 10, &append, &error), -ENOENT);
	assert_null(append);
	assert_non_null(strstr(error.text, "create it"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_added_to_those_that_are_there),
		TEST(a_file_that_is_full_becomes_the_one_before),
		TEST(no_part_of_a_line_is_left_when_the_disk_is_full),
		TEST(what_was_cut_by_others_does_not_spoil_the_next_line),
		TEST(a_directory_that_comes_back_is_written_again),
		TEST(only_a_file_is_written),
		TEST(a_directory_replaced_by_a_link_changes_nothing),
		TEST(another_name_of_a_file_is_not_written),
		TEST(what_is_no_former_file_is_not_replaced),
		TEST(a_missing_directory_is_reported_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
