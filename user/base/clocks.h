/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks in nanoseconds. BPF programs use CLOCK_MONOTONIC (bpf_ktime_get_ns). */
#ifndef LP_BASE_CLOCKS_H
#define LP_BASE_CLOCKS_H

#include "macros.h"

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

#endif /* LP_BASE_CLOCKS_H */
