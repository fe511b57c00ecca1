/* SPDX-License-Identifier: BSD-2-Clause */
/* Declarations that series.c and label_sets.c share. */
#ifndef LP_SINKS_METRICS_SERIES_INTERNAL_H
#define LP_SINKS_METRICS_SERIES_INTERNAL_H

#include "series.h"

/* A summary of a loop or callback; a series is the sum of its parts. */
struct lp_series_part {
	const void *of; /* struct lp_loop_summary or lp_callback_summary */
	struct lp_series_part *next;
};

/*
 * Stores in *loop the series in which a loop is counted.  info: NULL for counts that belong to no
 * loop.  *loop is NULL if the series of its labels were replaced and it has no new ones.  summary:
 * that of the loop, or NULL.  Returns 0 or -ENOMEM.
 */
int series_loop_of(struct lp_series *series, const struct lp_loop_info *info,
		   const struct lp_loop_summary *summary, struct lp_loop_series **loop);

/* Returns whether unit, container, pod and host of two sets of labels are equal. */
bool series_same_owner(const struct lp_loop_labels *left, const struct lp_loop_labels *right);

/* Frees the sets of labels without their own series that no loop of this round has. */
void series_sweep_sets(struct lp_series *series);

/* Frees a struct lp_callback_series and all that it owns; for map_free_entries(). */
void series_free_callback(void *callback);

#endif /* LP_SINKS_METRICS_SERIES_INTERNAL_H */
