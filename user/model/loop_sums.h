/* SPDX-License-Identifier: BSD-2-Clause */
/* Several loops as one: their common labels, and the sums of their counters. */
#ifndef LP_MODEL_LOOP_SUMS_H
#define LP_MODEL_LOOP_SUMS_H

#include "report.h"
#include "wire/wire.h"

/* Empties the labels in which another loop differs; the name of the thread is retained. */
void loop_sums_join_labels(struct lp_loop_info *into, const struct lp_loop_info *other);

/*
 * The same sums of what events say of a loop, before a summary is made of it: the summary of the
 * sum is the sum of the summaries.
 */
void loop_sums_add_stats(struct lp_event_loop_stats *into, const struct lp_event_loop_stats *from);
void loop_sums_add_coverage(struct lp_event_coverage *into, const struct lp_event_coverage *from);

/* Adds a loop's times, counts and iterations; callbacks and causes are left to the caller. */
void loop_sums_add(struct lp_loop_summary *into, const struct lp_loop_summary *loop);

#endif /* LP_MODEL_LOOP_SUMS_H */
