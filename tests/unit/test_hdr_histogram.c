// SPDX-License-Identifier: BSD-2-Clause
/* The encoding of HdrHistogram, decoded here as its documentation describes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "sinks/tables/hdr_histogram.h"

struct counted {
	uint64_t value, count; /* value: the lowest one of its index */
};

static uint64_t big_endian(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | *bytes++;
	return value;
}

static size_t unbase64(const char *text, uint8_t *bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0, held = 0;
	size_t size = 0;

	assert_int_equal(strlen(text) % 4, 0);
	for (; *text && *text != '='; text++) {
		const char *digit = strchr(digits, *text);

		assert_non_null(digit);
		held = held << 6 | (uint32_t)(digit - digits);
		bits += 6;
		if (bits >= 8)
			bytes[size++] = (uint8_t)(held >> (bits -= 8));
	}
	return size;
}

static int64_t take(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < 9; i++) {
		uint8_t byte = *(*at)++;

		value |= (uint64_t)(i < 8 ? byte & 0x7f : byte) << 7 * i;
		if (i == 8 || !(byte & 0x80))
			break;
	}
	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/* The lowest value of an index: 2048 values, then 1024 for each further power of two. */
static uint64_t value_of(uint64_t index)
{
	return index < 2048 ? index : (index % 1024 + 1024) << (index / 1024 - 1);
}

static size_t unpack(const struct lp_histogram *histogram, struct counted *found)
{
	static uint8_t packed[65536], bytes[65536];
	uLongf size = sizeof(bytes);
	size_t packed_size, count = 0;
	uint64_t index = 0;
	const uint8_t *at;
	char *text;

	assert_int_equal(hdr_encode(histogram, &text), 0);
	packed_size = unbase64(text, packed);
	free(text);
	assert_int_equal(big_endian(packed, 4), 0x1c849314);
	assert_int_equal(big_endian(packed + 4, 4), packed_size - 8);
	assert_int_equal(uncompress(bytes, &size, packed + 8, (uLong)(packed_size - 8)), Z_OK);
	assert_int_equal(big_endian(bytes, 4), 0x1c849313);
	assert_int_equal(big_endian(bytes + 4, 4), size - 40);
	assert_int_equal(big_endian(bytes + 12, 4), 3);
	assert_int_equal(big_endian(bytes + 16, 8), 1);
	assert_int_equal(big_endian(bytes + 32, 8), 0x3ff0000000000000);
	for (at = bytes + 40; at < bytes + size;) {
		int64_t number = take(&at);

		if (number < 0) {
			index += (uint64_t)-number;
			continue;
		}
		if (number)
			found[count++] = (struct counted){ value_of(index), (uint64_t)number };
		index++;
	}
	return count;
}

static void add(struct lp_histogram *histogram, uint64_t ns)
{
	histogram->slots[lp_histogram_slot(ns)]++;
	histogram->sum_ns += ns;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
	if (~ns > histogram->inverted_min_ns)
		histogram->inverted_min_ns = ~ns;
}

/* The value at each rank differs from the exact one by no more than both encodings allow. */
static void every_rank_is_close_to_its_time(void **state)
{
	struct lp_histogram histogram = { .sum_ns = 0 };
	static struct counted found[256];
	static uint64_t times[20000];
	size_t count, i, at = 0, times_count = 0;
	uint64_t left = 0, ns;

	(void)state;
	for (ns = 1100; ns < 50000000000ULL; ns += ns / 700 + 1)
		times[times_count++] = ns;
	for (i = 0; i < times_count; i++)
		add(&histogram, times[i]);
	count = unpack(&histogram, found);
	for (i = 0; i < count; i++) {
		for (left = found[i].count; left; left--, at++) {
			double exact = (double)times[at], is = (double)found[i].value;

			assert_true(is >= exact * (1 - 0.0434 - 0.001));
			assert_true(is <= exact * (1 + 0.0434 + 0.001));
		}
	}
	assert_int_equal(at, times_count);
}

static void the_shortest_and_the_longest_are_exact(void **state)
{
	struct lp_histogram histogram = { .sum_ns = 0 };
	static struct counted found[256];
	size_t count;

	(void)state;
	add(&histogram, 1500);
	assert_int_equal(unpack(&histogram, found), 1);
	assert_int_equal(found[0].value, 1500);
	add(&histogram, 2000);
	add(&histogram, 2001);
	count = unpack(&histogram, found);
	assert_int_equal(found[0].value, 1500);
	assert_int_equal(found[count - 1].value, 2001);
}

static void times_at_both_ends_of_the_scale_are_counted(void **state)
{
	struct lp_histogram histogram = { .sum_ns = 0 };
	static struct counted found[256];
	size_t count, i;
	uint64_t all = 0;

	(void)state;
	add(&histogram, 0);
	add(&histogram, 1);
	add(&histogram, 100000000000ULL);
	add(&histogram, 4000000000000ULL);
	add(&histogram, 70000000000ULL);
	count = unpack(&histogram, found);
	for (i = 0; i < count; i++)
		all += found[i].count;
	assert_int_equal(all, 5);
	assert_int_equal(found[0].value, 0);
	assert_true(found[count - 1].value > 3990000000000ULL);
}

static void large_counts_survive(void **state)
{
	struct lp_histogram histogram = { .sum_ns = 0 };
	static struct counted found[256];

	(void)state;
	add(&histogram, 1024);
	histogram.slots[lp_histogram_slot(1024)] = 1ULL << 60;
	assert_int_equal(unpack(&histogram, found), 1);
	assert_int_equal(found[0].count, 1ULL << 60);
}

static void an_empty_histogram_is_one(void **state)
{
	const struct lp_histogram histogram = { .sum_ns = 0 };
	static struct counted found[256];

	(void)state;
	assert_int_equal(unpack(&histogram, found), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rank_is_close_to_its_time),
		cmocka_unit_test(the_shortest_and_the_longest_are_exact),
		cmocka_unit_test(times_at_both_ends_of_the_scale_are_counted),
		cmocka_unit_test(large_counts_survive),
		cmocka_unit_test(an_empty_histogram_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
