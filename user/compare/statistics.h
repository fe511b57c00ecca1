/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a difference more than noise?  Each answer errs one time in a thousand at the most. */
#ifndef LP_COMPARE_STATISTICS_H
#define LP_COMPARE_STATISTICS_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a quantile of what was measured may really lie, in ns. */
struct lp_bounds {
	uint64_t low; /* 0: anywhere below */
	uint64_t high; /* UINT64_MAX: anywhere above */
};

/*
 * By order statistics: how many of n independent times lie below the true quantile is
 * binomial, whatever their distribution, so that the times of two ranks enclose it.  The
 * buckets' edges are taken for those, which only makes the bounds wider.
 */
struct lp_bounds quantile_bounds(const struct lp_histogram *histogram, double share);

/* Are they so narrow that a shift to twice as much would show? */
bool bounds_are_narrow(const struct lp_bounds *bounds);

/*
 * Is a rate different from another?  Of each, how many events in how much exposure (calls,
 * or time).  Exact: of all events, those that fall on the second are binomial if the rates
 * are the same.  -1: the second is lower; 1: higher; 0: that cannot be told.
 */
int rates_differ(uint64_t first, double first_exposure, uint64_t second, double second_exposure);

#endif /* LP_COMPARE_STATISTICS_H */
