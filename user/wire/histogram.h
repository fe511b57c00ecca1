/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic on the wire's histogram: see bpf/wire/histogram.h for its buckets. */
#ifndef LP_WIRE_HISTOGRAM_H
#define LP_WIRE_HISTOGRAM_H

#include "wire.h"

#include <stddef.h>
#include <stdint.h>

/* The number of times in the histogram. */
uint64_t histogram_count(const struct lp_histogram *histogram);

/* Shortest and longest time in nanoseconds; 0 if the histogram is empty. */
uint64_t histogram_min(const struct lp_histogram *histogram);
uint64_t histogram_max(const struct lp_histogram *histogram);

/* A range of slots: from first on, up to end, which is not in it. */
struct lp_slot_range {
	size_t first, end;
};

/* The slots, from a slot on, outside of which all counts are 0; empty: first is the slot and end. */
struct lp_slot_range histogram_used(const struct lp_histogram *histogram, size_t from);

/*
 * The time in nanoseconds that a share (0 to 1) of all times does not exceed: the upper edge
 * of the bucket that holds it, but within the shortest and the longest time.  It is at most
 * 9.1 % above the exact one (one bucket, 2^(1/8)).  0 if the histogram is empty.
 */
uint64_t histogram_quantile(const struct lp_histogram *histogram, double share);

/* Adds from to into.  The result is exact, as all histograms have the same buckets. */
void histogram_merge(struct lp_histogram *into, const struct lp_histogram *from);

/*
 * The times that were added between two states of one histogram.  Its min and max are edges
 * of buckets, as the exact ones of an interval are not recorded; a new minimum or maximum of
 * the whole is exact.
 */
void histogram_subtract(struct lp_histogram *difference, const struct lp_histogram *now,
			const struct lp_histogram *before);

#endif /* LP_WIRE_HISTOGRAM_H */
