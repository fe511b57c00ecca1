/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of all tasks of a CPython process. */
#ifndef LP_RUNTIME_CPYTHON_TASKS_ENUMERATE_H
#define LP_RUNTIME_CPYTHON_TASKS_ENUMERATE_H

#include "runtime/cpython/objects/object.h"

#define CPYTHON_TASKS_MAX 1000000

/* Addresses of objects, some of which may be no tasks, or tasks that were freed. */
struct lp_task_addresses {
	uint64_t *items; /* to be freed */
	size_t count, capacity;
	bool partial; /* some tasks may be missing */
	bool ended_partial; /* some tasks that have ended may be missing */
	uint64_t until_ns; /* instant at which the search ends; 0: never */
};

/*
 * Overrides a row with the offsets of the section .AsyncioDebug (3.14).  Returns 0, -ENOENT if
 * there is none, -EINVAL if an offset is out of its bounds, or another negative errno.
 */
int cpython_asyncio_offsets(const struct lp_cpython *python, struct lp_cpython_row *row);

/*
 * Lists all that asyncio has registered as tasks, each once, in the order of their addresses,
 * and ended tasks as far as they are found; with task_type 0 none of these.  It ends at the instant
 * until_ns, if that is not 0.  addresses->items is to be freed.
 */
void cpython_enumerate_tasks(const struct lp_cpython *python, uint64_t task_type, uint64_t until_ns,
			     struct lp_task_addresses *addresses);

/* Returns the address of the task that a thread's loop steps, or 0. */
uint64_t cpython_current_task(const struct lp_cpython *python, uint64_t thread_state,
			      uint64_t loop);

#endif /* LP_RUNTIME_CPYTHON_TASKS_ENUMERATE_H */
