/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares two snapshots of a process's tasks, and detects groups of tasks that only grow. */
#ifndef LP_TASKS_DIFF_H
#define LP_TASKS_DIFF_H

#include "snapshot.h"

/* A group is reported as a leak after it has grown in this many snapshots in a row. */
#define LP_GROWING_SNAPSHOTS 3

/* Tasks of one coroutine that were created at the same line, if that is known. */
struct lp_task_group {
	char *name; /* qualified name */
	char *file; /* file of the coroutine's definition; "" if unknown */
	uint32_t line;
	char *created_function, *created_file; /* "" if unknown */
	uint32_t created_line;
	size_t count; /* tasks that are alive */
	size_t started, ended; /* since the previous snapshot */
	/* number of snapshots in a row in which the group grew without losing a task */
	unsigned int growing;
	uint64_t since_ns; /* time of the snapshot before the first of those */
	size_t since_count; /* the group's size in that snapshot */
};

struct lp_tasks_change {
	size_t started_count, ended_count;
	uint32_t *started; /* task numbers in the later snapshot */
	uint32_t *ended; /* task numbers in the earlier snapshot */
	size_t deadlock_count; /* deadlocks that are new */
	const struct lp_deadlock **deadlocks;
	size_t group_count;
	const struct lp_task_group *
		*groups; /* groups that changed: leaks first, then in descending order of change */
};

struct lp_task_diff;

/* Returns NULL if out of memory. */
struct lp_task_diff *diff_new(void);
void diff_free(struct lp_task_diff *diff);

/*
 * Compares a snapshot with the previous one; before is NULL for the first, of which no task
 * counts as started.  Fills *change, which is valid until the next call, and the time since
 * when each task of the later snapshot has not moved.  Returns 0 or -ENOMEM.
 *
 * A task is identified by its address, name and coroutine: a task that ended between two
 * snapshots cannot be distinguished from one that replaced it with all three the same.
 */
int diff_snapshots(struct lp_task_diff *diff, const struct lp_tasks_snapshot *before,
		   struct lp_tasks_snapshot *now, const struct lp_tasks_change **change);

/* Returns whether the group has grown for long enough to be reported as a leak. */
static inline bool task_group_leaks(const struct lp_task_group *group)
{
	return group->growing >= LP_GROWING_SNAPSHOTS;
}

#endif /* LP_TASKS_DIFF_H */
