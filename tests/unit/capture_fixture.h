/* SPDX-License-Identifier: BSD-2-Clause */
/* A small capture that tests write, damage and read. */
#ifndef LP_TESTS_UNIT_CAPTURE_FIXTURE_H
#define LP_TESTS_UNIT_CAPTURE_FIXTURE_H

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
#include "scratch_fixture.h"
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
static inline struct lp_event *make_record(size_t i, uint32_t size)
{
	struct lp_event *record = malloc(size);

	assert_non_null(record);
	memset(record, (int)i + 1, size);
	*record = record_head(LP_EVENT_SLOW, size);
	record->time_ns = i;
	return record;
}

static inline void take(void *context, const struct lp_event *record)
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

static inline int make_directory(void **state)
{
	(void)state;
	if (scratch_make(directory, sizeof(directory)))
		return -1;
	snprintf(path, sizeof(path), "%s/x.lpc", directory);
	return 0;
}

static inline int remove_directory(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static inline FILE *begin_file(const struct lp_capture_header *begin)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(begin, begin->header_bytes, 1, file), 1);
	return file;
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

static inline void damage(size_t offset, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, size, 1, file), 1);
	fclose(file);
}

/* Returns what the reader's last call returned. */
static inline int read_capture(struct lp_taken *taken, struct lp_error *error)
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

static inline void expect_refused(int code, const char *reason)
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

#endif /* LP_TESTS_UNIT_CAPTURE_FIXTURE_H */
