// SPDX-License-Identifier: BSD-2-Clause
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

#include "files/output_file.h"

#define NOBODY 65534

static char directory[256];
static char path[1024];

static int make_directory(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	snprintf(directory, sizeof(directory), "%s/loopprof-test-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/out", directory);
	return 0;
}

static int visit_entries(bool remove)
{
	DIR *entries = opendir(directory);
	struct dirent *entry;
	int count = 0;

	assert_non_null(entries);
	while ((entry = readdir(entries))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		count++;
		if (remove && unlinkat(dirfd(entries), entry->d_name, 0))
			unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
	}
	closedir(entries);
	return count;
}

static int count_entries(void)
{
	return visit_entries(false);
}

static int remove_directory(void **state)
{
	(void)state;
	visit_entries(true);
	return rmdir(directory);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void expect_file(const char *text)
{
	char found[256] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(found, text);
}

static struct stat status_of(const char *file)
{
	struct stat status;

	assert_int_equal(lstat(file, &status), 0);
	return status;
}

static void expect_stream_error(int code, const char *fix)
{
	struct lp_error error = { 0 };
	FILE *stream;

	assert_int_equal(output_open(path, &stream, &error), code);
	assert_null(stream);
	assert_int_equal(error.code, code);
	assert_non_null(strstr(error.text, path));
	assert_non_null(strstr(error.text, fix));
}

static void expect_snapshot_error(int code, const char *fix)
{
	struct lp_error error = { 0 };
	struct lp_output_snapshot *snapshot;

	assert_int_equal(output_snapshot_new(path, 0644, &snapshot, &error), code);
	assert_null(snapshot);
	assert_int_equal(error.code, code);
	assert_non_null(strstr(error.text, path));
	assert_non_null(strstr(error.text, fix));
}

static struct lp_output_snapshot *open_snapshot(const char *file, mode_t mode)
{
	struct lp_error error = { 0 };
	struct lp_output_snapshot *snapshot;

	if (output_snapshot_new(file, mode, &snapshot, &error))
		fail_msg("%s", error.text);
	return snapshot;
}

static void write_version(struct lp_output_snapshot *snapshot, const char *text)
{
	FILE *stream;

	assert_int_equal(output_snapshot_begin(snapshot, &stream), 0);
	fputs(text, stream);
	assert_int_equal(output_snapshot_commit(snapshot), 0);
}

static void a_stream_without_a_path_is_stdout(void **state)
{
	struct lp_error error;
	FILE *stream;

	(void)state;
	assert_int_equal(output_open(NULL, &stream, &error), 0);
	assert_ptr_equal(stream, stdout);
	assert_int_equal(output_close(stream), 0);
	assert_true(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
}

static void a_new_stream_is_its_owners_only(void **state)
{
	struct lp_error error;
	FILE *stream;

	(void)state;
	assert_int_equal(output_open(path, &stream, &error), 0);
	assert_int_equal(output_write(stream, "one\n", 4), 0);
	expect_file("one\n");
	fputs("two\n", stream);
	assert_int_equal(output_write(stream, "three\n", 6), 0);
	assert_int_equal(output_close(stream), 0);
	expect_file("one\ntwo\nthree\n");
	assert_int_equal(status_of(path).st_mode & 07777, 0600);
}

/* A run without output must not destroy the output of an earlier one. */
static void an_old_stream_stays_until_something_is_written(void **state)
{
	struct lp_error error;
	FILE *stream;

	(void)state;
	write_file("old");
	chmod(path, 0640);
	assert_int_equal(output_open(path, &stream, &error), 0);
	expect_file("old");
	assert_int_equal(output_close(stream), 0);
	expect_file("old");
	assert_int_equal(output_open(path, &stream, &error), 0);
	assert_int_equal(output_write(stream, "new", 3), 0);
	expect_file("new");
	assert_int_equal(output_close(stream), 0);
	expect_file("new");
	assert_int_equal(status_of(path).st_mode & 07777, 0640);
	assert_int_equal(count_entries(), 1);
}

static void a_whole_stream_is_seen_when_it_is_closed(void **state)
{
	struct lp_error error;
	FILE *stream;

	(void)state;
	write_file("old");
	assert_int_equal(output_open_whole(path, &stream, &error), 0);
	assert_int_equal(output_write(stream, "one ", 4), 0);
	assert_int_equal(output_write(stream, "two", 3), 0);
	expect_file("old");
	assert_int_equal(output_close(stream), 0);
	expect_file("one two");
	assert_int_equal(count_entries(), 1);
}

static void what_cannot_be_written_is_reported_with_its_fix(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	expect_stream_error(-EISDIR, "give a file in it");
	expect_snapshot_error(-EISDIR, "give a file in it");
	strcat(path, "/");
	expect_snapshot_error(-EISDIR, "give a file in it");
	strcat(path, "none/out");
	expect_stream_error(-ENOENT, "create it");
	expect_snapshot_error(-ENOENT, "create it");
	snprintf(path, sizeof(path), "%s/%0256d", directory, 0);
	expect_stream_error(-ENAMETOOLONG, "shorter");
	/* only the length of the name itself is too great */
	expect_snapshot_error(-ENAMETOOLONG, "shorter");
}

static void a_full_device_is_reported(void **state)
{
	struct lp_error error;
	FILE *stream;

	(void)state;
	assert_int_equal(output_open("/dev/full", &stream, &error), 0);
	assert_int_equal(output_write(stream, "x", 1), -ENOSPC);
	assert_non_null(strstr(output_advice(-ENOSPC), "the disk is full"));
	assert_int_equal(output_close(stream), -ENOSPC);
}

static void links_are_not_followed(void **state)
{
	char link[1040];

	(void)state;
	write_file("precious");
	snprintf(link, sizeof(link), "%s-link", path);
	assert_int_equal(symlink(path, link), 0);
	strcpy(path, link);
	expect_stream_error(-ELOOP, "points to");
	expect_snapshot_error(-ELOOP, "points to");
	expect_file("precious");
}

static void an_unwritable_directory_is_reported_at_open(void **state)
{
	bool root = !geteuid();

	(void)state;
	chmod(directory, 0555);
	if (root)
		assert_int_equal(seteuid(NOBODY), 0);
	expect_stream_error(-EACCES, "that you may write");
	expect_snapshot_error(-EACCES, "that you may write");
	if (root)
		assert_int_equal(seteuid(0), 0);
	chmod(directory, 0700);
	assert_int_equal(count_entries(), 0);
}

static void opening_a_snapshot_changes_nothing(void **state)
{
	struct lp_output_snapshot *snapshot;

	(void)state;
	snapshot = open_snapshot(path, 0644);
	assert_int_equal(count_entries(), 0);
	output_snapshot_free(snapshot);
	write_file("old");
	snapshot = open_snapshot(path, 0644);
	expect_file("old");
	assert_int_equal(count_entries(), 1);
	output_snapshot_free(snapshot);
}

static void a_snapshot_appears_only_when_it_is_whole(void **state)
{
	struct lp_output_snapshot *snapshot = open_snapshot(path, 0644);
	FILE *stream;

	(void)state;
	write_version(snapshot, "first");
	expect_file("first");
	assert_int_equal(output_snapshot_begin(snapshot, &stream), 0);
	fputs("second", stream);
	fflush(stream);
	expect_file("first");
	assert_int_equal(output_snapshot_commit(snapshot), 0);
	expect_file("second");
	assert_int_equal(count_entries(), 1);
	output_snapshot_free(snapshot);
}

static void a_snapshot_has_its_mode_whatever_the_umask(void **state)
{
	mode_t mask = umask(077);
	struct lp_output_snapshot *snapshot = open_snapshot(path, 0644);

	(void)state;
	write_version(snapshot, "x");
	assert_int_equal(status_of(path).st_mode & 07777, 0644);
	output_snapshot_free(snapshot);
	umask(0);
	snapshot = open_snapshot(path, 0600);
	write_version(snapshot, "x");
	assert_int_equal(status_of(path).st_mode & 07777, 0600);
	output_snapshot_free(snapshot);
	umask(mask);
}

static void an_abandoned_snapshot_leaves_the_old_one(void **state)
{
	struct lp_output_snapshot *snapshot = open_snapshot(path, 0644);
	FILE *stream;

	(void)state;
	write_version(snapshot, "first");
	assert_int_equal(output_snapshot_begin(snapshot, &stream), 0);
	fputs("second", stream);
	output_snapshot_abandon(snapshot);
	expect_file("first");
	assert_int_equal(count_entries(), 1);
	/* the snapshot is freed in the middle of a version */
	assert_int_equal(output_snapshot_begin(snapshot, &stream), 0);
	output_snapshot_free(snapshot);
	assert_int_equal(count_entries(), 1);
}

static void a_failed_write_leaves_the_old_one_and_no_temporary(void **state)
{
	struct lp_output_snapshot *snapshot = open_snapshot(path, 0644);
	struct rlimit limit, small;
	FILE *stream;
	int i;

	(void)state;
	write_version(snapshot, "first");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(output_snapshot_begin(snapshot, &stream), 0);
	for (i = 0; i < 100000; i++)
		putc('x', stream);
	i = output_snapshot_commit(snapshot);
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(i, -EFBIG);
	expect_file("first");
	assert_int_equal(count_entries(), 1);
	/* the failure of one version does not affect the next one */
	write_version(snapshot, "third");
	expect_file("third");
	output_snapshot_free(snapshot);
}

static void nothing_but_a_file_is_ever_replaced(void **state)
{
	struct lp_output_snapshot *snapshot;
	FILE *stream;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_snapshot_error(-EEXIST, "not a regular file");
	unlink(path);
	snapshot = open_snapshot(path, 0644);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(output_snapshot_begin(snapshot, &stream), 0);
	assert_int_equal(output_snapshot_commit(snapshot), -EISDIR);
	assert_int_equal(count_entries(), 1);
	output_snapshot_free(snapshot);
}

static void a_relative_path_survives_a_change_of_directory(void **state)
{
	struct lp_output_snapshot *snapshot;
	char before[256];

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(directory), 0);
	snapshot = open_snapshot("out", 0644);
	assert_int_equal(chdir(before), 0);
	write_version(snapshot, "here");
	expect_file("here");
	output_snapshot_free(snapshot);
}

static void commit_snapshot(struct lp_output_snapshot *snapshot, const char *text, int expected)
{
	FILE *stream;
	int err = output_snapshot_begin(snapshot, &stream);

	if (!err) {
		fputs(text, stream);
		err = output_snapshot_commit(snapshot);
	}
	assert_int_equal(err, expected);
}

static void a_directory_that_comes_back_gets_the_next_version(void **state)
{
	struct lp_output_snapshot *snapshot;
	struct lp_error error;

	(void)state;
	assert_int_equal(output_snapshot_new(path, 0644, &snapshot, &error), 0);
	assert_int_equal(rmdir(directory), 0);
	commit_snapshot(snapshot, "lost", -ENOENT);
	/* a new directory of the same name */
	assert_int_equal(mkdir(directory, 0700), 0);
	commit_snapshot(snapshot, "found", 0);
	expect_file("found");
	assert_int_equal(count_entries(), 1);
	output_snapshot_free(snapshot);
}

static char moved[300];

/* Does what the owner of the parent directory could do. */
static void swap_directory_for_a_link(void)
{
	snprintf(moved, sizeof(moved), "%s.moved", directory);
	assert_int_equal(rename(directory, moved), 0);
	assert_int_equal(symlink("/tmp", directory), 0);
}

static void swap_back(void)
{
	assert_int_equal(unlink(directory), 0);
	assert_int_equal(rename(moved, directory), 0);
}

static void a_directory_that_becomes_a_link_changes_nothing(void **state)
{
	struct lp_output_snapshot *snapshot;
	struct lp_error error;
	FILE *stream;

	(void)state;
	assert_int_equal(output_snapshot_new(path, 0644, &snapshot, &error), 0);
	swap_directory_for_a_link();
	commit_snapshot(snapshot, "here", 0);
	assert_int_equal(access("/tmp/out", F_OK), -1);
	swap_back();
	expect_file("here");
	output_snapshot_free(snapshot);
	assert_int_equal(output_open(path, &stream, &error), 0);
	swap_directory_for_a_link();
	assert_int_equal(output_write(stream, "there", 5), 0);
	assert_int_equal(access("/tmp/out", F_OK), -1);
	swap_back();
	assert_int_equal(output_close(stream), 0);
	expect_file("there");
	assert_int_equal(count_entries(), 1);
}

/*
 * A directory was removed, and a link put in its place: the link does not lead to the files'
 * directory.
 */
static void a_removed_directory_is_not_found_again_behind_a_link(void **state)
{
	struct lp_output_snapshot *snapshot;
	struct lp_error error;

	(void)state;
	assert_int_equal(output_snapshot_new(path, 0644, &snapshot, &error), 0);
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(symlink("/tmp", directory), 0);
	commit_snapshot(snapshot, "elsewhere", -ELOOP);
	assert_int_equal(unlink(directory), 0);
	assert_int_equal(mkdir(directory, 0700), 0);
	commit_snapshot(snapshot, "here", 0);
	expect_file("here");
	output_snapshot_free(snapshot);
}

static void another_name_of_a_file_is_not_written(void **state)
{
	struct lp_error error;
	char other[1040];
	FILE *stream;

	(void)state;
	write_file("precious");
	snprintf(other, sizeof(other), "%s-other", path);
	assert_int_equal(link(path, other), 0);
	expect_stream_error(-EMLINK, "hard link");
	expect_snapshot_error(-EMLINK, "hard link");
	expect_file("precious");
	/* the hard link is made after output_open() has checked the file */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(output_open(path, &stream, &error), 0);
	assert_int_equal(link(other, path), 0);
	assert_int_equal(output_write(stream, "x", 1), -EMLINK);
	output_close(stream);
	expect_file("precious");
	assert_int_equal(count_entries(), 2);
}

static void a_fifo_needs_a_reader(void **state)
{
	struct lp_error error;
	char found[8] = "";
	FILE *stream;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_stream_error(-ENXIO, "nobody reads");
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	assert_int_equal(output_open(path, &stream, &error), 0);
	assert_int_equal(output_write(stream, "text", 4), 0);
	assert_int_equal(output_close(stream), 0);
	assert_int_equal(read(reader, found, sizeof(found)), 4);
	assert_string_equal(found, "text");
	/* a FIFO of another user would hand our output to that user */
	if (!geteuid()) {
		assert_int_equal(chown(path, NOBODY, NOBODY), 0);
		expect_stream_error(-EEXIST, "not a regular file");
	}
	close(reader);
}

static void a_descriptor_of_ours_is_a_place_too(void **state)
{
	struct lp_error error;
	char found[8] = "";
	int ends[2];
	FILE *stream;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	assert_int_equal(output_open(path, &stream, &error), 0);
	assert_int_equal(output_write(stream, "text", 4), 0);
	assert_int_equal(output_close(stream), 0);
	assert_int_equal(read(ends[0], found, sizeof(found)), 4);
	assert_string_equal(found, "text");
	close(ends[0]);
	close(ends[1]);
	expect_stream_error(-EBADF, "closed");
}

/* A link that another user can have made is not followed, whoever owns its target. */
static void only_links_of_our_own_are_followed(void **state)
{
	char link[512];
	struct lp_error error;
	FILE *stream;

	(void)state;
	snprintf(link, sizeof(link), "%s.link", directory);
	assert_int_equal(symlink(directory, link), 0);
	snprintf(path, sizeof(path), "%s/out", link);
	assert_int_equal(output_open(path, &stream, &error), 0);
	assert_int_equal(output_write(stream, "x", 1), 0);
	output_close(stream);
	expect_file("x");
	if (!geteuid()) {
		/* another user's link in /tmp, where everybody may make one */
		assert_int_equal(lchown(link, NOBODY, NOBODY), 0);
		expect_stream_error(-ELOOP, "another user");
		expect_snapshot_error(-ELOOP, "another user");
	}
	assert_int_equal(unlink(link), 0);
	if (!geteuid()) {
		/* root's link in another user's directory, whose owner may have moved it there */
		snprintf(link, sizeof(link), "%s/link", directory);
		assert_int_equal(symlink("/tmp", link), 0);
		assert_int_equal(chown(directory, NOBODY, NOBODY), 0);
		snprintf(path, sizeof(path), "%s/out", link);
		expect_stream_error(-ELOOP, "another user");
		expect_snapshot_error(-ELOOP, "another user");
	}
}

static void a_file_of_another_user_in_a_shared_directory_stays(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chmod(directory, 01777), 0);
	write_file("theirs");
	assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	expect_stream_error(-EACCES, "another user's");
	expect_snapshot_error(-EACCES, "another user's");
	expect_file("theirs");
}

static void root_gives_new_files_to_the_caller_of_sudo(void **state)
{
	struct lp_output_snapshot *snapshot;
	struct lp_error error;
	FILE *stream;

	(void)state;
	if (geteuid())
		skip();
	setenv("SUDO_UID", "1234", 1);
	setenv("SUDO_GID", "5678", 1);
	assert_int_equal(output_open(path, &stream, &error), 0);
	assert_int_equal(output_write(stream, "x", 1), 0);
	output_close(stream);
	assert_int_equal(status_of(path).st_uid, 1234);
	assert_int_equal(status_of(path).st_gid, 5678);
	/* an existing file does not change its owner */
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(output_open(path, &stream, &error), 0);
	assert_int_equal(output_write(stream, "y", 1), 0);
	output_close(stream);
	assert_int_equal(status_of(path).st_uid, 0);
	snapshot = open_snapshot(path, 0644);
	write_version(snapshot, "x");
	output_snapshot_free(snapshot);
	assert_int_equal(status_of(path).st_uid, 1234);
	assert_int_equal(status_of(path).st_mode & 07777, 0644);
}

static void a_strange_sudo_uid_is_ignored(void **state)
{
	static const char *const strange[] = { "",   "x",  "12x",	 "-1",
					       " 1", "+1", "4294967295", "99999999999999999999" };
	struct lp_error error;
	FILE *stream;
	size_t i;

	(void)state;
	setenv("SUDO_GID", "5678", 1);
	for (i = 0; i < sizeof(strange) / sizeof(*strange); i++) {
		setenv("SUDO_UID", strange[i], 1);
		assert_int_equal(output_open(path, &stream, &error), 0);
		assert_int_equal(output_write(stream, "x", 1), 0);
		output_close(stream);
		assert_int_equal(status_of(path).st_uid, geteuid());
		unlink(path);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_without_a_path_is_stdout),
		TEST(a_new_stream_is_its_owners_only),
		TEST(an_old_stream_stays_until_something_is_written),
		TEST(a_whole_stream_is_seen_when_it_is_closed),
		TEST(what_cannot_be_written_is_reported_with_its_fix),
		TEST(a_full_device_is_reported),
		TEST(links_are_not_followed),
		TEST(an_unwritable_directory_is_reported_at_open),
		TEST(opening_a_snapshot_changes_nothing),
		TEST(a_snapshot_appears_only_when_it_is_whole),
		TEST(a_snapshot_has_its_mode_whatever_the_umask),
		TEST(an_abandoned_snapshot_leaves_the_old_one),
		TEST(a_failed_write_leaves_the_old_one_and_no_temporary),
		TEST(nothing_but_a_file_is_ever_replaced),
		TEST(a_relative_path_survives_a_change_of_directory),
		TEST(a_directory_that_comes_back_gets_the_next_version),
		TEST(a_directory_that_becomes_a_link_changes_nothing),
		TEST(a_removed_directory_is_not_found_again_behind_a_link),
		TEST(another_name_of_a_file_is_not_written),
		TEST(a_fifo_needs_a_reader),
		TEST(a_descriptor_of_ours_is_a_place_too),
		TEST(only_links_of_our_own_are_followed),
		TEST(a_file_of_another_user_in_a_shared_directory_stays),
		TEST(root_gives_new_files_to_the_caller_of_sudo),
		TEST(a_strange_sudo_uid_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
