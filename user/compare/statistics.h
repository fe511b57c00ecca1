/* SPDX-License-Identifier: BSD-2-Clause */
/* Statistical tests of differences.  Each answer is wrong at most one time in a thousand. */
#ifndef LP_COMPARE_STATISTICS_H
#define LP_COMPARE_STATISTICS_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* The interval that contains the true value of a measured quantile, in ns. */
struct lp_bounds {
	uint64_t low; /* 0: no lower bound */
	uint64_t high; /* UINT64_MAX: no upper bound */
};

/*
 * Bounds by order statistics: the number of n independent times below the true quantile is
 * binomial, whatever their distribution, so that the times of two ranks enclose the quantile.
 * The edges of buckets stand for those times, which can only widen the bounds.
 */
struct lp_bounds statistics_bounds(const struct lp_histogram *histogram, double share);

/* Returns whether the bounds are so narrow that a shift to twice the time would show. */
bool statistics_are_narrow(const struct lp_bounds *bounds);

/*
 * Returns whether two rates differ.  Each is given as the number of events in an exposure (calls,
 * or time).  The test is exact: if the rates are the same, the events of the second side are a
 * binomial part of all events.  Returns -1 if the second rate is lower, 1 if it is higher, 0
 * if that is uncertain.
 */
int statistics_rates_differ(uint64_t first, double first_exposure, uint64_t second,
			    double second_exposure);

#endif /* LP_COMPARE_STATISTICS_H */
