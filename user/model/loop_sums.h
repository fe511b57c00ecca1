/* SPDX-License-Identifier: BSD-2-Clause */
/* Several loops as one: their common labels, and the sums of their counters. */
#ifndef LP_MODEL_LOOP_SUMS_H
#define LP_MODEL_LOOP_SUMS_H

#include "report.h"

/* Empties the labels in which another loop differs; the name of the thread is retained. */
void loop_sums_join_labels(struct lp_loop_info *into, const struct lp_loop_info *other);

/* Adds a loop's times, counts and iterations; callbacks and causes are left to the caller. */
void loop_sums_add(struct lp_loop_summary *into, const struct lp_loop_summary *loop);

#endif /* LP_MODEL_LOOP_SUMS_H */
