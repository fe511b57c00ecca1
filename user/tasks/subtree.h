/* SPDX-License-Identifier: BSD-2-Clause */
/* What the subtree of a task waits for: the task, those that it awaits, and so on. */
#ifndef LP_TASKS_SUBTREE_H
#define LP_TASKS_SUBTREE_H

#include "snapshot.h"

#define LP_SUBTREE_NOWHERE UINT32_MAX

/* How one task waits, as hashes. */
struct lp_subtree_wait {
	uint64_t exact; /* with the shared objects that the task waits for or holds */
	uint64_t plain; /* without them */
	/*
	 * The innermost task whose subtree has all other tasks that use these objects;
	 * LP_SUBTREE_NOWHERE: there is none, or it is not known.
	 */
	uint32_t within;
};

/* Sets within of all tasks, in the order of the snapshot's list.  Returns 0 or -ENOMEM. */
int subtree_find_users(const struct lp_tasks_snapshot *snapshot, struct lp_subtree_wait *waits);

/*
 * Sets the key of each task: keys are equal if the tasks wait in the same way, and the tasks of
 * their subtrees wait in the same ways.  How many tasks wait in each way does not count, nor which
 * awaits which, so that all tasks of a chain may have one key.  Objects that are used in one
 * subtree only do not count in its key: a thousand tasks whose subtrees have a lock each have one
 * key.  Of a subtree with very many ways to wait, some do not count.  Returns 0 or -ENOMEM.
 */
int subtree_set_keys(const struct lp_task_graph *graph, const struct lp_subtree_wait *waits,
		     uint64_t *keys);

#endif /* LP_TASKS_SUBTREE_H */
