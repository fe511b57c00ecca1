/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes one snapshot of the tasks of a process. */
#ifndef LP_COMMANDS_TAKE_TASKS_H
#define LP_COMMANDS_TAKE_TASKS_H

#include "base/error.h"
#include "tasks/snapshot.h"
#include "tasks/supervise.h"

struct lp_tasks_source {
	const struct lp_process_info *process;
	const struct lp_instance *instance;
	struct lp_supervised *supervised;
	bool consistent; /* the process is stopped while its memory is copied */
};

/*
 * Returns 0 and a snapshot, which the caller frees, or a negative errno and a sentence. Without
 * consistent, the snapshot has deadlocks, locks without a known holder and loops that were not
 * woken only if two readings of the running process have them.
 */
int take_tasks(const struct lp_tasks_source *source, struct lp_tasks_snapshot **snapshot,
	       struct lp_error *error);

#endif /* LP_COMMANDS_TAKE_TASKS_H */
