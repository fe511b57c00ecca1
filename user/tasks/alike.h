/* SPDX-License-Identifier: BSD-2-Clause */
/* Of thousands of like tasks only the first few are shown. */
#ifndef LP_TASKS_ALIKE_H
#define LP_TASKS_ALIKE_H

#include "snapshot.h"

#define LP_ALIKE_ABOVE 8 /* so many alike are all shown */
#define LP_ALIKE_SHOWN 3

/* Like tasks have the same key: coroutine, state, line and what they wait for, not on whom. */
uint64_t alike_key(const struct lp_tasks_snapshot *snapshot, uint32_t task);

/*
 * What is left of tasks, in their order: each entry is a task and how many more like it
 * are not shown behind it.  keys: by the number of a task.  entries: room for count.  Returns how
 * many entries there are, or -ENOMEM.
 */
struct lp_alike_entry {
	uint32_t task;
	uint32_t more;
};
int64_t alike_fold(const uint64_t *keys, const uint32_t *tasks, size_t count,
		   struct lp_alike_entry *entries);

#endif /* LP_TASKS_ALIKE_H */
