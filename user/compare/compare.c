// SPDX-License-Identifier: BSD-2-Clause
#include "compare.h"

#include "wire/histogram.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const double lp_compared_quantiles[LP_COMPARED_QUANTILES] = { 0.5, 0.9, 0.99 };

/*
 * A cause counts as longer if its mean wait has grown by this factor, from at least this many
 * waits on each side.
 */
#define LONGER 2.0
#define LONGER_COUNT 30

/* The entries of a map in the order of compare. */
struct entry_list {
	const void **entries;
	size_t count;
	int (*compare)(const void *, const void *);
};

static int by_list(const void *left, const void *right, void *context)
{
	const struct entry_list *list = context;

	return list->compare(*(const void *const *)left, *(const void *const *)right);
}

static int list_map(const struct lp_map *map, struct entry_list *list)
{
	const void *entry;
	size_t at = 0;

	list->entries = calloc(map->count + 1, sizeof(*list->entries));
	if (!list->entries)
		return -ENOMEM;
	while ((entry = map_next_pointer(map, &at)))
		list->entries[list->count++] = entry;
	qsort_r(list->entries, list->count, sizeof(*list->entries), by_list, list);
	return 0;
}

static void shift_quantiles(const struct lp_histogram *old, const struct lp_histogram *new,
			    struct lp_quantile_shift *shifts)
{
	size_t i;

	for (i = 0; i < LP_COMPARED_QUANTILES; i++) {
		struct lp_bounds before = statistics_bounds(old, lp_compared_quantiles[i]);
		struct lp_bounds now = statistics_bounds(new, lp_compared_quantiles[i]);

		shifts[i].old_ns = histogram_quantile(old, lp_compared_quantiles[i]);
		shifts[i].new_ns = histogram_quantile(new, lp_compared_quantiles[i]);
		if (now.low > before.high)
			shifts[i].verdict = LP_VERDICT_WORSE;
		else if (now.high < before.low)
			shifts[i].verdict = LP_VERDICT_BETTER;
		else if (statistics_are_narrow(&before) && statistics_are_narrow(&now))
			shifts[i].verdict = LP_VERDICT_SAME;
		else
			shifts[i].verdict = LP_VERDICT_UNSURE;
	}
}

static enum lp_verdict rate_verdict(uint64_t old, double old_exposure, uint64_t new,
				    double new_exposure)
{
	int order = statistics_rates_differ(old, old_exposure, new, new_exposure);

	if (order)
		return order > 0 ? LP_VERDICT_WORSE : LP_VERDICT_BETTER;
	return old == new || old + new >= 20 ? LP_VERDICT_SAME : LP_VERDICT_UNSURE;
}

/*
 * The verdict over a callback's quantiles and its rate of slow calls: the worst certain one,
 * then the best certain one, else whether there was enough data.
 */
static enum lp_verdict whole_verdict(const struct lp_callback_shift *shift, bool timed)
{
	enum lp_verdict verdict = shift->slow;
	size_t i;

	for (i = 0; timed && i < LP_COMPARED_QUANTILES; i++) {
		if (shift->quantiles[i].verdict == LP_VERDICT_WORSE)
			return LP_VERDICT_WORSE;
		if (shift->quantiles[i].verdict == LP_VERDICT_BETTER && verdict != LP_VERDICT_WORSE)
			verdict = LP_VERDICT_BETTER;
	}
	/* nothing is certain: the median decides between same and unsure */
	if (timed && verdict == LP_VERDICT_SAME)
		verdict = shift->quantiles[0].verdict;
	return verdict;
}

static double seconds(uint64_t ns)
{
	return (double)ns * 1e-9;
}

static double share_of(uint64_t ns, const struct lp_side *side)
{
	return side->sum.wall_ns ? (double)ns / (double)side->sum.wall_ns : 0;
}

static void shift_callback(const struct lp_comparison *comparison, struct lp_callback_shift *shift)
{
	static const struct lp_side_callback none;
	const struct lp_side_callback *old = shift->old ? shift->old : &none;
	const struct lp_side_callback *new = shift->new ? shift->new : &none;
	bool timed = side_is_timed(comparison->old) && side_is_timed(comparison->new);
	double old_exposure = timed && shift->old ? (double)histogram_count(&old->run)
						  : (double)comparison->old->sum.wall_ns;
	double new_exposure = timed && shift->new ? (double)histogram_count(&new->run)
						  : (double)comparison->new->sum.wall_ns;

	shift_quantiles(&old->run, &new->run, shift->quantiles);
	/* a callback that one side lacks could have run in all of that side's time */
	if (!shift->old || !shift->new) {
		old_exposure = (double)comparison->old->sum.wall_ns;
		new_exposure = (double)comparison->new->sum.wall_ns;
	}
	shift->slow = rate_verdict(old->slow, old_exposure, new->slow, new_exposure);
	if (shift->old && shift->new)
		shift->verdict = whole_verdict(shift, timed);
	else
		shift->verdict = shift->slow == LP_VERDICT_SAME ? LP_VERDICT_UNSURE : shift->slow;
	shift->weight = fabs(share_of(new->run.sum_ns, comparison->new) -
			     share_of(old->run.sum_ns, comparison->old));
}

static void shift_cause(const struct lp_comparison *comparison, struct lp_cause_shift *shift)
{
	/* samples of one stall are not independent of each other, and do not count as events */
	uint64_t old_count = shift->old ? shift->old->occurrences : 0;
	uint64_t new_count = shift->new ? shift->new->occurrences : 0;
	uint64_t old_ns = shift->old ? shift->old->total_ns : 0;
	uint64_t new_ns = shift->new ? shift->new->total_ns : 0;
	double longer;

	shift->old_share = share_of(old_ns, comparison->old);
	shift->new_share = share_of(new_ns, comparison->new);
	shift->verdict = rate_verdict(old_count, seconds(comparison->old->sum.wall_ns), new_count,
				      seconds(comparison->new->sum.wall_ns));
	if (old_count < LONGER_COUNT || new_count < LONGER_COUNT || !old_ns)
		return;
	longer = (seconds(new_ns) / (double)new_count) / (seconds(old_ns) / (double)old_count);
	if (longer >= LONGER && shift->new_share > shift->old_share)
		shift->verdict = LP_VERDICT_WORSE;
	else if (longer <= 1 / LONGER && shift->new_share < shift->old_share)
		shift->verdict = LP_VERDICT_BETTER;
}

static int by_weight(const void *first, const void *second)
{
	const struct lp_callback_shift *left = first, *right = second;

	return left->weight < right->weight ? 1 : left->weight > right->weight ? -1 : 0;
}

static int by_difference(const void *first, const void *second)
{
	const struct lp_cause_shift *left = first, *right = second;
	double one = fabs(left->new_share - left->old_share);
	double other = fabs(right->new_share - right->old_share);

	return one < other ? 1 : one > other ? -1 : 0;
}

/*
 * Walks the entries of both sides in their common order.  An entry that only one side has is
 * passed with NULL for the other.
 */
typedef void (*pair_taker)(struct lp_comparison *comparison, const void *old, const void *new);

static void match(struct lp_comparison *comparison, const struct entry_list *before,
		  const struct entry_list *now, pair_taker take)
{
	size_t i = 0, j = 0;

	while (i < before->count || j < now->count) {
		int order = i == before->count ? 1
			    : j == now->count
				    ? -1
				    : before->compare(before->entries[i], now->entries[j]);

		take(comparison, order <= 0 ? before->entries[i] : NULL,
		     order >= 0 ? now->entries[j] : NULL);
		i += order <= 0;
		j += order >= 0;
	}
}

static void take_callback(struct lp_comparison *comparison, const void *old, const void *new)
{
	struct lp_callback_shift *shift = &comparison->callbacks[comparison->callback_count++];

	shift->old = old;
	shift->new = new;
	shift_callback(comparison, shift);
}

static void take_cause(struct lp_comparison *comparison, const void *old, const void *new)
{
	struct lp_cause_shift *shift = &comparison->causes[comparison->cause_count++];

	shift->old = old;
	shift->new = new;
	shift_cause(comparison, shift);
}

static int match_maps(struct lp_comparison *comparison, const struct lp_map *old,
		      const struct lp_map *new, int (*compare)(const void *, const void *),
		      pair_taker take)
{
	struct entry_list before = { .compare = compare }, now = { .compare = compare };
	int err = list_map(old, &before);

	if (!err)
		err = list_map(new, &now);
	if (!err)
		match(comparison, &before, &now, take);
	free(before.entries);
	free(now.entries);
	return err;
}

static int match_all(struct lp_comparison *comparison)
{
	const struct lp_side *old = comparison->old, *new = comparison->new;
	int err;

	comparison->callbacks = calloc(old->callbacks.count + new->callbacks.count + 1,
				       sizeof(*comparison->callbacks));
	comparison->causes =
		calloc(old->causes.count + new->causes.count + 1, sizeof(*comparison->causes));
	if (!comparison->callbacks || !comparison->causes)
		return -ENOMEM;
	err = match_maps(comparison, &old->callbacks, &new->callbacks, side_compare_callbacks,
			 take_callback);
	if (!err)
		err = match_maps(comparison, &old->causes, &new->causes, side_compare_causes,
				 take_cause);
	if (err)
		return err;
	qsort(comparison->callbacks, comparison->callback_count, sizeof(*comparison->callbacks),
	      by_weight);
	qsort(comparison->causes, comparison->cause_count, sizeof(*comparison->causes),
	      by_difference);
	return 0;
}

static double utilisation(const struct lp_side *side)
{
	double all = (double)side->sum.busy_ns + (double)side->sum.idle_ns;

	return all > 0 ? (double)side->sum.busy_ns / all : 0;
}

int comparison_make(struct lp_comparison *comparison, const struct lp_side *old,
		    const struct lp_side *new)
{
	int err;

	memset(comparison, 0, sizeof(*comparison));
	comparison->old = old;
	comparison->new = new;
	comparison->old_busy = utilisation(old);
	comparison->new_busy = utilisation(new);
	shift_quantiles(&old->sum.iteration, &new->sum.iteration, comparison->iterations);
	comparison->stalls = rate_verdict(old->sum.slow_callbacks, seconds(old->sum.wall_ns),
					  new->sum.slow_callbacks, seconds(new->sum.wall_ns));
	err = match_all(comparison);
	if (err || old->no_memory || new->no_memory) {
		comparison_free(comparison);
		return -ENOMEM;
	}
	return 0;
}

void comparison_free(struct lp_comparison *comparison)
{
	free(comparison->callbacks);
	free(comparison->causes);
	comparison->callbacks = NULL;
	comparison->causes = NULL;
}
