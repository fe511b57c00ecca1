// SPDX-License-Identifier: BSD-2-Clause
/* Captures without blocks: their header and their records. */
#include "capture_fixture.h"

/* Writes a capture of records without blocks. */
static void write_capture(void)
{
	static const char zeros[8];
	FILE *file = begin_file(&header);
	size_t i;

	for (i = 0; i < SIZES; i++) {
		struct lp_event *record = make_record(i, sizes[i]);

		fwrite(record, sizes[i], 1, file);
		fwrite(zeros, record_padded(sizes[i]) - sizes[i], 1, file);
		free(record);
	}
	assert_int_equal(fclose(file), 0);
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
	write_blocks(3);
	assert_int_equal(capture_reader_new(path, &reader, &error), 0);
	assert_memory_equal(capture_header(reader)->magic, LP_CAPTURE_MAGIC, 8);
	assert_int_equal(capture_header(reader)->run_id[0], 1);
	capture_reader_free(reader);
}

static void a_capture_without_records_is_one(void **state)
{
	struct lp_error error;
	struct lp_taken taken;

	(void)state;
	assert_int_equal(fclose(begin_file(&header)), 0);
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
		for (whole = 0; whole < SIZES && end + record_padded(sizes[whole]) <= size; whole++)
			end += record_padded(sizes[whole]);
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
	expect_refused(-EISDIR, "cannot read");
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
	/* the length makes the first record and part of the second belong to the header */
	uint32_t longer = HEADER + 24 + 32 + 32;
	struct lp_error error;
	struct lp_taken taken;

	(void)state;
	write_capture();
	damage(offsetof(struct lp_capture_header, header_bytes), &longer, sizeof(longer));
	assert_int_equal(read_capture(&taken, &error), 0);
	assert_int_equal(taken.count, SIZES - 3);
	assert_int_equal(taken.sizes[0], sizes[3]);
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
	size_t third = HEADER + record_padded(sizes[0]) + record_padded(sizes[1]), i;
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

static void a_size_over_that_of_the_file_is_a_cut(void **state)
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

/* The texts in a header are hostile, as anyone may have made the capture. */
static void a_header_is_read_without_what_its_texts_do_to_a_terminal(void **state)
{
	static const char hostile[] = "\x1b[2J\n\xe2\x80\xae\xff";
	struct lp_capture_header begin = header;
	struct lp_capture_reader *reader;
	struct lp_error error;

	(void)state;
	memcpy(begin.tool, hostile, sizeof(hostile));
	memcpy(begin.mode, hostile, sizeof(hostile));
	memcpy(begin.host, hostile, sizeof(hostile));
	fclose(begin_file(&begin));
	assert_int_equal(capture_reader_new(path, &reader, &error), 0);
	assert_string_equal(capture_header(reader)->tool, "?[2J???");
	assert_string_equal(capture_header(reader)->mode, "?[2J???");
	assert_string_equal(capture_header(reader)->host, "?[2J???");
	capture_reader_free(reader);
	/* the texts of a later format may have no terminating zero */
	begin.major++;
	memset(begin.tool, '\x1b', sizeof(begin.tool));
	memset(begin.mode, '\x1b', sizeof(begin.mode));
	memset(begin.host, '\x1b', sizeof(begin.host));
	fclose(begin_file(&begin));
	assert_int_equal(capture_reader_new(path, &reader, &error), -ENOTSUP);
	assert_null(strchr(error.text, '\x1b'));
}

static void only_a_file_is_a_capture(void **state)
{
	struct lp_capture_reader *reader;
	struct lp_error error;
	char fifo[sizeof(directory) + 16];

	(void)state;
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(capture_reader_new(fifo, &reader, &error), -ESPIPE);
	assert_non_null(strstr(error.text, "a pipe or a device"));
	unlink(fifo);
	assert_int_equal(capture_reader_new("/dev/zero", &reader, &error), -ESPIPE);
	assert_non_null(strstr(error.text, "a pipe or a device"));
	assert_int_equal(capture_reader_new(directory, &reader, &error), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_read),
		TEST(the_header_is_read),
		TEST(a_header_is_read_without_what_its_texts_do_to_a_terminal),
		TEST(a_capture_without_records_is_one),
		TEST(a_capture_cut_anywhere_gives_its_whole_records),
		TEST(a_file_cut_in_its_header_is_refused),
		TEST(a_foreign_file_is_refused),
		TEST(only_a_file_is_a_capture),
		TEST(a_newer_format_is_refused_with_what_reads_it),
		TEST(a_newer_minor_format_is_read),
		TEST(a_longer_header_is_passed_over),
		TEST(a_damaged_header_is_refused),
		TEST(a_damaged_size_ends_the_report_at_that_byte),
		TEST(a_size_over_that_of_the_file_is_a_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
