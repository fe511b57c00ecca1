// SPDX-License-Identifier: BSD-2-Clause
#include "hdr_histogram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* 0x10 in both cookies marks ZigZag LEB128 counts: getEncodingCookie() of HdrHistogram. */
#define COMPRESSED_COOKIE 0x1c849314
#define COOKIE 0x1c849313
#define HEADER_BYTES 40
#define DIGITS 3
/* Three digits need 2048 indices for values below 2048, and 1024 for each further power of two. */
#define HALF_BITS 10
#define HALF_COUNT (1 << HALF_BITS)
#define LOWEST_NS 1
/* The highest trackable value: one hour, as is common, or the longest time if that is longer. */
#define HIGHEST_NS 3600000000000ULL

#define OVERFLOW_SLOT (LP_HISTOGRAM_SLOTS - 1)
/* A value for each slot, and the shortest and longest time; each may follow a number of zeros. */
#define VALUES_MAX (LP_HISTOGRAM_SLOTS + 2)
#define NUMBER_BYTES 9
#define PAYLOAD_MAX (VALUES_MAX * 2 * NUMBER_BYTES)

struct payload {
	uint8_t bytes[HEADER_BYTES + PAYLOAD_MAX];
	size_t size;
	uint64_t next; /* index after the last one written */
};

static void put_big_endian(uint8_t *bytes, uint64_t value, size_t size)
{
	while (size--) {
		bytes[size] = (uint8_t)value;
		value >>= 8;
	}
}

/* Returns the index at which HdrHistogram counts a value. */
static uint64_t index_of(uint64_t value)
{
	unsigned int power = 63 - (unsigned int)__builtin_clzll(value | (2 * HALF_COUNT - 1));
	unsigned int bucket = power - HALF_BITS;

	return ((uint64_t)bucket << HALF_BITS) + (value >> bucket);
}

/* Appends a ZigZag LEB128 number: seven bits a byte, lowest first; the ninth byte has eight. */
static void put_number(struct payload *payload, int64_t number)
{
	uint64_t twice = (uint64_t)number << 1, value = number < 0 ? ~twice : twice;
	size_t i;

	for (i = 0; i < NUMBER_BYTES - 1 && value > 0x7f; i++) {
		payload->bytes[payload->size++] = (uint8_t)value | 0x80;
		value >>= 7;
	}
	payload->bytes[payload->size++] = (uint8_t)value;
}

/* Appends a count; indices must ascend.  A negative number -N stands for N counts of zero. */
static void put_count(struct payload *payload, uint64_t index, uint64_t count)
{
	if (index > payload->next)
		put_number(payload, -(int64_t)(index - payload->next));
	put_number(payload, count > INT64_MAX ? INT64_MAX : (int64_t)count);
	payload->next = index + 1;
}

/* Returns the time for all values of a slot: the harmonic mean of its shortest and longest. */
static uint64_t middle_of(size_t slot, uint64_t min_ns, uint64_t max_ns)
{
	uint64_t low = slot ? lp_histogram_edges[slot - 1] : 0;
	uint64_t high = slot == OVERFLOW_SLOT ? max_ns : lp_histogram_edges[slot];
	double middle;

	low = low < min_ns ? min_ns : low;
	high = high > max_ns ? max_ns : high;
	if (high <= low)
		return high;
	low = low ? low : 1;
	middle = 2.0 * (double)low / ((double)low + (double)high) * (double)high;
	return middle < (double)high ? (uint64_t)(middle + 0.5) : high;
}

struct value {
	uint64_t ns, count;
};

/* Fills in the values of a histogram, shortest first.  Returns their number. */
static size_t list_values(const struct lp_histogram *histogram, struct value *values)
{
	uint64_t min_ns = histogram_min(histogram), max_ns = histogram_max(histogram);
	size_t slot, count = 0;

	for (slot = 0; slot < LP_HISTOGRAM_SLOTS; slot++)
		if (histogram->slots[slot])
			values[count++] = (struct value){ middle_of(slot, min_ns, max_ns),
							  histogram->slots[slot] };
	if (!count)
		return 0;
	/* the longest and the shortest time are values of their own */
	if (--values[count - 1].count == 0)
		count--;
	values[count++] = (struct value){ max_ns, 1 };
	if (count == 1)
		return count;
	if (--values[0].count == 0) {
		values[0] = (struct value){ min_ns, 1 };
		return count;
	}
	memmove(values + 1, values, count * sizeof(*values));
	values[0] = (struct value){ min_ns, 1 };
	return count + 1;
}

static void fill_payload(const struct lp_histogram *histogram, struct payload *payload)
{
	uint64_t max_ns = histogram_max(histogram);
	uint64_t highest = max_ns > HIGHEST_NS ? max_ns : HIGHEST_NS;
	struct value values[VALUES_MAX];
	size_t count = list_values(histogram, values), i;
	const double ratio = 1;
	uint64_t bits, same = 0;

	payload->size = HEADER_BYTES;
	payload->next = 0;
	for (i = 0; i < count; i++) {
		uint64_t index = index_of(values[i].ns);

		same += values[i].count;
		if (i + 1 < count && index_of(values[i + 1].ns) == index)
			continue;
		put_count(payload, index, same);
		same = 0;
	}
	memcpy(&bits, &ratio, sizeof(bits));
	put_big_endian(payload->bytes, COOKIE, 4);
	put_big_endian(payload->bytes + 4, payload->size - HEADER_BYTES, 4);
	put_big_endian(payload->bytes + 8, 0, 4); /* normalizing index offset */
	put_big_endian(payload->bytes + 12, DIGITS, 4);
	put_big_endian(payload->bytes + 16, LOWEST_NS, 8);
	put_big_endian(payload->bytes + 24, highest > INT64_MAX / 2 ? INT64_MAX / 2 : highest, 8);
	put_big_endian(payload->bytes + 32, bits, 8);
}

static char *base64(const uint8_t *bytes, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc((size + 2) / 3 * 4 + 1), *at = text;
	size_t i;

	for (i = 0; text && i < size; i += 3) {
		uint32_t three = (uint32_t)bytes[i] << 16;

		three |= i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0;
		three |= i + 2 < size ? bytes[i + 2] : 0;
		*at++ = digits[three >> 18];
		*at++ = digits[three >> 12 & 63];
		*at++ = i + 1 < size ? digits[three >> 6 & 63] : '=';
		*at++ = i + 2 < size ? digits[three & 63] : '=';
	}
	if (text)
		*at = '\0';
	return text;
}

int hdr_encode(const struct lp_histogram *histogram, char **text)
{
	struct payload payload;
	uLongf size;
	uint8_t *bytes;
	int err = -ENOMEM;

	*text = NULL;
	fill_payload(histogram, &payload);
	size = compressBound((uLong)payload.size);
	bytes = malloc(8 + size);
	if (!bytes)
		return err;
	if (compress(bytes + 8, &size, payload.bytes, (uLong)payload.size) == Z_OK) {
		put_big_endian(bytes, COMPRESSED_COOKIE, 4);
		put_big_endian(bytes + 4, size, 4);
		*text = base64(bytes, 8 + size);
		err = *text ? 0 : -ENOMEM;
	}
	free(bytes);
	return err;
}
