/* SPDX-License-Identifier: BSD-2-Clause */
/* What has changed between two looks at a process, and which tasks only accumulate. */
#ifndef LP_TASKS_DIFF_H
#define LP_TASKS_DIFF_H

#include "snapshot.h"

/* So many looks in a row a group must grow before it is told to leak. */
#define LP_GROWING_SNAPSHOTS 3

/* Tasks of one coroutine, made at the same line where that is known. */
struct lp_task_group {
	char *name; /* qualified name */
	char *file; /* of its definition; "" if not known */
	uint32_t line;
	char *created_function, *created_file; /* "" if not known */
	uint32_t created_line;
	size_t count; /* alive */
	size_t started, ended; /* since the last look */
	/* Grew at each of so many looks in a row, and none of its tasks has ended meanwhile. */
	unsigned int growing;
	uint64_t since_ns; /* the look before the first of those, ... */
	size_t since_count; /* ... and how many there were */
};

struct lp_tasks_change {
	size_t started_count, ended_count;
	uint32_t *started; /* numbers in the later view */
	uint32_t *ended; /* in the earlier one */
	size_t deadlock_count; /* new ones */
	const struct lp_deadlock **deadlocks;
	size_t group_count;
	const struct lp_task_group *
		*groups; /* that changed; those that leak first, then the most changed */
};

struct lp_task_diff;

/* NULL if out of memory. */
struct lp_task_diff *diff_new(void);
void diff_free(struct lp_task_diff *diff);

/*
 * Compares a look with the one before it; before is NULL the first time, and then
 * nothing counts as born.  Fills the change, which holds until the next call, and
 * since when the tasks of the later view have not moved.  Returns 0 or -ENOMEM.
 *
 * A task is the same if its address, name and coroutine are: one that took the place of
 * an ended one between two looks, with all that the same, cannot be told apart.
 */
int diff_snapshots(struct lp_task_diff *diff, const struct lp_tasks_snapshot *before,
		   struct lp_tasks_snapshot *now, const struct lp_tasks_change **change);

/* Has it grown for long enough to be told? */
static inline bool task_group_leaks(const struct lp_task_group *group)
{
	return group->growing >= LP_GROWING_SNAPSHOTS;
}

#endif /* LP_TASKS_DIFF_H */
