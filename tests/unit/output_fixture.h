/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of output files share. */
#ifndef LP_TESTS_UNIT_OUTPUT_FIXTURE_H
#define LP_TESTS_UNIT_OUTPUT_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch_fixture.h"
#include "files/output_file.h"

static char directory[256];
static char path[1024];

static inline int make_directory(void **state)
{
	(void)state;
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	if (scratch_make(directory, sizeof(directory)))
		return -1;
	snprintf(path, sizeof(path), "%s/out", directory);
	return 0;
}

static inline int count_entries(void)
{
	DIR *entries = opendir(directory);
	struct dirent *entry;
	int count = 0;

	assert_non_null(entries);
	while ((entry = readdir(entries)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(entries);
	return count;
}

static inline int remove_directory(void **state)
{
	(void)state;
	return scratch_remove(directory);
}

static inline void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static inline void expect_file(const char *text)
{
	char found[256] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(found, text);
}

static inline struct stat status_of(const char *file)
{
	struct stat status;

	assert_int_equal(lstat(file, &status), 0);
	return status;
}

static inline void expect_snapshot_error(int code, const char *fix)
{
	struct lp_error error = { 0 };
	struct lp_output_snapshot *snapshot;

	assert_int_equal(output_snapshot_new(path, 0644, &snapshot, &error), code);
	assert_null(snapshot);
	assert_int_equal(error.code, code);
	assert_non_null(strstr(error.text, path));
	assert_non_null(strstr(error.text, fix));
}

static inline struct lp_output_snapshot *open_snapshot(const char *file, mode_t mode)
{
	struct lp_error error = { 0 };
	struct lp_output_snapshot *snapshot;

	if (output_snapshot_new(file, mode, &snapshot, &error))
		fail_msg("%s", error.text);
	return snapshot;
}

static inline void write_version(struct lp_output_snapshot *snapshot, const char *text)
{
	FILE *stream;

	assert_int_equal(output_snapshot_begin(snapshot, &stream), 0);
	fputs(text, stream);
	assert_int_equal(output_snapshot_commit(snapshot), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

#endif /* LP_TESTS_UNIT_OUTPUT_FIXTURE_H */
