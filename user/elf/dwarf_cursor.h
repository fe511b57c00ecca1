/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads numbers in DWARF's encodings: after the end of the data, every number reads as 0. */
#ifndef LP_ELF_DWARF_CURSOR_H
#define LP_ELF_DWARF_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct lp_cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

static inline size_t cursor_left(const struct lp_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static inline const uint8_t *cursor_skip(struct lp_cursor *cursor, uint64_t bytes)
{
	const uint8_t *at = cursor->at;

	if (bytes > cursor_left(cursor)) {
		cursor->failed = true;
		cursor->at = cursor->end;
		return NULL;
	}
	cursor->at += bytes;
	return at;
}

/* Reads a number of 1, 2, 4 or 8 bytes, little endian. */
static inline uint64_t cursor_unsigned(struct lp_cursor *cursor, unsigned int bytes)
{
	const uint8_t *at = cursor_skip(cursor, bytes);
	uint64_t value = 0;

	if (at)
		memcpy(&value, at, bytes);
	return value;
}

static inline int64_t cursor_signed(struct lp_cursor *cursor, unsigned int bytes)
{
	unsigned int shift = 64 - 8 * bytes;

	return (int64_t)(cursor_unsigned(cursor, bytes) << shift) >> shift;
}

/* Reads a LEB128 number; shift: set to the number of its bits. */
static inline uint64_t cursor_leb(struct lp_cursor *cursor, unsigned int *shift)
{
	uint64_t value = 0, byte;

	*shift = 0;
	do {
		byte = cursor_unsigned(cursor, 1);
		if (*shift < 64)
			value |= (byte & 0x7f) << *shift;
		*shift += 7;
	} while (byte & 0x80);
	return value;
}

static inline uint64_t cursor_uleb(struct lp_cursor *cursor)
{
	unsigned int bits;

	return cursor_leb(cursor, &bits);
}

static inline int64_t cursor_sleb(struct lp_cursor *cursor)
{
	unsigned int bits;
	uint64_t value = cursor_leb(cursor, &bits);

	if (bits < 64 && value >> (bits - 1) & 1)
		value |= ~0ULL << bits;
	return (int64_t)value;
}

#endif /* LP_ELF_DWARF_CURSOR_H */
