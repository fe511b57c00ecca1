// SPDX-License-Identifier: BSD-2-Clause
/* Output streams: what they replace, what they follow, and whom files belong to. */
#include "output_fixture.h"

#define NOBODY 65534

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
	expect_stream_error(-ENXIO, "has no reader");
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

/* A link that another user can have made is not followed, even to a file of this user. */
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

static void a_file_that_is_made_in_a_directory_has_its_mode_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 0077, 0277, 0777 };
	int directory = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), made;
	struct stat status;
	char name[64];
	mode_t before;
	size_t i;

	(void)state;
	assert_true(directory >= 0);
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		snprintf(name, sizeof(name), "loopprof-test-%d-%zu", getpid(), i);
		before = umask(masks[i]);
		made = output_create_at(directory, name);
		umask(before);
		assert_true(made >= 0);
		assert_int_equal(unlinkat(directory, name, 0), 0);
		assert_int_equal(fstat(made, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
		close(made);
	}
	close(directory);
}

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
		TEST(another_name_of_a_file_is_not_written),
		TEST(a_fifo_needs_a_reader),
		TEST(a_descriptor_of_ours_is_a_place_too),
		TEST(only_links_of_our_own_are_followed),
		TEST(a_file_of_another_user_in_a_shared_directory_stays),
		TEST(root_gives_new_files_to_the_caller_of_sudo),
		TEST(a_strange_sudo_uid_is_ignored),
		TEST(a_file_that_is_made_in_a_directory_has_its_mode_whatever_the_umask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
