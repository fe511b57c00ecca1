/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers of tests: xorshift64 with a fixed seed, so that a failure can be repeated. */
#ifndef LP_TESTS_UNIT_RANDOM_FIXTURE_H
#define LP_TESTS_UNIT_RANDOM_FIXTURE_H

#include <stdint.h>

static inline uint64_t random_next(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

#endif /* LP_TESTS_UNIT_RANDOM_FIXTURE_H */
