/* SPDX-License-Identifier: BSD-2-Clause */
/* Units of time, and small arithmetic that every folder needs. */
#ifndef LP_BASE_MACROS_H
#define LP_BASE_MACROS_H

#include <stdint.h>

/* Signed and 64 bits wide, so that they serve differences and floating point, too. */
#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* The number of elements of an array; a pointer does not compile. */
#define ARRAY_SIZE(array)                                                                          \
	(sizeof(array) / sizeof((array)[0]) +                                                      \
	 0 * sizeof(char[1 - 2 * __builtin_types_compatible_p(__typeof__(array),                   \
							      __typeof__(&(array)[0]))]))

static inline uint64_t min_u64(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

static inline uint64_t max_u64(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

/* The difference, or 0 where the part is larger than the whole: counters of two moments. */
static inline uint64_t saturating_sub(uint64_t whole, uint64_t part)
{
	return whole > part ? whole - part : 0;
}

#endif /* LP_BASE_MACROS_H */
