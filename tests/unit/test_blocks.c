// SPDX-License-Identifier: BSD-2-Clause
/* Blocks of captures: whole, cut and damaged ones. */
#include "capture_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
