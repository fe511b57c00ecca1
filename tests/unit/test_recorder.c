// SPDX-License-Identifier: BSD-2-Clause
/* Recordings into a file or a directory: their names, owners, and what cannot be written. */
#include "recorder_fixture.h"

static void a_file_takes_all_records_and_only_its_user_may_read_it(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));
	struct lp_recorder *recorder = recorder_start(&config);
	struct lp_counted counted;
	struct stat status;
	int i;

	(void)state;
	put_target(recorder, 0);
	put_loop(recorder, 0, 0);
	for (i = 0; i < 1000; i++)
		put_noise(recorder, 0, (uint64_t)i);
	recorder_end(recorder);
	read_file(config.path, &counted);
	assert_int_equal(counted.types[LP_EVENT_SLOW], 1000);
	assert_int_equal(counted.replayed, 0);
	assert_int_equal(stat(config.path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void what_is_a_second_old_is_in_the_file(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));
	struct lp_recorder *recorder = recorder_start(&config);
	struct lp_counted counted;

	(void)state;
	put_loop(recorder, 0, 0);
	put_noise(recorder, 0, 10);
	tick(recorder, 900);
	read_file(config.path, &counted);
	assert_int_equal(counted.types[LP_EVENT_SLOW], 0);
	tick(recorder, 1010);
	read_file(config.path, &counted);
	assert_int_equal(counted.types[LP_EVENT_SLOW], 1);
	recorder_end(recorder);
}

static void a_directory_takes_a_name_that_reports_host_start_and_number(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_recorder *recorder;
	struct lp_counted counted;

	(void)state;
	recorder = recorder_start(&config);
	assert_string_equal(recorder_path(recorder), segment_path(0));
	put_noise(recorder, 0, 1);
	recorder_end(recorder);
	read_file(segment_path(0), &counted);
	assert_int_equal(counted.types[LP_EVENT_SLOW], 1);
}

static void a_hostname_stays_within_the_directory(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_recorder *recorder;

	(void)state;
	strcpy(config.header.host, "../../a b");
	recorder = recorder_start(&config);
	assert_string_equal(recorder_path(recorder),
			    in_directory("loopprof-.._.._a_b-" STAMP "-0.lpc"));
	recorder_end(recorder);
	assert_true(is_there(in_directory("loopprof-.._.._a_b-" STAMP "-0.lpc")));
}

static void a_directory_is_made_for_its_owner_only(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("new/"));
	struct stat status;

	(void)state;
	recorder_end(recorder_start(&config));
	assert_int_equal(stat(in_directory("new"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	config = recorder_config(in_directory("other"));
	config.directory = true;
	recorder_end(recorder_start(&config));
	assert_int_equal(stat(in_directory("other"), &status), 0);
	assert_true(S_ISDIR(status.st_mode));
}

static void a_place_that_cannot_be_written_is_reported_at_once(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("none/x.lpc"));
	struct lp_recorder *recorder;
	struct lp_error error;

	(void)state;
	assert_int_equal(recorder_new(&config, &recorder, &error), -ENOENT);
	assert_null(recorder);
	assert_non_null(strstr(error.text, config.path));
	config.directory = true;
	assert_int_equal(recorder_new(&config, &recorder, &error), -ENOENT);
	/* a file in the place of a directory */
	config = recorder_config(in_directory("file"));
	recorder_end(recorder_start(&config));
	config.directory = true;
	assert_int_equal(recorder_new(&config, &recorder, &error), -ENOTDIR);
	assert_non_null(strstr(error.text, "need a directory"));
	/* links are not followed */
	assert_int_equal(symlink(in_directory("target"), in_directory("link")), 0);
	config = recorder_config(in_directory("link"));
	assert_int_equal(recorder_new(&config, &recorder, &error), -ELOOP);
	assert_false(is_there(in_directory("target")));
}

static void two_runs_that_begin_in_the_same_second_have_their_own_files(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_recorder *first, *second;

	(void)state;
	first = recorder_start(&config);
	second = recorder_start(&config);
	assert_string_not_equal(recorder_path(first), recorder_path(second));
	recorder_end(first);
	recorder_end(second);
	assert_true(is_there(segment_path(0)));
	assert_true(is_there(in_directory("loopprof-box-20231114T221321Z-0.lpc")));
}

static void a_full_disk_is_counted_and_reported_at_the_end(void **state)
{
	struct lp_recorder_config config = recorder_config("/dev/full");
	struct lp_recorder *recorder = recorder_start(&config);
	struct lp_error error;

	(void)state;
	fill_with_noise(recorder, 0, 30);
	assert_int_equal(recorder_close(recorder, &error), -ENOSPC);
	assert_non_null(strstr(error.text, "is incomplete: 3000 records in 30.0 s"));
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void an_older_file_stays_until_there_is_something_to_record(void **state)
{
	struct lp_event_self self = { .event = record_head(LP_EVENT_SELF, sizeof(self)) };
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));
	struct lp_recorder *recorder;
	struct lp_counted counted;

	(void)state;
	write_text(config.path, "an older one");
	/* a run that fails before it attaches to a target */
	recorder_discard(recorder_start(&config));
	assert_int_equal(size_of(config.path), strlen("an older one"));
	/* a run that never attaches to a target */
	recorder = recorder_start(&config);
	put(recorder, &self, LP_NO_LOOP, 1);
	tick(recorder, 20000);
	recorder_end(recorder);
	assert_int_equal(size_of(config.path), strlen("an older one"));
	recorder = recorder_start(&config);
	put_target(recorder, 5);
	/* a recording that is killed leaves a file with a header */
	read_file(config.path, &counted);
	assert_int_equal(counted.segment, 0);
	put_loop(recorder, 0, 5);
	tick(recorder, 2000);
	read_file(config.path, &counted);
	assert_int_equal(counted.types[LP_EVENT_LOOP], 1);
	assert_int_equal(counted.types[LP_EVENT_TARGET], 1);
	recorder_end(recorder);
}

static void nothing_is_left_of_a_run_that_fails(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));

	(void)state;
	recorder_discard(recorder_start(&config));
	assert_false(is_there(config.path));
	config = recorder_config(directory);
	recorder_discard(recorder_start(&config));
	assert_false(is_there(segment_path(0)));
}

static void another_name_of_a_file_is_not_recorded_into(void **state)
{
	const char *precious = in_directory("precious");
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));
	struct lp_recorder *recorder;
	struct lp_error error;

	(void)state;
	write_text(precious, "precious");
	assert_int_equal(link(precious, config.path), 0);
	assert_int_equal(recorder_new(&config, &recorder, &error), -EMLINK);
	assert_non_null(strstr(error.text, "hard link"));
	assert_int_equal(size_of(precious), 8);
	/* the hard link is made during the recording */
	assert_int_equal(unlink(config.path), 0);
	recorder = recorder_start(&config);
	put_loop(recorder, 0, 0);
	assert_int_equal(unlink(config.path), 0);
	assert_int_equal(link(precious, config.path), 0);
	fill_with_noise(recorder, 0, 15);
	assert_int_equal(recorder_close(recorder, &error), -ENOENT);
	assert_int_equal(size_of(precious), 8);
}

static void a_file_that_another_recording_writes_is_not_replaced(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));
	struct lp_recorder *first = recorder_start(&config), *second;
	struct lp_counted counted;
	struct lp_error error;

	(void)state;
	put_loop(first, 0, 0);
	assert_int_equal(recorder_new(&config, &second, &error), -EBUSY);
	assert_non_null(strstr(error.text, "another recording"));
	recorder_end(first);
	read_file(config.path, &counted);
	assert_int_equal(counted.types[LP_EVENT_LOOP], 1);
}

/* The owner of the parent directory replaces the directory by a link. */
static void a_directory_that_becomes_a_link_changes_nothing(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("d/"));
	struct lp_recorder *recorder;
	struct lp_counted counted;

	(void)state;
	assert_int_equal(mkdir(in_directory("roots"), 0700), 0);
	config.rotate_ns = 5 * SECOND;
	recorder = recorder_start(&config);
	put_loop(recorder, 0, 0);
	assert_int_equal(rename(in_directory("d"), in_directory("moved")), 0);
	assert_int_equal(symlink(in_directory("roots"), in_directory("d")), 0);
	fill_with_noise(recorder, 0, 12);
	recorder_end(recorder);
	assert_int_equal(rmdir(in_directory("roots")), 0);
	read_file(in_directory("moved/loopprof-box-" STAMP "-2.lpc"), &counted);
	assert_int_equal(counted.types[LP_EVENT_LOOP], 1);
}

/* Not even the header of the first file fits on the disk. */
static void no_empty_file_is_left_where_there_is_no_space(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct rlimit limit, small;
	struct lp_recorder *recorder;
	struct lp_counted counted;
	struct lp_error error;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &small);
	recorder = recorder_start(&config);
	put_loop(recorder, 0, 0);
	fill_with_noise(recorder, 0, 12);
	assert_int_equal(size_of_all(), 0);
	assert_false(is_there(segment_path(0)));
	setrlimit(RLIMIT_FSIZE, &limit);
	/* the recording goes on when there is space */
	fill_with_noise(recorder, 12000, 12);
	assert_int_equal(recorder_close(recorder, &error), -EFBIG);
	read_file(segment_path(0), &counted);
	assert_int_equal(counted.types[LP_EVENT_LOOP], 1);
	assert_true(counted.types[LP_EVENT_SLOW] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_takes_all_records_and_only_its_user_may_read_it),
		TEST(what_is_a_second_old_is_in_the_file),
		TEST(a_directory_takes_a_name_that_reports_host_start_and_number),
		TEST(a_hostname_stays_within_the_directory),
		TEST(a_directory_is_made_for_its_owner_only),
		TEST(a_place_that_cannot_be_written_is_reported_at_once),
		TEST(two_runs_that_begin_in_the_same_second_have_their_own_files),
		TEST(a_full_disk_is_counted_and_reported_at_the_end),
		TEST(an_older_file_stays_until_there_is_something_to_record),
		TEST(nothing_is_left_of_a_run_that_fails),
		TEST(another_name_of_a_file_is_not_recorded_into),
		TEST(a_file_that_another_recording_writes_is_not_replaced),
		TEST(a_directory_that_becomes_a_link_changes_nothing),
		TEST(no_empty_file_is_left_where_there_is_no_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
