/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The histogram that BPF fills and user space reads: base-2 exponential of
 * scale 3 (eight buckets a power of two) over seconds, as OpenTelemetry's data
 * model defines it.  Buckets include their upper edge.
 *
 * Plain C for both sides: the unit tests run the very code that the kernel does.
 */
#ifndef LP_BPF_WIRE_HISTOGRAM_H
#define LP_BPF_WIRE_HISTOGRAM_H

#include "types.h"

#define LP_HISTOGRAM_SCALE 3
/* OpenTelemetry's index of the first real bucket: 2^(-160/8) s = 2^-20 s. */
#define LP_HISTOGRAM_OFFSET (-160)
/* Real buckets, from 2^-20 s (0.95 us) to 2^6 s (64 s). */
#define LP_HISTOGRAM_BUCKETS 208
/* [0] takes what is at most 2^-20 s, [209] what is longer than 64 s. */
#define LP_HISTOGRAM_SLOTS (LP_HISTOGRAM_BUCKETS + 2)

struct lp_histogram {
	__u64 sum_ns;
	__u64 max_ns;
	/* ~min, so that a zeroed histogram needs no set-up; 0: empty. */
	__u64 inverted_min_ns;
	__u64 slots[LP_HISTOGRAM_SLOTS];
};

/* edges[i]: the longest time in whole nanoseconds that slot i still takes. */
static const __u64 lp_histogram_edges[LP_HISTOGRAM_BUCKETS + 1] = {
#include "histogram_edges.inc"
};

/*
 * The position of the highest bit of a number, which is not 0: BPF has no instruction for it.  It
 * has no branch, as the verifier would follow each combination of branches to the end.
 */
static inline __attribute__((always_inline)) __u32 lp_highest_bit(__u64 number)
{
	__u64 ones = number;

	/* all bits below the highest one are set, and then counted: in pairs, fours and bytes */
	ones |= ones >> 1;
	ones |= ones >> 2;
	ones |= ones >> 4;
	ones |= ones >> 8;
	ones |= ones >> 16;
	ones |= ones >> 32;
	ones = (ones & 0x5555555555555555ULL) + (ones >> 1 & 0x5555555555555555ULL);
	ones = (ones & 0x3333333333333333ULL) + (ones >> 2 & 0x3333333333333333ULL);
	ones = (ones & 0x0f0f0f0f0f0f0f0fULL) + (ones >> 4 & 0x0f0f0f0f0f0f0f0fULL);
	/* the highest byte of the product is the sum of all bytes */
	return (__u32)(ones * 0x0101010101010101ULL >> 56) - 1;
}

/*
 * The slot of a time in nanoseconds.
 *
 * A first guess comes from the position of the highest bit and the three bits
 * below it, after scaling to units of 2^-30 s (77324 / 2^20 is 2^30 / 10^9 - 1).
 * As 8 * log2(1 + x) lies between 8x and 8x + 1, it is low by one at the most;
 * one comparison with the exact edges on either side corrects it.
 */
static inline __attribute__((always_inline)) __u32 lp_histogram_slot(__u64 ns)
{
	__u32 exponent, slot;
	__u64 scaled, below;

	if (ns <= lp_histogram_edges[0])
		return 0;
	if (ns > lp_histogram_edges[LP_HISTOGRAM_BUCKETS])
		return LP_HISTOGRAM_SLOTS - 1;
	scaled = ns + ((ns * 77324) >> 20);
	exponent = lp_highest_bit(scaled);
	if (exponent < 9 || exponent > 37)
		return 0; /* excluded by the two tests above, which the verifier does not know */
	slot = exponent * 8 + ((scaled >> (exponent - 3)) & 7);
	/* 2^-20 s is 2^10 units, index 80, slot 1 */
	slot = slot > 79 ? slot - 79 : 1;
	if (slot > LP_HISTOGRAM_BUCKETS)
		slot = LP_HISTOGRAM_BUCKETS;
	below = slot - 1;
	/* the compiler knows that it is no more than that, the verifier of 5.10 does not */
	asm volatile("" : "+r"(below));
	if (ns > lp_histogram_edges[slot])
		slot++;
	else if (below < LP_HISTOGRAM_BUCKETS && ns <= lp_histogram_edges[below])
		slot--;
	return slot;
}

/*
 * Counts a time into the slot that lp_histogram_slot gives.  One writer a histogram
 * (a loop is run by one thread), so no atomics.
 */
static inline __attribute__((always_inline)) void lp_histogram_put(struct lp_histogram *histogram,
								   __u32 slot, __u64 ns)
{
	if (slot < LP_HISTOGRAM_SLOTS)
		histogram->slots[slot]++;
	histogram->sum_ns += ns;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
	if (~ns > histogram->inverted_min_ns)
		histogram->inverted_min_ns = ~ns;
}

static inline __attribute__((always_inline)) void lp_histogram_add(struct lp_histogram *histogram,
								   __u64 ns)
{
	lp_histogram_put(histogram, lp_histogram_slot(ns), ns);
}

_Static_assert(sizeof(struct lp_histogram) == 1704, "wire");

#endif /* LP_BPF_WIRE_HISTOGRAM_H */
