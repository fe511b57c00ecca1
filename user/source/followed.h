/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes whose events are read, and what each may spend on that. */
#ifndef LP_FOLLOWED_H
#define LP_FOLLOWED_H

#include "../runtime/runtime.h"
#include "share.h"

#define LP_FOLLOWED_BUCKETS 1024

struct lp_followed {
	struct lp_followed *next;
	struct lp_instance instance; /* its reader is not owned */
	struct lp_share share; /* of the time to read events */
	uint64_t limited; /* what it did not get, when that was reported last */
	bool warned;
};

/* All zero at first. */
struct lp_followed_table {
	struct lp_followed *buckets[LP_FOLLOWED_BUCKETS];
	size_t count;
	struct lp_share_pool pool;
};

/* Without memory the process has no entry, and its stacks have no names. */
void followed_add(struct lp_followed_table *table, const struct lp_instance *instance);
void followed_remove(struct lp_followed_table *table, pid_t pid);
void followed_free(struct lp_followed_table *table);
struct lp_followed *followed_of(const struct lp_followed_table *table, pid_t pid);
void followed_each(struct lp_followed_table *table,
		   void (*visit)(void *context, struct lp_followed *target), void *context);

/*
 * Has it time left for what is costly to read?  One that is followed alone takes it from
 * nobody: what a turn of the main loop may take bounds it.
 */
bool followed_may_spend(struct lp_followed_table *table, struct lp_followed *target,
			uint64_t now_ns);
/* An event of it is dropped, as it has none. */
void followed_drop(struct lp_followed *target);
/* Says so to the person, once a process. */
void followed_warn(struct lp_followed *target);

#endif /* LP_FOLLOWED_H */
