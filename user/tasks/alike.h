/* SPDX-License-Identifier: BSD-2-Clause */
/* Folds tasks that are alike: of thousands, only the first few are shown. */
#ifndef LP_TASKS_ALIKE_H
#define LP_TASKS_ALIKE_H

#include "snapshot.h"

#define LP_ALIKE_ABOVE 8 /* A group of up to this many tasks is shown in full. */
#define LP_ALIKE_SHOWN 3

/*
 * Returns the keys of all tasks of a snapshot, in the order of its list, or NULL if out of
 * memory; the caller frees them.  Tasks are alike, and have equal keys, if
 * - coroutine, state and line are the same;
 * - they wait in the same way: the description of the wait is equal except for its numbers, such
 *   as times and addresses;
 * - they wait for the same object.  Objects of which each has one waiting task count as the same
 *   one, since a thousand connections with a queue each are alike;
 * - they hold the same objects that other tasks wait for, mostly none.  So the holder of a lock
 *   is never folded with the tasks that wait for it;
 * - the tasks that they await are alike in all of this, each set of tasks as a whole, as subtree.h
 *   explains.
 */
uint64_t *alike_keys(const struct lp_tasks_snapshot *snapshot);

/*
 * The tasks that are shown, in their order: each entry is a task, and the number of tasks
 * like it that are left out behind it.  keys: indexed by the number of a task.  entries: room
 * for count.  Returns the number of entries, or -ENOMEM.
 */
struct lp_alike_entry {
	uint32_t task;
	uint32_t more;
};
int64_t alike_fold(const uint64_t *keys, const uint32_t *tasks, size_t count,
		   struct lp_alike_entry *entries);

#endif /* LP_TASKS_ALIKE_H */
