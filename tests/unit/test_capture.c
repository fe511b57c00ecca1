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
#include <zlib.h>

#include "records.h"
#include "capture/block.h"
#include "capture/reader.h"

#define RECORDS_MAX 32
#define HEADER LP_CAPTURE_HEADER_1_0

static char directory[256];
static char path[512];

/* Sizes of records with no padding, with some, and with the most that there can be. */
static const uint32_t sizes[] = { 24, 25, 31, 32, 632, 1000, 33, 24 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* The header as versions up to 1.2 wrote it. */
static const struct lp_capture_header header = {
	.magic = LP_CAPTURE_MAGIC,
	.major = LP_CAPTURE_MAJOR,
	.minor = 2,
	.header_bytes = LP_CAPTURE_HEADER_1_0,
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

/* Record i; every byte after its head is i. */
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

static FILE *begin_file(const struct lp_capture_header *begin)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(begin, begin->header_bytes, 1, file), 1);
	return file;
}

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

/* Writes blocks of that many records each.  Returns their offsets; the last is the file's end. */
static const size_t *write_blocks(size_t records)
{
	static size_t begins[SIZES + 1];
	struct lp_capture_header begin = header;
	struct lp_block_packer *packer = block_packer_new();
	size_t at = sizeof(begin), blocks = 0, size, i;
	const void *block;
	FILE *file;

	assert_non_null(packer);
	begin.minor = LP_CAPTURE_MINOR;
	begin.header_bytes = sizeof(begin);
	begin.run_id[0] = 1;
	file = begin_file(&begin);
	for (i = 0; i < SIZES; i++) {
		struct lp_event *record = make_record(i, sizes[i]);

		block_packer_add(packer, record);
		free(record);
		if (block_packer_count(packer) < records && i + 1 < SIZES)
			continue;
		block = block_packer_finish(packer, 0, 0, &size);
		assert_non_null(block);
		assert_int_equal(fwrite(block, size, 1, file), 1);
		begins[blocks++] = at;
		at += size;
	}
	begins[blocks] = at;
	assert_int_equal(fclose(file), 0);
	block_packer_free(packer);
	return begins;
}

static void damage(size_t offset, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, size, 1, file), 1);
	fclose(file);
}

/* Returns what the reader's last call returned. */
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

/* ---- blocks ------------------------------------------------------------- */

static void blocks_hold_the_same_records(void **state)
{
	struct lp_error error;
	struct lp_taken taken;
	size_t each;

	(void)state;
	for (each = 1; each <= SIZES; each++) {
		write_blocks(each);
		assert_int_equal(read_capture(&taken, &error), 0);
		assert_int_equal(taken.count, SIZES);
		assert_true(taken.intact);
		assert_memory_equal(taken.sizes, sizes, sizeof(sizes));
	}
}

static void blocks_cut_anywhere_give_what_is_there(void **state)
{
	size_t last = SIZES, whole, size, i;
	const size_t *begins;
	struct stat status;
	struct lp_error error;
	struct lp_taken taken;
	int err;

	(void)state;
	begins = write_blocks(3);
	assert_int_equal(stat(path, &status), 0);
	for (size = (size_t)status.st_size - 1; size >= sizeof(header); size--) {
		assert_int_equal(truncate(path, (off_t)size), 0);
		err = read_capture(&taken, &error);
		assert_true(taken.intact);
		/* all records of the whole blocks, and maybe some of a block that is cut */
		for (whole = 0, i = 0; i < 3 && begins[i + 1] <= size; i++)
			whole += 3;
		assert_true(taken.count >= (whole < SIZES ? whole : SIZES));
		assert_true(taken.count <= last);
		last = taken.count;
		assert_int_equal(err, size == begins[i] ? 0 : -ENODATA);
		if (err)
			assert_non_null(strstr(error.text, "was cut at byte"));
	}
	assert_int_equal(last, 0);
	assert_int_equal(truncate(path, (off_t)size), 0);
	expect_refused(-EBADMSG, "not a capture of loopprof");
}

static void a_block_cut_in_its_middle_gives_some_of_its_records(void **state)
{
	const size_t *begins;
	struct lp_error error;
	struct lp_taken taken;

	(void)state;
	begins = write_blocks(SIZES);
	assert_int_equal(truncate(path, (off_t)(begins[1] - 16)), 0);
	assert_int_equal(read_capture(&taken, &error), -ENODATA);
	assert_true(taken.intact);
	assert_in_range(taken.count, 1, SIZES - 1);
}

static void a_damaged_block_is_left_out_and_said(void **state)
{
	size_t offset;
	const size_t *begins;
	struct lp_error error;
	struct lp_taken taken;
	size_t said = 0;
	uint8_t byte;
	char expected[64];
	int err;

	(void)state;
	begins = write_blocks(3);
	snprintf(expected, sizeof(expected), "damaged at byte %zu", begins[1]);
	for (offset = begins[1] + sizeof(struct lp_capture_block); offset < begins[2] - 8;
	     offset++) {
		FILE *file = fopen(path, "r+");

		fseek(file, (long)offset, SEEK_SET);
		byte = (uint8_t)(fgetc(file) ^ 0x55);
		fclose(file);
		damage(offset, &byte, 1);
		err = read_capture(&taken, &error);
		/* a changed match may refer to equal bytes elsewhere: then the data is intact */
		assert_true(taken.intact || err);
		if (err) {
			assert_int_equal(err, -EBADMSG);
			assert_non_null(strstr(error.text, expected));
			assert_int_equal(taken.count, SIZES - 3);
			assert_int_equal(taken.sizes[2], sizes[2]);
			assert_int_equal(taken.sizes[3], sizes[6]);
			said++;
		}
		byte ^= 0x55;
		damage(offset, &byte, 1);
	}
	assert_true(said > (begins[2] - begins[1] - sizeof(struct lp_capture_block)) / 2);
}

static void a_block_that_does_not_hold_what_it_says_is_left_out(void **state)
{
	/* the right size is 88: records of 24, 32 and 32 bytes */
	static const uint32_t wrong[] = { 0, 23, 87, 89, (1 << 20), (1 << 20) + 1, UINT32_MAX };
	const size_t *begins;
	struct lp_error error;
	struct lp_taken taken;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begins = write_blocks(3);
		damage(begins[0] + offsetof(struct lp_capture_block, raw_bytes), &wrong[i], 4);
		assert_int_equal(read_capture(&taken, &error), -EBADMSG);
		assert_int_equal(taken.count, SIZES - 3);
	}
}

static void a_bomb_takes_no_more_than_it_says(void **state)
{
	static struct {
		struct lp_event event;
		uint8_t zeros[4 * 65536];
	} large;
	struct lp_block_packer *packer = block_packer_new();
	struct lp_capture_header begin = header;
	uint32_t less = 4096;
	const void *block;
	struct lp_error error;
	struct lp_taken taken;
	size_t size;
	FILE *file;

	(void)state;
	large.event = record_head(LP_EVENT_SLOW, sizeof(large));
	block_packer_add(packer, &large.event);
	block = block_packer_finish(packer, 0, 0, &size);
	file = begin_file(&begin);
	assert_int_equal(fwrite(block, size, 1, file), 1);
	fclose(file);
	block_packer_free(packer);
	damage(HEADER + offsetof(struct lp_capture_block, raw_bytes), &less, sizeof(less));
	assert_int_equal(read_capture(&taken, &error), -EBADMSG);
	assert_int_equal(taken.count, 0);
}

/* The block is packed by hand, as the packer refuses such records. */
static void a_record_that_leaves_its_block_ends_it(void **state)
{
	static const uint32_t wrong[] = { 0, 23, 25, UINT32_MAX };
	struct lp_event records[2] = { record_head(LP_EVENT_SLOW, sizeof(records[0])) };
	struct lp_capture_block head = { .event = { .type = LP_EVENT_BLOCK },
					 .raw_bytes = sizeof(records) };
	uint8_t data[256] = { 0 };
	struct lp_error error;
	struct lp_taken taken;
	FILE *file;
	size_t i;

	(void)state;
	memset(&records[0], 1, sizeof(records[0]));
	records[0] = record_head(LP_EVENT_SLOW, sizeof(records[0]));
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uLongf bytes = sizeof(data);

		records[0].time_ns = 0;
		records[1] = records[0];
		records[1].size = wrong[i];
		assert_int_equal(compress(data, &bytes, (void *)records, sizeof(records)), Z_OK);
		head.event.size = (__u32)(sizeof(head) + bytes);
		file = begin_file(&header);
		fwrite(&head, sizeof(head), 1, file);
		fwrite(data, record_padded(bytes), 1, file);
		fclose(file);
		assert_int_equal(read_capture(&taken, &error), -EBADMSG);
		assert_int_equal(taken.count, 1);
	}
}

/* The texts in a header are chosen by whoever made the capture. */
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

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
		TEST(blocks_hold_the_same_records),
		TEST(blocks_cut_anywhere_give_what_is_there),
		TEST(a_block_cut_in_its_middle_gives_some_of_its_records),
		TEST(a_damaged_block_is_left_out_and_said),
		TEST(a_block_that_does_not_hold_what_it_says_is_left_out),
		TEST(a_bomb_takes_no_more_than_it_says),
		TEST(a_record_that_leaves_its_block_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
