/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tasks of a process wait for, in numbers: for the end of a run in which its loops were
 * idle.  A worker reads the tasks (runtime/remote/remote.h).
 */
#ifndef LP_TASKS_WAITING_H
#define LP_TASKS_WAITING_H

#include "runtime/task_list.h"

/* Loops of one process that are counted. */
#define LP_WAITING_LOOPS 16

/* The tasks of one loop. */
struct lp_waiting_loop {
	pid_t tid; /* the thread that runs the loop */
	uint32_t waiting; /* tasks that wait */
	uint32_t deadlocked; /* those of them that are in a deadlock */
	uint32_t most; /* tasks that wait for waited_for; 0: not known */
	char waited_for[LP_WAITED_FOR_BYTES]; /* what most of them wait for: "httpx's pool"; "" */
};

/*
 * Counts the tasks of a list by loop.  before: a list that was read earlier; only deadlocks that
 * are in both count; NULL: none do.  Returns the number of loops that are filled in.
 */
size_t waiting_count(const struct lp_task_list *list, const struct lp_task_list *before,
		     struct lp_waiting_loop *loops, size_t capacity);

/* Lets a worker read tasks from now on: to be called before remote_begin(). */
void waiting_begin_remote(void);

/*
 * Has a worker read and count the tasks of a process.  Returns the number of loops, 0 if the tasks
 * cannot be read, which is not reported.
 */
size_t waiting_read(const struct lp_instance *instance, struct lp_waiting_loop *loops,
		    size_t capacity);

#endif /* LP_TASKS_WAITING_H */
