/* SPDX-License-Identifier: BSD-2-Clause */
/* One look at the tasks of a process: what was read, and what follows from it. */
#ifndef LP_TASKS_SNAPSHOT_H
#define LP_TASKS_SNAPSHOT_H

#include "process/process.h"
#include "frames.h"
#include "graph.h"

/* Where a task is, as far as it is known; NULL else. */
struct lp_task_place {
	uint32_t loop; /* its loop's number in the view; == loop_count: none */
	const struct lp_shown_frame *definition; /* of its coroutine */
	const struct lp_shown_frame *parked; /* innermost frame */
	const struct lp_shown_frame *own; /* innermost one that is not of Python's library, ... */
	const struct lp_shown_frame *library; /* ... and what that has called in the library */
	bool copied; /* it belongs to a loop that a fork has copied, and that runs elsewhere */
	uint64_t unmoved_ns; /* it is where it was at that time (CLOCK_MONOTONIC); 0: not known */
};

struct lp_tasks_snapshot {
	const struct lp_process_info *process;
	const struct lp_instance *instance;
	struct lp_task_list list;
	struct lp_task_graph graph;
	struct lp_task_frames *frames;
	struct lp_task_place *places; /* of each task */
	size_t loop_count;
	struct lp_loop_info *loops; /* as in the list */
	size_t copied_loops; /* as in struct lp_task_loop */
	pid_t copied_from; /* the process that the originals run in; 0: not known */
	uint64_t paused_ns; /* for so long the process stood still; 0: it did not */
};

/*
 * Takes the list, also on failure.  The numbers of the loops are left to the caller.
 * Returns 0 or -ENOMEM.
 */
int tasks_snapshot_new(const struct lp_process_info *process, const struct lp_instance *instance,
		       struct lp_task_list *list, struct lp_tasks_snapshot **snapshot);
void tasks_snapshot_free(struct lp_tasks_snapshot *snapshot);

/* The frame of a task's chain with that number, outermost 0; NULL if it cannot be shown. */
const struct lp_shown_frame *tasks_snapshot_frame(const struct lp_tasks_snapshot *snapshot,
						  const struct lp_task *task, size_t number);

#endif /* LP_TASKS_SNAPSHOT_H */
