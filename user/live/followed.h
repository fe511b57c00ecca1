/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes whose events are read, and the time that each may spend on that. */
#ifndef LP_LIVE_FOLLOWED_H
#define LP_LIVE_FOLLOWED_H

#include "runtime/runtime.h"
#include "share.h"

#define LP_FOLLOWED_BUCKETS 1024

struct lp_followed {
	struct lp_followed *next;
	struct lp_instance instance; /* its reader is not owned */
	struct lp_share share; /* its share of the time to read events */
	uint64_t limited; /* requests that were refused, as last reported */
	bool warned;
};

/* All zero at first. */
struct lp_followed_table {
	struct lp_followed *buckets[LP_FOLLOWED_BUCKETS];
	size_t count;
	struct lp_share_pool pool;
};

/* If out of memory, the process has no entry, and its stacks have no names. */
void followed_add(struct lp_followed_table *table, const struct lp_instance *instance);
void followed_remove(struct lp_followed_table *table, pid_t pid);
void followed_free(struct lp_followed_table *table);
struct lp_followed *followed_of(const struct lp_followed_table *table, pid_t pid);
void followed_each(struct lp_followed_table *table,
		   void (*visit)(void *context, struct lp_followed *target), void *context);

/*
 * Has the process time left for costly reads?  One that is followed alone takes it from
 * no other: the limits of a turn of the main loop bound it.
 */
bool followed_may_spend(struct lp_followed_table *table, struct lp_followed *target,
			uint64_t now_ns);
/* Counts an event of the process that is dropped, as no time is left. */
void followed_drop(struct lp_followed *target);
/* Logs a warning of that, once per process. */
void followed_warn(struct lp_followed *target);

#endif /* LP_LIVE_FOLLOWED_H */
