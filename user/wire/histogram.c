// SPDX-License-Identifier: BSD-2-Clause
#include "histogram.h"

#define OVERFLOW_SLOT (LP_HISTOGRAM_SLOTS - 1)

uint64_t histogram_count(const struct lp_histogram *histogram)
{
	uint64_t count = 0;
	size_t slot;

	for (slot = 0; slot < LP_HISTOGRAM_SLOTS; slot++)
		count += histogram->slots[slot];
	return count;
}

struct lp_slot_range histogram_used(const struct lp_histogram *histogram, size_t from)
{
	struct lp_slot_range used = { from, LP_HISTOGRAM_SLOTS };

	while (used.end > from && !histogram->slots[used.end - 1])
		used.end--;
	while (used.first < used.end && !histogram->slots[used.first])
		used.first++;
	return used;
}

uint64_t histogram_min(const struct lp_histogram *histogram)
{
	return histogram->inverted_min_ns ? ~histogram->inverted_min_ns : 0;
}

uint64_t histogram_max(const struct lp_histogram *histogram)
{
	return histogram->max_ns;
}

/* The longest time that a slot can hold, given the longest time in the histogram. */
static uint64_t upper_edge(size_t slot, uint64_t max_ns)
{
	if (slot == OVERFLOW_SLOT || lp_histogram_edges[slot] > max_ns)
		return max_ns;
	return lp_histogram_edges[slot];
}

/* The shortest time that a slot can hold, given the shortest time in the histogram. */
static uint64_t lower_edge(size_t slot, uint64_t min_ns)
{
	if (!slot || lp_histogram_edges[slot - 1] < min_ns)
		return min_ns;
	return lp_histogram_edges[slot - 1] + 1;
}

/* The number of times that are a share of count, rounded up; from 1 to count. */
static uint64_t rank_of(double share, uint64_t count)
{
	/* 0.07 * 100 is slightly more than 7: a rounding error must not add one */
	double exact = share * (double)count * (1 - 1e-12);
	uint64_t rank;

	if (!(exact > 0))
		return 1;
	if (exact >= (double)count)
		return count;
	rank = (uint64_t)exact;
	if ((double)rank < exact)
		rank++;
	return rank > count ? count : rank;
}

uint64_t histogram_quantile(const struct lp_histogram *histogram, double share)
{
	uint64_t count = histogram_count(histogram), below = 0, rank, min, value;
	size_t slot;

	if (!count)
		return 0;
	rank = rank_of(share, count);
	for (slot = 0; slot < OVERFLOW_SLOT; slot++) {
		below += histogram->slots[slot];
		if (below >= rank)
			break;
	}
	value = upper_edge(slot, histogram->max_ns);
	min = histogram_min(histogram);
	return value < min ? min : value;
}

void histogram_merge(struct lp_histogram *into, const struct lp_histogram *from)
{
	size_t slot;

	into->sum_ns += from->sum_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	if (from->inverted_min_ns > into->inverted_min_ns)
		into->inverted_min_ns = from->inverted_min_ns;
	for (slot = 0; slot < LP_HISTOGRAM_SLOTS; slot++)
		into->slots[slot] += from->slots[slot];
}

/*
 * BPF writes while user space reads, so that a field may lag behind others: the difference
 * must not wrap.
 */
static uint64_t grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

void histogram_subtract(struct lp_histogram *difference, const struct lp_histogram *now,
			const struct lp_histogram *before)
{
	size_t slot, lowest = LP_HISTOGRAM_SLOTS, highest = 0;
	struct lp_histogram result = { 0 };

	result.sum_ns = grown(now->sum_ns, before->sum_ns);
	for (slot = 0; slot < LP_HISTOGRAM_SLOTS; slot++) {
		result.slots[slot] = grown(now->slots[slot], before->slots[slot]);
		if (!result.slots[slot])
			continue;
		highest = slot;
		if (lowest == LP_HISTOGRAM_SLOTS)
			lowest = slot;
	}
	if (lowest < LP_HISTOGRAM_SLOTS) {
		result.max_ns = now->max_ns > before->max_ns ? now->max_ns
							     : upper_edge(highest, now->max_ns);
		result.inverted_min_ns = now->inverted_min_ns > before->inverted_min_ns
						 ? now->inverted_min_ns
						 : ~lower_edge(lowest, histogram_min(now));
	}
	/* copied at the end, as difference may point to one of the two arguments */
	*difference = result;
}
