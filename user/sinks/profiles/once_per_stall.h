/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every stall once.  One that takes long is told while it is in progress, again
 * and again, and when it has ended: this keeps the last state of those, until
 * their end is told or the run is over.
 */
#ifndef LP_SINKS_PROFILES_ONCE_PER_STALL_H
#define LP_SINKS_PROFILES_ONCE_PER_STALL_H

#include "stall_parts.h"

typedef void (*lp_stall_handler)(void *context, const struct lp_stall *stall);

struct lp_held;

struct lp_once_per_stall {
	lp_stall_handler report;
	void *context;
	struct lp_held *first, *last; /* in progress, in the order in which they began */
	size_t count;
};

void once_per_stall_start(struct lp_once_per_stall *once, lp_stall_handler report, void *context);

/* From a sink's observer, as they come.  Return 0 or -ENOMEM: then it is not told. */
int once_per_stall_slow(struct lp_once_per_stall *once, const struct lp_slow_callback *slow);
int once_per_stall_iteration(struct lp_once_per_stall *once,
			     const struct lp_slow_iteration *iteration);

/* The run is over: tells those that have not ended, and forgets them. */
void once_per_stall_end(struct lp_once_per_stall *once);
/* Forgets them. */
void once_per_stall_free(struct lp_once_per_stall *once);

#endif /* LP_SINKS_PROFILES_ONCE_PER_STALL_H */
