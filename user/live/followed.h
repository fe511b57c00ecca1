/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes whose events are read, and the time that loopprof may spend on each. */
#ifndef LP_LIVE_FOLLOWED_H
#define LP_LIVE_FOLLOWED_H

#include "base/map.h"
#include "limits.h"
#include "runtime/runtime.h"
#include "share.h"

/* The number of stalls in the current minute whose waker is watched; see wakers.h. */
struct lp_watched {
	uint64_t minute_ns; /* beginning of the minute; 0: none has begun */
	unsigned int count;
	bool limit_logged; /* the limit was reached, and a message says so */
};

struct lp_followed {
	struct lp_instance instance; /* its reader is not owned */
	struct lp_limits limits;
	struct lp_share share; /* share of the time to read events */
	uint64_t ends_paused_until_ns; /* instant until which no other ends are searched for it */
	struct lp_watched watched;
	uint64_t limited; /* number of refused requests in the last report */
	bool warned;
};

/* All zeros are an empty table. */
struct lp_followed_table {
	struct lp_map targets; /* from a PID to its struct lp_followed */
	struct lp_share_pool pool;
};

/* Adds a process.  Without memory it has no entry, and its stacks are not symbolised. */
void followed_add(struct lp_followed_table *table, const struct lp_instance *instance);
void followed_remove(struct lp_followed_table *table, pid_t pid);
void followed_free(struct lp_followed_table *table);
struct lp_followed *followed_of(const struct lp_followed_table *table, pid_t pid);
void followed_each(struct lp_followed_table *table,
		   void (*visit)(void *context, struct lp_followed *target), void *context);

/* Returns whether there are several processes, so that each has a share. */
bool followed_is_shared(const struct lp_followed_table *table);
/*
 * Returns whether the process has time left for expensive reads.  A single process always has: it
 * takes the time from no other, and a turn of the main loop is bounded.
 */
bool followed_may_spend(struct lp_followed_table *table, struct lp_followed *target,
			uint64_t now_ns);
/* Counts an event of the process that is dropped because no time is left. */
void followed_drop(struct lp_followed *target);
/* Logs a warning about dropped events, once per process. */
void followed_warn(struct lp_followed *target);

#endif /* LP_LIVE_FOLLOWED_H */
