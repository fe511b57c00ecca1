// SPDX-License-Identifier: BSD-2-Clause
/* Output files that are replaced as a whole. */
#include "output_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
