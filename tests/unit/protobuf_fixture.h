/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading of what the formats on protobuf have written. */
#ifndef LP_TESTS_PROTOBUF_FIXTURE_H
#define LP_TESTS_PROTOBUF_FIXTURE_H

#include <stdint.h>

/* Reads a varint, and moves *at behind it. */
static inline uint64_t take_number(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned int shift = 0;

	do {
		value |= (uint64_t)(**at & 0x7f) << shift;
		shift += 7;
	} while (*(*at)++ & 0x80);
	return value;
}

#endif /* LP_TESTS_PROTOBUF_FIXTURE_H */
