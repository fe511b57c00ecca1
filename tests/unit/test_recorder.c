// SPDX-License-Identifier: BSD-2-Clause
#include "recording_fixture.h"

#include <signal.h>
#include <sys/resource.h>

/* The records of a capture: their number by type, and some of their contents. */
struct lp_counted {
	uint64_t types[64];
	uint64_t replayed;
	uint64_t lost;
	uint32_t segment;
	char comm[32], unit[32];
	char named[64][32]; /* names by the callback's number */
	uint64_t counts[64]; /* runs in the last counters of each callback */
};

static void count(struct lp_counted *counted, const struct lp_event *record)
{
	const struct lp_event_callback_stats *stats = (const void *)record;
	const struct lp_event_name *name = (const void *)record;

	assert_in_range(record->type, 1, 63);
	counted->types[record->type]++;
	if (record->type == LP_EVENT_TARGET)
		memcpy(counted->comm, ((const struct lp_event_target *)record)->comm, 32);
	if (record->type == LP_EVENT_LABELS)
		memcpy(counted->unit, ((const struct lp_event_labels *)record)->unit, 32);
	if (record->type == LP_EVENT_NAME)
		memcpy(counted->named[name->callback], name->qualname_data, 32);
	if (record->type == LP_EVENT_CALLBACK_STATS)
		counted->counts[stats->callback] = stats->run.sum_ns / 1000;
}

static void read_file(const char *path, struct lp_counted *counted)
{
	struct lp_capture_reader *reader;
	const struct lp_event *record;
	struct lp_error error;
	int err;

	memset(counted, 0, sizeof(*counted));
	if (capture_reader_new(path, &reader, &error))
		fail_msg("%s", error.text);
	counted->segment = capture_header(reader)->segment;
	while ((err = capture_next(reader, &record, &error)) > 0) {
		count(counted, record);
		counted->replayed += capture_is_checkpoint(reader);
	}
	if (err)
		fail_msg("%s", error.text);
	counted->lost = capture_lost(reader);
	capture_reader_free(reader);
}

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

static uint64_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : (uint64_t)status.st_size;
}

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

static void a_new_file_begins_after_so_many_bytes(void **state)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_recorder *recorder;
	struct lp_counted counted;
	uint64_t slow = 0, ms;
	unsigned int i;

	(void)state;
	config.rotate_bytes = 20000;
	recorder = recorder_start(&config);
	put_loop(recorder, 0, 0);
	for (ms = 0; ms < 20000; ms += 10) {
		put_noise(recorder, 0, ms);
		tick(recorder, ms);
	}
	recorder_end(recorder);
	for (i = 0; is_there(segment_path(i)); i++) {
		assert_true(size_of(segment_path(i)) < 20000 + 40000);
		read_file(segment_path(i), &counted);
		assert_int_equal(counted.segment, i);
		slow += counted.types[LP_EVENT_SLOW];
	}
	assert_true(i > 5);
	assert_int_equal(slow, 2000);
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

static void fill_with_noise(struct lp_recorder *recorder, uint64_t from_ms, uint64_t seconds)
{
	uint64_t ms;

	for (ms = from_ms; ms < from_ms + seconds * 1000; ms += 10) {
		put_noise(recorder, 0, ms);
		tick(recorder, ms);
	}
}

static uint64_t size_of_all(void)
{
	struct dirent *entry;
	DIR *stream = opendir(directory);
	uint64_t all = 0;

	while (stream && (entry = readdir(stream)))
		if (!strncmp(entry->d_name, "loopprof-", 9))
			all += size_of(in_directory("%s", entry->d_name));
	closedir(stream);
	return all;
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
	remove_all(in_directory("d"));
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

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
		TEST(a_new_file_begins_after_so_many_bytes),
		TEST(a_new_file_begins_after_so_long),
		TEST(each_file_begins_with_what_is_known),
		TEST(stacks_are_repeated_where_they_are_named),
		TEST(the_oldest_files_go_and_others_stay),
		TEST(a_file_that_another_run_writes_is_not_removed),
		TEST(a_full_disk_is_counted_and_reported_at_the_end),
		TEST(a_directory_that_comes_back_is_used_again),
		TEST(a_file_that_was_removed_is_begun_again),
		TEST(an_older_file_stays_until_there_is_something_to_record),
		TEST(nothing_is_left_of_a_run_that_fails),
		TEST(another_name_of_a_file_is_not_recorded_into),
		TEST(a_file_that_another_recording_writes_is_not_replaced),
		TEST(a_directory_that_becomes_a_link_changes_nothing),
		TEST(what_no_run_of_ours_wrote_is_not_removed),
		TEST(no_empty_file_is_left_where_there_is_no_space),
		TEST(a_file_that_was_removed_is_missed_when_much_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
