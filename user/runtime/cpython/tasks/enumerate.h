/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the tasks of a CPython process are. */
#ifndef LP_RUNTIME_CPYTHON_TASKS_ENUMERATE_H
#define LP_RUNTIME_CPYTHON_TASKS_ENUMERATE_H

#include "runtime/cpython/objects/object.h"

#define CPYTHON_TASKS_MAX 1000000

/* Addresses of objects, not all of which have to be tasks (any more). */
struct lp_task_addresses {
	uint64_t *items; /* to be freed */
	size_t count, capacity;
	bool partial; /* there may be more */
};

/*
 * Takes the offsets of .AsyncioDebug (3.14) into a row.  Returns 0, -ENOENT if there is
 * none, or -EINVAL if they make no sense.
 */
int cpython_asyncio_offsets(const struct lp_cpython *python, struct lp_cpython_row *row);

/*
 * All that asyncio has listed as tasks, each once, in the order of their addresses.  With
 * ended ones, as far as they can be found.
 */
void cpython_enumerate_tasks(const struct lp_cpython *python, uint64_t task_type,
			     struct lp_task_addresses *addresses);

/* The task that a thread's loop steps, or 0. */
uint64_t cpython_current_task(const struct lp_cpython *python, uint64_t thread_state,
			      uint64_t loop);

#endif /* LP_RUNTIME_CPYTHON_TASKS_ENUMERATE_H */
