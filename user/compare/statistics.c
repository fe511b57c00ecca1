// SPDX-License-Identifier: BSD-2-Clause
#include "statistics.h"

#include "wire/histogram.h"

#include <math.h>

/* Probability of an error, both sides together: one in a thousand. */
#define RARE 0.001
#define RARE_DEVIATIONS 3.2905
/* Over this number of events the normal distribution replaces the binomial one. */
#define EXACT_EVENTS 2000

/* The slot that contains the time with that rank; ranks begin at 1. */
static unsigned int slot_of_rank(const struct lp_histogram *histogram, double rank)
{
	double below = 0;
	unsigned int slot;

	for (slot = 0; slot + 1 < LP_HISTOGRAM_SLOTS; slot++) {
		below += (double)histogram->slots[slot];
		if (below >= rank)
			break;
	}
	return slot;
}

struct lp_bounds statistics_bounds(const struct lp_histogram *histogram, double share)
{
	struct lp_bounds bounds = { .low = 0, .high = UINT64_MAX };
	double count = (double)histogram_count(histogram);
	double spread = RARE_DEVIATIONS * sqrt(count * share * (1 - share));
	double first = floor(count * share - spread), last = ceil(count * share + spread) + 1;
	unsigned int slot;

	if (first >= 1) {
		slot = slot_of_rank(histogram, first);
		bounds.low = slot ? lp_histogram_edges[slot - 1] + 1 : 0;
	}
	if (last <= count) {
		slot = slot_of_rank(histogram, last);
		bounds.high = slot + 1 < LP_HISTOGRAM_SLOTS ? lp_histogram_edges[slot]
							    : histogram_max(histogram);
	}
	return bounds;
}

bool statistics_are_narrow(const struct lp_bounds *bounds)
{
	/* the first bucket has no lower edge */
	uint64_t low = bounds->low ? bounds->low : lp_histogram_edges[0] / 2;

	return bounds->high != UINT64_MAX && bounds->high / 2 <= low;
}

static double log_choose(double of, double chosen)
{
	return lgamma(of + 1) - lgamma(chosen + 1) - lgamma(of - chosen + 1);
}

/*
 * The probability that at least most of the events fall on one side, if each does so with
 * this chance.
 */
static double upper_tail(uint64_t events, uint64_t most, double chance)
{
	double sum = 0, of = (double)events;
	uint64_t count;

	if (events > EXACT_EVENTS) {
		double deviation = sqrt(of * chance * (1 - chance));

		return 0.5 * erfc(((double)most - 0.5 - of * chance) / deviation / sqrt(2));
	}
	for (count = most; count <= events; count++)
		sum += exp(log_choose(of, (double)count) + (double)count * log(chance) +
			   (double)(events - count) * log1p(-chance));
	return sum;
}

int statistics_rates_differ(uint64_t first, double first_exposure, uint64_t second,
			    double second_exposure)
{
	double chance;

	if (!(first_exposure > 0) || !(second_exposure > 0) || !(first + second))
		return 0;
	chance = second_exposure / (first_exposure + second_exposure);
	if (upper_tail(first + second, second, chance) < RARE / 2)
		return 1;
	if (upper_tail(first + second, first, 1 - chance) < RARE / 2)
		return -1;
	return 0;
}
