// SPDX-License-Identifier: BSD-2-Clause
#include "recording_fixture.h"

#include "capture/merge.h"

#define SOURCES_MAX 256

/* The records that were read, in order. */
struct lp_came {
	size_t count;
	uint64_t types[64];
	uint64_t of_source[SOURCES_MAX];
	uint64_t last_unix_ns;
	bool ordered; /* by wall time, which all sources here share */
	uint64_t offset[SOURCES_MAX];
};

static void came(void *context, size_t source, const struct lp_event *record)
{
	struct lp_came *came = context;
	uint64_t unix_ns = record->time_ns + came->offset[source];

	assert_in_range(source, 0, SOURCES_MAX - 1);
	assert_in_range(record->type, 1, 63);
	came->count++;
	came->types[record->type]++;
	came->of_source[source]++;
	if (unix_ns < came->last_unix_ns)
		came->ordered = false;
	came->last_unix_ns = unix_ns;
}

static int read_all(const char *const *paths, size_t count, struct lp_came *all,
		    struct lp_merge_totals *found)
{
	struct lp_merge *captures;
	struct lp_error error;
	size_t i;
	int err;

	memset(all, 0, sizeof(*all));
	all->ordered = true;
	memset(found, 0, sizeof(*found));
	err = merge_open((char *const *)paths, count, &captures, &error);
	if (err)
		return err;
	*found = *merge_totals(captures);
	assert_in_range(found->sources, 1, SOURCES_MAX);
	for (i = 0; i < found->sources; i++)
		all->offset[i] = merge_header(captures, i)->start_unix_ns -
				 merge_header(captures, i)->start_ns;
	err = merge_read(captures, came, all);
	merge_free(captures);
	return err;
}

static struct lp_recorder_config config_of(const char *path, const char *host, uint64_t later_s)
{
	struct lp_recorder_config config = recorder_config(path);

	snprintf(config.header.host, sizeof(config.header.host), "%s", host);
	config.header.start_unix_ns += later_s * SECOND;
	return config;
}

/* Records a run with an event every 10 ms, from its start on. */
static const char *record_one(const char *path, const char *host, uint64_t later_s,
			      uint64_t seconds)
{
	struct lp_recorder_config config = config_of(path, host, later_s);
	struct lp_recorder *recording = recorder_start(&config);
	uint64_t ms;

	put_loop(recording, 0, 0);
	for (ms = 0; ms < seconds * 1000; ms += 10)
		put_noise(recording, 0, ms);
	recorder_end(recording);
	return path;
}

/* Records a run over several files, in which loops and names last, end, and begin. */
static unsigned int record_run(void)
{
	struct lp_recorder_config config = recorder_config(directory);
	struct lp_recorder *recording;
	unsigned int files = 0;
	uint64_t ms;

	config.rotate_ns = 10 * SECOND;
	recording = recorder_start(&config);
	put_target(recording, 0);
	put_loop(recording, 0, 0);
	put_name(recording, 0, 10, "stays", 0);
	for (ms = 0; ms < 60000; ms += 100) {
		if (ms % 20000 == 5000) {
			put_loop(recording, 1, ms);
			put_name(recording, 1, 11, "comes and goes", ms);
		}
		if (ms % 20000 == 15000)
			put_loop_end(recording, 1, ms);
		put_noise(recording, 0, ms);
		put_stats(recording, 0, 10, ms, ms);
		tick(recording, ms);
	}
	recorder_end(recording);
	while (!access(segment_path(files), F_OK))
		files++;
	return files;
}

static void files_of_one_run_are_read_as_one(void **state)
{
	const char *const path[] = { directory };
	struct lp_merge_totals found;
	struct lp_came all;

	(void)state;
	assert_int_equal(record_run(), 6);
	assert_int_equal(read_all(path, 1, &all, &found), 0);
	assert_int_equal(found.files, 6);
	assert_int_equal(found.sources, 1);
	assert_int_equal(found.missing, 0);
	/* nothing of the checkpoints counts as new */
	assert_int_equal(all.types[LP_EVENT_LOOP], 1 + 3);
	assert_int_equal(all.types[LP_EVENT_LOOP_END], 3);
	assert_int_equal(all.types[LP_EVENT_NAME], 1 + 3);
	assert_int_equal(all.types[LP_EVENT_SLOW], 600);
	assert_int_equal(all.types[LP_EVENT_BASELINE], 0);
}

static void the_first_file_that_is_there_says_what_it_goes_on_from(void **state)
{
	const char *const path[] = { directory };
	struct lp_merge_totals found;
	struct lp_came all;

	(void)state;
	record_run();
	assert_int_equal(unlink(segment_path(0)), 0);
	assert_int_equal(unlink(segment_path(1)), 0);
	assert_int_equal(read_all(path, 1, &all, &found), 0);
	assert_int_equal(found.files, 4);
	assert_int_equal(all.types[LP_EVENT_BASELINE], 1);
	assert_int_equal(all.types[LP_EVENT_LOOP], 1 + 2);
	/* the record at 20 s is the last one of the file before */
	assert_int_equal(all.types[LP_EVENT_SLOW], 399);
}

static void counts_of_a_first_file_without_records_are_in_the_next_one(void **state)
{
	const char *const path[] = { directory };
	struct lp_merge_totals found;
	struct lp_came all;

	(void)state;
	record_run();
	/* the disk was full when the first records were to be written */
	assert_int_equal(truncate(segment_path(0), sizeof(struct lp_capture_header)), 0);
	assert_int_equal(read_all(path, 1, &all, &found), 0);
	assert_int_equal(found.missing, 0);
	assert_int_equal(all.types[LP_EVENT_BASELINE], 0);
}

static void loops_that_end_in_a_missing_file_end(void **state)
{
	const char *const path[] = { directory };
	struct lp_merge_totals found;
	struct lp_came all;

	(void)state;
	record_run();
	/* the file from 10 s to 20 s, in which the second loop ends */
	assert_int_equal(unlink(segment_path(1)), 0);
	assert_int_equal(read_all(path, 1, &all, &found), 0);
	assert_int_equal(found.missing, 1);
	assert_int_equal(all.types[LP_EVENT_LOOP], 1 + 3);
	assert_int_equal(all.types[LP_EVENT_LOOP_END], 3);
	assert_int_equal(all.types[LP_EVENT_NAME], 1 + 3);
	assert_int_equal(all.types[LP_EVENT_BASELINE], 0);
}

static void a_file_that_is_given_twice_is_read_once(void **state)
{
	const char *one = record_one(in_directory("a.lpc"), "box", 0, 2);
	const char *const paths[] = { one, one, directory };
	struct lp_merge_totals found;
	struct lp_came all;

	(void)state;
	assert_int_equal(read_all(paths, 3, &all, &found), 0);
	assert_int_equal(found.sources, 1);
	assert_int_equal(found.duplicates, 2);
	assert_int_equal(all.types[LP_EVENT_SLOW], 200);
}

/*
 * Expects all records of a capture beside a copy that is given first: what the shell command prints
 * of the capture, $1.
 */
static void expect_whole(const char *print)
{
	const char *one = record_one(in_directory("b.lpc"), "box", 0, 10);
	const char *copy = in_directory("a.lpc");
	const char *const paths[] = { copy, one };
	struct lp_merge_totals found;
	struct lp_came all;
	char command[3000];

	snprintf(command, sizeof(command), "print() { %s; }; print '%s' > '%s'", print, one, copy);
	assert_int_equal(system(command), 0);
	assert_int_equal(read_all(paths, 2, &all, &found), 0);
	assert_int_equal(found.duplicates, 1);
	assert_int_equal(all.types[LP_EVENT_SLOW], 1000);
}

static void of_a_copy_that_was_cut_the_longer_one_is_read(void **state)
{
	(void)state;
	expect_whole("head -c 1000 \"$1\"");
}

static void of_a_damaged_copy_the_intact_one_is_read(void **state)
{
	(void)state;
	/* the copy is longer */
	expect_whole("head -c 1000 \"$1\"; head -c 1000000 /dev/zero");
}

static void merge_of_several_hosts_come_in_the_order_of_wall_time(void **state)
{
	const char *const paths[] = { record_one(in_directory("a.lpc"), "one", 3, 5),
				      record_one(in_directory("b.lpc"), "two", 0, 5),
				      record_one(in_directory("c.lpc"), "one", 1, 5) };
	struct lp_merge_totals found;
	struct lp_came all;

	(void)state;
	assert_int_equal(read_all(paths, 3, &all, &found), 0);
	assert_int_equal(found.sources, 3);
	assert_int_equal(found.hosts, 2);
	assert_true(all.ordered);
	assert_int_equal(all.count, 3 * 501);
}

static void what_is_no_capture_does_not_keep_the_others_from_being_read(void **state)
{
	const char *one = record_one(in_directory("a.lpc"), "box", 0, 1);
	const char *other = record_one(in_directory("b.lpc"), "box", 5, 1);
	const char *const paths[] = { in_directory("none.lpc"), other, one };
	const char *const dir[] = { directory };
	struct lp_merge_totals found;
	struct lp_came all;
	FILE *file = fopen(other, "r+");

	(void)state;
	/* of another major version */
	fseek(file, 8, SEEK_SET);
	fputc(LP_CAPTURE_MAJOR + 1, file);
	fclose(file);
	assert_int_equal(read_all(paths, 3, &all, &found), -ENOENT);
	assert_int_equal(found.refused, 2);
	assert_int_equal(found.files, 1);
	assert_int_equal(all.types[LP_EVENT_SLOW], 100);
	assert_int_equal(read_all(dir, 1, &all, &found), -ENOTSUP);
	assert_int_equal(all.types[LP_EVENT_SLOW], 100);
	/* no capture at all */
	assert_int_equal(read_all(paths, 2, &all, &found), -ENOENT);
}

static void a_cut_capture_is_said_and_the_others_are_read(void **state)
{
	const char *const paths[] = { record_one(in_directory("a.lpc"), "one", 0, 5),
				      record_one(in_directory("b.lpc"), "two", 0, 5) };
	struct lp_merge_totals found;
	struct lp_came all;

	(void)state;
	assert_int_equal(truncate(paths[0], 40000), 0);
	assert_int_equal(read_all(paths, 2, &all, &found), -ENODATA);
	assert_int_equal(all.of_source[1], 501);
	assert_in_range(all.of_source[0], 50, 400);
}

static void an_empty_directory_is_said(void **state)
{
	const char *const paths[] = { directory };
	struct lp_merge_totals found;
	struct lp_came all;

	(void)state;
	assert_int_equal(read_all(paths, 1, &all, &found), -ENOENT);
}

static size_t open_descriptors(void)
{
	DIR *stream = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(stream))
		count++;
	closedir(stream);
	return count;
}

static size_t most_open;

static void count_open(void *context, size_t source, const struct lp_event *record)
{
	size_t count = open_descriptors();

	came(context, source, record);
	if (count > most_open)
		most_open = count;
}

static void of_many_captures_few_are_open_at_once(void **state)
{
	char *paths[200];
	struct lp_merge *captures;
	struct lp_came *all = calloc(1, sizeof(*all));
	struct lp_error error;
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++) {
		paths[i] = strdup(in_directory("%zu.lpc", i));
		record_one(paths[i], "box", i / 10, 1);
	}
	assert_int_equal(merge_open(paths, 200, &captures, &error), 0);
	assert_int_equal(merge_totals(captures)->sources, 200);
	assert_int_equal(merge_read(captures, count_open, all), 0);
	merge_free(captures);
	assert_int_equal(all->types[LP_EVENT_SLOW], 200 * 100);
	assert_in_range(most_open, 1, 80);
	for (i = 0; i < 200; i++)
		free(paths[i]);
	free(all);
}

static void the_inputs_are_known_by_whatever_name(void **state)
{
	const char *path = record_one(in_directory("a.lpc"), "box", 0, 1);
	const char *link = in_directory("link.lpc"), *other = in_directory("other");
	char *const paths[] = { (char *)link };
	struct lp_merge *captures;
	struct lp_error error;
	struct stat status;

	(void)state;
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(merge_open(paths, 1, &captures, &error), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_true(merge_include(captures, &status));
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(stat(other, &status), 0);
	assert_false(merge_include(captures, &status));
	merge_free(captures);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

static size_t unended(const char *path)
{
	const char *const paths[] = { path };
	struct lp_merge *captures;
	struct lp_came all = { 0 };
	struct lp_error error;
	size_t count;

	assert_int_equal(merge_open((char *const *)paths, 1, &captures, &error), 0);
	assert_int_equal(merge_read(captures, came, &all), 0);
	count = merge_totals(captures)->unended;
	merge_free(captures);
	return count;
}

/* A capture of a recorder that was killed: it ends after a record, and nothing is damaged. */
static void a_recording_that_did_not_end_is_said(void **state)
{
	struct lp_recorder_config config = config_of(in_directory("ended.lpc"), "box", 0);
	struct lp_event_end end = { .event = record_head(LP_EVENT_END, sizeof(end)) };
	struct lp_recorder *recording;

	(void)state;
	assert_int_equal(unended(record_one(in_directory("killed.lpc"), "box", 0, 1)), 1);
	recording = recorder_start(&config);
	put_noise(recording, 0, 0);
	end.event.time_ns += 1000;
	recorder_take(recording, &end.event);
	recorder_end(recording);
	assert_int_equal(unended(in_directory("ended.lpc")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_of_one_run_are_read_as_one),
		TEST(the_first_file_that_is_there_says_what_it_goes_on_from),
		TEST(counts_of_a_first_file_without_records_are_in_the_next_one),
		TEST(loops_that_end_in_a_missing_file_end),
		TEST(a_file_that_is_given_twice_is_read_once),
		TEST(of_a_copy_that_was_cut_the_longer_one_is_read),
		TEST(of_a_damaged_copy_the_intact_one_is_read),
		TEST(merge_of_several_hosts_come_in_the_order_of_wall_time),
		TEST(what_is_no_capture_does_not_keep_the_others_from_being_read),
		TEST(a_cut_capture_is_said_and_the_others_are_read),
		TEST(an_empty_directory_is_said),
		TEST(of_many_captures_few_are_open_at_once),
		TEST(the_inputs_are_known_by_whatever_name),
		TEST(a_recording_that_did_not_end_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
