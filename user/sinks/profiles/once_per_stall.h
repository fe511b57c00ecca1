/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every stall once.  One that takes long is told while it is in progress, again
 * and again, and when it has ended: this keeps the last state of those, until
 * their end is told or the run is over.
 */
#ifndef LP_SINKS_PROFILES_ONCE_PER_STALL_H
#define LP_SINKS_PROFILES_ONCE_PER_STALL_H

#include "stall_parts.h"

typedef void (*lp_stall_teller)(void *context, const struct lp_told_stall *stall);

struct lp_held;

struct lp_stalls_told {
	lp_stall_teller tell;
	void *context;
	struct lp_held *first, *last; /* in progress, in the order in which they began */
	size_t count;
};

void stalls_told_start(struct lp_stalls_told *told, lp_stall_teller tell, void *context);

/* From a sink's observer, as they come.  Return 0 or -ENOMEM: then it is not told. */
int stalls_told_slow(struct lp_stalls_told *told, const struct lp_slow *slow);
int stalls_told_iteration(struct lp_stalls_told *told, const struct lp_slow_iteration *iteration);

/* The run is over: tells those that have not ended, and forgets them. */
void stalls_told_end(struct lp_stalls_told *told);
/* Forgets them. */
void stalls_told_free(struct lp_stalls_told *told);

#endif /* LP_SINKS_PROFILES_ONCE_PER_STALL_H */
