// SPDX-License-Identifier: BSD-2-Clause
/* Recordings of several files: when one begins, what it repeats, and which are removed. */
#include "recorder_fixture.h"

static void a_new_file_begins_after_so_many_bytes(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_recorder_totals totals = { 0 };
	struct lp_recorder *recorder;
	struct lp_counted counted;
	uint64_t slow = 0, bytes = 0;
	struct stat status;
	unsigned int i;

	(void)state;
	config.rotate_bytes = 20000;
	config.totals = &totals;
	recorder = recorder_start(&config);
	put_loop(recorder, 0, 0);
	fill_with_noise(recorder, 0, 20);
	recorder_end(recorder);
	for (i = 0; is_there(segment_path(i)); i++) {
		assert_int_equal(stat(segment_path(i), &status), 0);
		bytes += (uint64_t)status.st_size;
		assert_true(size_of(segment_path(i)) < 20000 + 40000);
		read_file(segment_path(i), &counted);
		assert_int_equal(counted.segment, i);
		slow += counted.types[LP_EVENT_SLOW];
	}
	assert_true(i > 5);
	assert_int_equal(slow, 2000);
	assert_int_equal(totals.files, i);
	assert_int_equal(totals.bytes, bytes);
}

static void a_new_file_begins_after_so_long(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_recorder *recorder;
	struct lp_counted counted;
	uint64_t ms;

	(void)state;
	config.rotate_ns = 60 * SECOND;
	recorder = recorder_start(&config);
	put_loop(recorder, 0, 0);
	for (ms = 0; ms < 150000; ms += 500) {
		assert_int_equal(recorder_rotation_due(recorder, START + ms * 1000000),
				 ms == 60000 || ms == 120000);
		tick(recorder, ms);
	}
	recorder_end(recorder);
	assert_true(is_there(segment_path(2)));
	assert_false(is_there(segment_path(3)));
	read_file(segment_path(2), &counted);
	assert_int_equal(counted.types[LP_EVENT_LOOP], 1);
	assert_int_equal(counted.types[LP_EVENT_BASELINE], 1);
}

/* The second file begins with what still holds of the many changes in the first file. */
static void each_file_begins_with_what_is_known(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_event exit = record_head(LP_EVENT_PROCESS, sizeof(struct lp_event_process));
	struct lp_event_process process = { .event = exit, .action = LP_PROCESS_EXIT };
	struct lp_event_lost lost = { .event = record_head(LP_EVENT_LOST, sizeof(lost)) };
	struct lp_recorder *recorder;
	struct lp_counted counted;

	(void)state;
	config.rotate_ns = 60 * SECOND;
	recorder = recorder_start(&config);
	put_target(recorder, 0);
	put_loop(recorder, 0, 1);
	put_loop(recorder, 1, 1);
	put_loop(recorder, 2, 1);
	put_name(recorder, 0, 10, "stays", 2);
	put_name(recorder, 1, 11, "ends", 2);
	put_name(recorder, 2, 12, "other", 2);
	put_stats(recorder, 0, 10, 5, 3);
	put_stats(recorder, 0, 10, 7, 4);
	put_stats(recorder, 1, 11, 9, 4);
	put_loop_end(recorder, 1, 5);
	put(recorder, &lost, LP_NO_LOOP, 6);
	tick(recorder, 60000);
	put_stats(recorder, 0, 10, 8, 60001);
	tick(recorder, 61500);
	read_file(segment_path(1), &counted);
	assert_string_equal(counted.comm, "python3");
	assert_string_equal(counted.unit, "api.service");
	assert_int_equal(counted.types[LP_EVENT_LOOP], 2);
	assert_int_equal(counted.types[LP_EVENT_NAME], 2);
	assert_string_equal(counted.named[10], "stays");
	assert_string_equal(counted.named[11], "");
	assert_int_equal(counted.types[LP_EVENT_LOST], 1);
	assert_int_equal(counted.types[LP_EVENT_BASELINE], 1);
	/* one in the checkpoint, and one new record */
	assert_int_equal(counted.types[LP_EVENT_CALLBACK_STATS], 2);
	assert_int_equal(counted.counts[10], 8);
	/*
	 * target, labels, two loops, two names, one callback's and one loop's stats, lost, baseline
	 */
	assert_int_equal(counted.replayed, 10);
	/* the process has ended, so that the next file does not repeat it */
	put_loop_end(recorder, 0, 62000);
	put_loop_end(recorder, 2, 62000);
	put(recorder, &process, LP_NO_LOOP, 62000);
	tick(recorder, 121000);
	recorder_end(recorder);
	read_file(segment_path(2), &counted);
	assert_int_equal(counted.types[LP_EVENT_TARGET], 0);
	assert_int_equal(counted.types[LP_EVENT_LABELS], 0);
	assert_int_equal(counted.types[LP_EVENT_LOOP], 0);
	assert_int_equal(counted.types[LP_EVENT_NAME], 0);
	assert_int_equal(counted.types[LP_EVENT_PROCESS], 0);
}

/* A file repeats a stack and its frames before the first record that refers to them. */
static void stacks_are_repeated_where_they_are_named(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	const uint32_t numbers[] = { 3, 4 };
	struct lp_event_frame three = record_frame(3, "inner", 1);
	struct lp_event_frame four = record_frame(4, "outer", 2);
	struct lp_event_frame five = record_frame(5, "unused", 3);
	struct lp_record_stack_sample sample_record =
		record_stack_sample(LP_SAMPLE_BLOCKED, 0xabc, 2, numbers);
	struct lp_event_cause cause = { .event = record_head(LP_EVENT_CAUSE, sizeof(cause)),
					.stack = 0xabc,
					.reason = LP_SAMPLE_BLOCKED };
	struct lp_capture_reader *reader;
	const struct lp_event *record;
	struct lp_recorder *recorder;
	struct lp_error error;
	uint16_t types[16];
	size_t i = 0;

	(void)state;
	config.rotate_ns = 60 * SECOND;
	recorder = recorder_start(&config);
	put_loop(recorder, 0, 1);
	put(recorder, &three, 0, 2);
	put(recorder, &four, 0, 2);
	put(recorder, &five, 0, 2);
	sample_record.sample.segment_ns = START;
	put(recorder, &sample_record, 0, 2);
	put(recorder, &cause, 0, 3);
	tick(recorder, 60000);
	put(recorder, &cause, 0, 60001);
	put(recorder, &cause, 0, 60002);
	recorder_end(recorder);
	assert_int_equal(capture_reader_new(segment_path(1), &reader, &error), 0);
	while (capture_next(reader, &record, &error) > 0) {
		assert_in_range(i, 0, 15);
		types[i++] = record->type;
		/* the repeated stack is not a second sample of that stall */
		if (record->type == LP_EVENT_STACK_SAMPLE)
			assert_int_equal(((const struct lp_event_stack_sample *)record)->segment_ns,
					 0);
	}
	capture_reader_free(reader);
	assert_int_equal(i, 7);
	assert_int_equal(types[0], LP_EVENT_LOOP);
	assert_int_equal(types[1], LP_EVENT_BASELINE);
	assert_int_equal(types[2], LP_EVENT_FRAME);
	assert_int_equal(types[3], LP_EVENT_FRAME);
	assert_int_equal(types[4], LP_EVENT_STACK_SAMPLE);
	assert_int_equal(types[5], LP_EVENT_CAUSE);
	assert_int_equal(types[6], LP_EVENT_CAUSE);
}

static void the_oldest_files_go_and_others_stay(void **state)
{
	struct lp_recorder_config config = recorder_config(directory), before;
	struct lp_recorder *recorder;
	FILE *file;

	(void)state;
	/*
	 * an older run's capture, a file with a capture's name that is none, and one of another
	 * name
	 */
	before = recorder_config(directory);
	before.header.start_unix_ns -= 3600 * SECOND;
	recorder_end(recorder_start(&before));
	assert_true(is_there(in_directory("loopprof-box-20231114T211320Z-0.lpc")));
	file = fopen(in_directory("loopprof-box-20200101T000000Z-0.lpc"), "w");
	fprintf(file, "%0200000d", 1);
	fclose(file);
	before = recorder_config(in_directory("mine.lpc"));
	before.header.start_unix_ns -= 7200 * SECOND;
	recorder_end(recorder_start(&before));

	config.rotate_bytes = 20000;
	config.retain_bytes = 100000;
	recorder = recorder_start(&config);
	fill_with_noise(recorder, 0, 60);
	recorder_end(recorder);
	assert_false(is_there(in_directory("loopprof-box-20231114T211320Z-0.lpc")));
	assert_false(is_there(segment_path(0)));
	assert_true(is_there(in_directory("loopprof-box-20200101T000000Z-0.lpc")));
	assert_true(is_there(in_directory("mine.lpc")));
	/* the file that is no capture does not count */
	assert_in_range(size_of_all() - 200000, 60000, 100000 + 40000);
}

static void a_file_that_another_run_writes_is_not_removed(void **state)
{
	struct lp_recorder_config config = recorder_config(directory), before = config;
	struct lp_recorder *recorder, *other;

	(void)state;
	before.header.start_unix_ns -= 3600 * SECOND;
	other = recorder_start(&before);
	config.rotate_bytes = 20000;
	config.retain_bytes = 60000;
	recorder = recorder_start(&config);
	fill_with_noise(recorder, 0, 20);
	recorder_end(recorder);
	assert_false(is_there(segment_path(0)));
	assert_true(is_there(in_directory("loopprof-box-20231114T211320Z-0.lpc")));
	recorder_end(other);
}

/* The directory is removed with all its files, and is there again ten seconds later. */
static void a_directory_that_comes_back_is_used_again(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("d/"));
	struct lp_recorder *recorder = recorder_start(&config);
	struct lp_counted counted;
	struct lp_error error;

	(void)state;
	put_target(recorder, 0);
	put_loop(recorder, 0, 0);
	put_name(recorder, 0, 10, "f", 0);
	fill_with_noise(recorder, 0, 5);
	assert_int_equal(scratch_remove(in_directory("d")), 0);
	fill_with_noise(recorder, 5000, 5);
	assert_int_equal(mkdir(in_directory("d"), 0700), 0);
	fill_with_noise(recorder, 10000, 15);
	assert_int_equal(recorder_close(recorder, &error), -ENOENT);
	if (!strstr(error.text, "is incomplete: "))
		fail_msg("%s", error.text);
	read_file(in_directory("d/loopprof-box-" STAMP "-1.lpc"), &counted);
	assert_int_equal(counted.types[LP_EVENT_LOOP], 1);
	assert_int_equal(counted.types[LP_EVENT_NAME], 1);
	assert_true(counted.types[LP_EVENT_SLOW] > 500);
	/* records of the removed file count as lost: 2500, and target, labels, loop, name */
	assert_int_equal(counted.types[LP_EVENT_SLOW] + counted.lost, 2500 + 4);
}

static void a_file_that_was_removed_is_begun_again(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));
	struct lp_recorder *recorder = recorder_start(&config);
	struct lp_counted counted;
	struct lp_error error;

	(void)state;
	put_loop(recorder, 0, 0);
	fill_with_noise(recorder, 0, 5);
	assert_int_equal(unlink(config.path), 0);
	fill_with_noise(recorder, 5000, 5);
	assert_int_equal(recorder_close(recorder, &error), -ENOENT);
	read_file(config.path, &counted);
	assert_int_equal(counted.types[LP_EVENT_LOOP], 1);
	assert_int_equal(counted.types[LP_EVENT_SLOW] + counted.lost, 1000 + 1);
}

/* The blocks are full before a second has passed. */
static void a_file_that_was_removed_is_missed_when_much_is_written(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));
	struct lp_recorder *recorder = recorder_start(&config);
	struct lp_error error;
	uint64_t ms, i;

	(void)state;
	put_loop(recorder, 0, 0);
	tick(recorder, 0);
	assert_int_equal(unlink(config.path), 0);
	for (ms = 100; ms < 3000; ms += 100) {
		for (i = 0; i < 300; i++)
			put_noise(recorder, 0, ms);
		tick(recorder, ms);
	}
	assert_int_equal(recorder_close(recorder, &error), -ENOENT);
	assert_true(is_there(config.path));
}

/* Another program truncates the file; the recording notices when it writes next, or ends. */
static void a_file_that_was_truncated_is_begun_again(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));
	struct lp_recorder *recorder = recorder_start(&config);
	struct lp_counted counted;
	struct lp_error error;

	(void)state;
	put_loop(recorder, 0, 0);
	fill_with_noise(recorder, 0, 5);
	assert_int_equal(truncate(config.path, 0), 0);
	fill_with_noise(recorder, 5000, 5);
	assert_int_not_equal(recorder_close(recorder, &error), 0);
	assert_non_null(strstr(error.text, "another program has truncated it"));
	read_file(config.path, &counted);
	assert_int_equal(counted.types[LP_EVENT_LOOP], 1);
	assert_true(counted.types[LP_EVENT_SLOW] > 400);
	assert_int_equal(counted.types[LP_EVENT_SLOW] + counted.lost, 1000 + 1);
}

static void a_file_that_was_truncated_last_is_reported(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));
	struct lp_recorder *recorder;
	struct lp_error error;
	off_t left;

	(void)state;
	/* to nothing, or to a part; nothing is written after that */
	for (left = 0; left <= 1000; left += 1000) {
		recorder = recorder_start(&config);
		put_loop(recorder, 0, 0);
		put_noise(recorder, 0, 10);
		tick(recorder, 1010);
		assert_true(size_of(config.path) > 0);
		assert_int_equal(
			truncate(config.path, left < (off_t)size_of(config.path) ? left : 8), 0);
		assert_int_not_equal(recorder_close(recorder, &error), 0);
		assert_non_null(strstr(error.text, "another program has truncated it"));
		unlink(config.path);
	}
}

/* It is truncated just before a write, which leaves a hole at the beginning. */
static void a_file_with_a_hole_is_begun_again(void **state)
{
	struct lp_recorder_config config = recorder_config(in_directory("x.lpc"));
	struct lp_recorder *recorder = recorder_start(&config);
	struct lp_error error;
	uint64_t size;

	(void)state;
	put_loop(recorder, 0, 0);
	fill_with_noise(recorder, 0, 5);
	size = size_of(config.path);
	assert_int_equal(truncate(config.path, 0), 0);
	assert_int_equal(truncate(config.path, (off_t)size + 1), 0);
	assert_int_not_equal(recorder_close(recorder, &error), 0);
	assert_non_null(strstr(error.text, "another program has truncated it"));
}

static void a_file_of_an_archive_that_was_truncated_is_followed_by_another(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_recorder *recorder = recorder_start(&config);
	struct lp_counted counted;
	struct lp_error error;
	char first[PATH_MAX];

	(void)state;
	put_loop(recorder, 0, 0);
	fill_with_noise(recorder, 0, 5);
	snprintf(first, sizeof(first), "%s", recorder_path(recorder));
	assert_int_equal(truncate(first, 0), 0);
	fill_with_noise(recorder, 5000, 5);
	assert_int_not_equal(recorder_close(recorder, &error), 0);
	assert_false(is_there(first));
	read_file(segment_path(1), &counted);
	assert_int_equal(counted.types[LP_EVENT_SLOW] + counted.lost, 1000 + 1);
}

static void what_no_run_of_ours_wrote_is_not_removed(void **state)
{
	struct lp_recorder_config config = recorder_config(directory), before = config;
	struct lp_recorder *recorder;
	const char *theirs;

	(void)state;
	before.header.start_unix_ns -= 3600 * SECOND;
	recorder = recorder_start(&before);
	put_noise(recorder, 0, 1);
	recorder_end(recorder);
	/* the capture has a second name */
	theirs = in_directory("loopprof-box-20231114T211320Z-0.lpc");
	assert_int_equal(link(theirs, in_directory("mine")), 0);
	config.rotate_bytes = 20000;
	config.retain_bytes = 60000;
	recorder = recorder_start(&config);
	fill_with_noise(recorder, 0, 20);
	assert_true(is_there(theirs));
	/* the capture belongs to another user */
	assert_int_equal(unlink(in_directory("mine")), 0);
	if (!geteuid())
		assert_int_equal(chown(theirs, 65534, 65534), 0);
	fill_with_noise(recorder, 20000, 10);
	assert_true(geteuid() || is_there(theirs));
	/* the capture belongs to this user again */
	if (!geteuid())
		assert_int_equal(chown(theirs, 0, 0), 0);
	fill_with_noise(recorder, 30000, 10);
	assert_false(is_there(theirs));
	recorder_end(recorder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_begins_after_so_many_bytes),
		TEST(a_new_file_begins_after_so_long),
		TEST(each_file_begins_with_what_is_known),
		TEST(stacks_are_repeated_where_they_are_named),
		TEST(the_oldest_files_go_and_others_stay),
		TEST(a_file_that_another_run_writes_is_not_removed),
		TEST(a_directory_that_comes_back_is_used_again),
		TEST(a_file_that_was_removed_is_begun_again),
		TEST(a_file_that_was_truncated_is_begun_again),
		TEST(a_file_that_was_truncated_last_is_reported),
		TEST(a_file_with_a_hole_is_begun_again),
		TEST(a_file_of_an_archive_that_was_truncated_is_followed_by_another),
		TEST(what_no_run_of_ours_wrote_is_not_removed),
		TEST(a_file_that_was_removed_is_missed_when_much_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
