/* SPDX-License-Identifier: BSD-2-Clause */
/* Folds tasks that are alike: of thousands, only the first few are shown. */
#ifndef LP_TASKS_ALIKE_H
#define LP_TASKS_ALIKE_H

#include "snapshot.h"

#define LP_ALIKE_ABOVE 8 /* A group of up to this many tasks is shown in full. */
#define LP_ALIKE_SHOWN 3

/*
 * The key of a task.  Tasks are alike if coroutine, state, line and kind of wait are the
 * same, whatever object or task they wait for.
 */
uint64_t alike_key(const struct lp_tasks_snapshot *snapshot, uint32_t task);

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
