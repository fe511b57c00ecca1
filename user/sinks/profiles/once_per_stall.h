/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports each stall once.  Observers get a long stall repeatedly while it is in progress, and
 * again when it has ended.  This holds a copy of its last report until the report of its end, or
 * until the end of the run.
 */
#ifndef LP_SINKS_PROFILES_ONCE_PER_STALL_H
#define LP_SINKS_PROFILES_ONCE_PER_STALL_H

#include "stall_parts.h"

typedef void (*lp_stall_handler)(void *context, const struct lp_stall *stall);

struct lp_held;

struct lp_once_per_stall {
	lp_stall_handler report;
	void *context; /* of report */
	struct lp_held *first, *last; /* stalls in progress, oldest report first */
	size_t count;
};

void once_per_stall_start(struct lp_once_per_stall *once, lp_stall_handler report, void *context);

/*
 * Take a report of a stall from the observer of a sink.  Return 0, or -ENOMEM; then the
 * stall is dropped.
 */
int once_per_stall_slow(struct lp_once_per_stall *once, const struct lp_slow_callback *slow);
int once_per_stall_iteration(struct lp_once_per_stall *once,
			     const struct lp_slow_iteration *iteration);

/* Reports and frees the stalls in progress, at the end of the run. */
void once_per_stall_end(struct lp_once_per_stall *once);
/* Frees the stalls in progress without a report. */
void once_per_stall_free(struct lp_once_per_stall *once);

#endif /* LP_SINKS_PROFILES_ONCE_PER_STALL_H */
