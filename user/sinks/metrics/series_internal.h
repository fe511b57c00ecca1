/* SPDX-License-Identifier: BSD-2-Clause */
/* What series.c and series_sets.c share. */
#ifndef LP_SINKS_METRICS_SERIES_INTERNAL_H
#define LP_SINKS_METRICS_SERIES_INTERNAL_H

#include "series.h"

/* One summary among those that a series is the sum of. */
struct lp_series_part {
	const void *of;
	struct lp_series_part *next;
};

/*
 * Where a loop (NULL: callbacks without one) is counted, with *loop NULL if nowhere: its
 * labels had to give way, and it does nothing.  summary: its own, or NULL.  Returns 0 or
 * -ENOMEM.
 */
int series_loop_of(struct lp_series *series, const struct lp_loop_info *info,
		   const struct lp_loop_summary *summary, struct lp_loop_series **loop);

/* Do the sets of labels belong to one unit, container or pod, or both to none? */
bool series_same_owner(const struct lp_loop_labels *left, const struct lp_loop_labels *right);

/* Labels without a place are remembered only as long as there are loops with them. */
void series_sweep_sets(struct lp_series *series);

void series_free_callback(void *node);

#endif /* LP_SINKS_METRICS_SERIES_INTERNAL_H */
