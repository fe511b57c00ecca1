// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
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

#include "records.h"
#include "source/capture.h"

#define RECORDS_MAX 32
#define HEADER sizeof(struct lp_capture_header)

static char directory[256];
static char path[512];

/* Sizes that need no padding, some, and the most of it. */
static const uint32_t sizes[] = { 24, 25, 31, 32, 632, 1000, 33, 24 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static const struct lp_capture_header header = {
	.magic = LP_CAPTURE_MAGIC,
	.major = LP_CAPTURE_MAJOR,
	.minor = LP_CAPTURE_MINOR,
	.header_bytes = sizeof(struct lp_capture_header),
	.threshold_ns = 20000000,
	.start_ns = 5,
	.start_unix_ns = 1700000000000000000,
	.queue = 1,
	.tool = "loopprof 1.2.3",
	.mode = "trace",
	.host = "box",
};

struct lp_taken {
	size_t count;
	uint32_t sizes[RECORDS_MAX];
	bool intact;
};

/* Record i is full of byte i behind its head. */
static struct lp_event *make_record(size_t i, uint32_t size)
{
	struct lp_event *record = malloc(size);

	assert_non_null(record);
	memset(record, (int)i + 1, size);
	*record = record_head(LP_EVENT_SLOW, size);
	record->time_ns = i;
	return record;
}

static void take(void *context, const struct lp_event *record)
{
	struct lp_taken *taken = context;
	struct lp_event *expected;

	assert_in_range(taken->count, 0, RECORDS_MAX - 1);
	assert_int_equal((uintptr_t)record % 8, 0);
	expected = make_record(taken->count, record->size);
	if (memcmp(record, expected, record->size) != 0)
		taken->intact = false;
	free(expected);
	taken->sizes[taken->count++] = record->size;
}

static int make_directory(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	snprintf(directory, sizeof(directory), "%s/loopprof-capture-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/x.lpc", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void write_capture(void)
{
	struct lp_capture_writer *writer;
	struct lp_error error;
	size_t i;

	if (capture_writer_new(path, &header, &writer, &error))
		fail_msg("%s", error.text);
	for (i = 0; i < SIZES; i++) {
		struct lp_event *record = make_record(i, sizes[i]);

		capture_write(writer, record);
		free(record);
	}
	assert_int_equal(capture_writer_close(writer, &error), 0);
}

static size_t padded(size_t size)
{
	return (size + 7) / 8 * 8;
}

static void damage(size_t offset, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, size, 1, file), 1);
	fclose(file);
}

/* Returns what the reader returned. */
static int read_capture(struct lp_taken *taken, struct lp_error *error)
{
	struct lp_capture_reader *reader;
	int err;

	memset(taken, 0, sizeof(*taken));
	taken->intact = true;
	memset(error, 0, sizeof(*error));
	err = capture_reader_new(path, &reader, error);
	if (err) {
		assert_null(reader);
		return err;
	}
	err = capture_read(reader, take, taken, error);
	capture_reader_free(reader);
	return err;
}

static void expect_refused(int code, const char *reason)
{
	struct lp_error error;
	struct lp_taken taken;

	assert_int_equal(read_capture(&taken, &error), code);
	assert_int_equal(taken.count, 0);
	assert_int_equal(error.code, code);
	assert_non_null(strstr(error.text, path));
	if (!strstr(error.text, reason))
		fail_msg("%s", error.text);
}

static void what_was_written_is_read(void **state)
{
	struct lp_error error;
	struct lp_taken taken;

	(void)state;
	write_capture();
	assert_int_equal(read_capture(&taken, &error), 0);
	assert_int_equal(taken.count, SIZES);
	assert_true(taken.intact);
	assert_memory_equal(taken.sizes, sizes, sizeof(sizes));
}

static void the_header_is_read(void **state)
{
	struct lp_capture_reader *reader;
	struct lp_error error;

	(void)state;
	write_capture();
	assert_int_equal(capture_reader_new(path, &reader, &error), 0);
	assert_memory_equal(capture_header(reader), &header, sizeof(header));
	capture_reader_free(reader);
}

static void records_begin_at_multiples_of_eight(void **state)
{
	size_t expected = HEADER, i;
	struct stat status;

	(void)state;
	write_capture();
	for (i = 0; i < SIZES; i++)
		expected += padded(sizes[i]);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, expected);
}

static void a_capture_without_records_is_one(void **state)
{
	struct lp_capture_writer *writer;
	struct lp_error error;
	struct lp_taken taken;

	(void)state;
	assert_int_equal(capture_writer_new(path, &header, &writer, &error), 0);
	assert_int_equal(capture_writer_close(writer, &error), 0);
	assert_int_equal(read_capture(&taken, &error), 0);
	assert_int_equal(taken.count, 0);
}

static void a_capture_cut_anywhere_gives_its_whole_records(void **state)
{
	size_t whole = 0, end = HEADER, size;
	struct stat status;
	struct lp_error error;
	struct lp_taken taken;
	int err;

	(void)state;
	write_capture();
	assert_int_equal(stat(path, &status), 0);
	for (size = (size_t)status.st_size - 1; size >= HEADER; size--) {
		assert_int_equal(truncate(path, (off_t)size), 0);
		err = read_capture(&taken, &error);
		end = HEADER;
		for (whole = 0; whole < SIZES && end + padded(sizes[whole]) <= size; whole++)
			end += padded(sizes[whole]);
		assert_int_equal(taken.count, whole);
		assert_true(taken.intact);
		assert_int_equal(err, size == end ? 0 : -ENODATA);
		if (err)
			assert_non_null(strstr(error.text, "was cut at byte"));
	}
}

static void a_file_cut_in_its_header_is_refused(void **state)
{
	static const size_t lengths[] = { HEADER - 1, 100, 8, 1, 0 };
	size_t i;

	(void)state;
	write_capture();
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		assert_int_equal(truncate(path, (off_t)lengths[i]), 0);
		expect_refused(-EBADMSG, "not a capture of loopprof");
	}
}

static void a_foreign_file_is_refused(void **state)
{
	(void)state;
	write_capture();
	damage(7, "f", 1);
	expect_refused(-EBADMSG, "not a capture of loopprof");
	unlink(path);
	expect_refused(-ENOENT, "cannot read");
	assert_int_equal(mkdir(path, 0700), 0);
	expect_refused(-EIO, "cannot read");
	rmdir(path);
}

static void a_newer_format_is_refused_with_what_reads_it(void **state)
{
	uint16_t major = LP_CAPTURE_MAJOR + 1;

	(void)state;
	write_capture();
	damage(offsetof(struct lp_capture_header, major), &major, sizeof(major));
	expect_refused(-ENOTSUP, "loopprof 1.2.3");
}

static void a_newer_minor_format_is_read(void **state)
{
	uint16_t minor = LP_CAPTURE_MINOR + 1;
	struct lp_error error;
	struct lp_taken taken;

	(void)state;
	write_capture();
	damage(offsetof(struct lp_capture_header, minor), &minor, sizeof(minor));
	assert_int_equal(read_capture(&taken, &error), 0);
	assert_int_equal(taken.count, SIZES);
}

static void a_longer_header_is_passed_over(void **state)
{
	/* as if the first record were a part of it */
	uint32_t longer = HEADER + 24;
	struct lp_error error;
	struct lp_taken taken;

	(void)state;
	write_capture();
	damage(offsetof(struct lp_capture_header, header_bytes), &longer, sizeof(longer));
	assert_int_equal(read_capture(&taken, &error), 0);
	assert_int_equal(taken.count, SIZES - 1);
	assert_int_equal(taken.sizes[0], sizes[1]);
}

static void a_damaged_header_is_refused(void **state)
{
	static const uint32_t lengths[] = { 0, HEADER - 1, (1 << 20) + 1, UINT32_MAX };
	char full[80];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		write_capture();
		damage(offsetof(struct lp_capture_header, header_bytes), &lengths[i], 4);
		expect_refused(-EBADMSG, "header");
	}
	memset(full, 'x', sizeof(full));
	write_capture();
	damage(offsetof(struct lp_capture_header, tool), full, sizeof(header.tool));
	expect_refused(-EBADMSG, "header");
	write_capture();
	damage(offsetof(struct lp_capture_header, mode), full, sizeof(header.mode));
	expect_refused(-EBADMSG, "header");
	write_capture();
	damage(offsetof(struct lp_capture_header, host), full, sizeof(header.host));
	expect_refused(-EBADMSG, "header");
}

static void a_damaged_size_ends_the_report_at_that_byte(void **state)
{
	static const uint32_t wrong[] = { 0, 23, (1 << 20) + 1, UINT32_MAX };
	size_t third = HEADER + padded(sizes[0]) + padded(sizes[1]), i;
	struct lp_error error;
	struct lp_taken taken;
	char expected[64];

	(void)state;
	snprintf(expected, sizeof(expected), "damaged at byte %zu", third);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		write_capture();
		damage(third + offsetof(struct lp_event, size), &wrong[i], sizeof(wrong[i]));
		assert_int_equal(read_capture(&taken, &error), -EBADMSG);
		assert_int_equal(taken.count, 2);
		assert_true(taken.intact);
		assert_non_null(strstr(error.text, expected));
	}
}

static void a_size_beyond_the_file_is_a_cut(void **state)
{
	uint32_t size = 1 << 20;
	struct lp_error error;
	struct lp_taken taken;

	(void)state;
	write_capture();
	damage(HEADER + offsetof(struct lp_event, size), &size, sizeof(size));
	assert_int_equal(read_capture(&taken, &error), -ENODATA);
	assert_int_equal(taken.count, 0);
}

static void a_place_that_cannot_be_written_is_told_at_once(void **state)
{
	struct lp_capture_writer *writer;
	struct lp_error error;
	char wrong[600];

	(void)state;
	snprintf(wrong, sizeof(wrong), "%s/none/x.lpc", directory);
	assert_int_equal(capture_writer_new(wrong, &header, &writer, &error), -ENOENT);
	assert_null(writer);
	assert_non_null(strstr(error.text, wrong));
	assert_int_equal(capture_writer_new(directory, &header, &writer, &error), -EISDIR);
	assert_null(writer);
}

static void a_full_disk_is_told_at_the_end(void **state)
{
	struct lp_event *record = make_record(0, 1000);
	struct lp_capture_writer *writer;
	struct lp_error error;
	int i;

	(void)state;
	assert_int_equal(capture_writer_new("/dev/full", &header, &writer, &error), 0);
	for (i = 0; i < 100; i++)
		capture_write(writer, record);
	free(record);
	assert_int_equal(capture_writer_close(writer, &error), -ENOSPC);
	assert_non_null(strstr(error.text, "is incomplete"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_read),
		TEST(the_header_is_read),
		TEST(records_begin_at_multiples_of_eight),
		TEST(a_capture_without_records_is_one),
		TEST(a_capture_cut_anywhere_gives_its_whole_records),
		TEST(a_file_cut_in_its_header_is_refused),
		TEST(a_foreign_file_is_refused),
		TEST(a_newer_format_is_refused_with_what_reads_it),
		TEST(a_newer_minor_format_is_read),
		TEST(a_longer_header_is_passed_over),
		TEST(a_damaged_header_is_refused),
		TEST(a_damaged_size_ends_the_report_at_that_byte),
		TEST(a_size_beyond_the_file_is_a_cut),
		TEST(a_place_that_cannot_be_written_is_told_at_once),
		TEST(a_full_disk_is_told_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
