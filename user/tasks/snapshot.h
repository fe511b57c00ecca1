/* SPDX-License-Identifier: BSD-2-Clause */
/* A snapshot of the tasks of a process: what was read, and what follows from it. */
#ifndef LP_TASKS_SNAPSHOT_H
#define LP_TASKS_SNAPSHOT_H

#include "process/process.h"
#include "frames.h"
#include "graph.h"

/* The position of a task in its code; frames are NULL if unknown. */
struct lp_task_place {
	uint32_t loop; /* number of its loop in the snapshot; loop_count: none */
	const struct lp_shown_frame *definition; /* definition of its coroutine */
	const struct lp_shown_frame *parked; /* innermost frame of its await chain */
	const struct lp_shown_frame *own; /* innermost frame of the program, see own_frames.h */
	const struct lp_shown_frame *package; /* frame that own has called in an installed package */
	/* the frame that own, or the innermost package, has called in Python's library */
	const struct lp_shown_frame *library;
	/* the task belongs to a loop that a fork has copied, and that runs in another process */
	bool copied;
	bool unwoken; /* it is ready to run, and its loop sleeps in its poll; see unwoken.h */
	uint64_t unmoved_ns; /* time (CLOCK_MONOTONIC) since when it has not moved; 0: unknown */
};

struct lp_tasks_snapshot {
	const struct lp_process_info *process;
	const struct lp_instance *instance;
	struct lp_task_list list;
	struct lp_task_graph graph;
	struct lp_task_frames *frames;
	struct lp_task_place *places; /* one for each task */
	size_t loop_count;
	struct lp_loop_info *loops; /* in the order of the list's loops */
	size_t copied_loops; /* number of copied loops, as in struct lp_task_loop */
	size_t unwoken_count; /* number of unwoken tasks */
	pid_t copied_from; /* the process in which the original loops run; 0: unknown */
	/* what the threads of loops are blocked in, one for each loop; NULL: not read */
	struct lp_blocked_loop *blocked_loops;
	uint64_t paused_ns; /* time that the process was stopped for reading, ns; 0: it was not */
};

/*
 * Makes a snapshot of a list, which it owns from then on, also on failure.  The caller sets
 * the numbers of the loops.  Returns 0 or -ENOMEM.
 */
int tasks_snapshot_new(const struct lp_process_info *process, const struct lp_instance *instance,
		       struct lp_task_list *list, struct lp_tasks_snapshot **snapshot);
void tasks_snapshot_free(struct lp_tasks_snapshot *snapshot);

/*
 * The frame of a task's await chain by its number, the outermost being 0; NULL if it cannot
 * be resolved.
 */
const struct lp_shown_frame *tasks_snapshot_frame(const struct lp_tasks_snapshot *snapshot,
						  const struct lp_task *task, size_t number);

/* Returns the number of the loop at an address; loop_count if there is none. */
size_t tasks_snapshot_loop(const struct lp_tasks_snapshot *snapshot, uint64_t address);
/* Returns the ID of the loop at an address, which may be 0; 0 if there is none. */
uint32_t tasks_snapshot_loop_id(const struct lp_tasks_snapshot *snapshot, uint64_t address);

/*
 * Logs that the tasks of a running loop cannot be read, if its class replaces the function that
 * creates tasks and no task of the loop was read.
 */
void tasks_snapshot_note_unread(const struct lp_tasks_snapshot *snapshot, size_t loop, pid_t pid);

#endif /* LP_TASKS_SNAPSHOT_H */
