/* SPDX-License-Identifier: BSD-2-Clause */
/* The pools that the tasks and threads of a process use, see runtime/pool.h. */
#ifndef LP_RUNTIME_CPYTHON_WAITS_POOLS_H
#define LP_RUNTIME_CPYTHON_WAITS_POOLS_H

#include "waits.h"

struct lp_pools;

/* The waits must have noted all tasks of the list, and outlive the pools.  NULL: out of memory. */
struct lp_pools *cpython_pools_new(struct lp_waits *waits, const struct lp_cpython *python,
				   struct lp_task_list *list);
void cpython_pools_free(struct lp_pools *pools);

/* Finds pools in the frames of a task of the list. */
void cpython_pools_note(struct lp_pools *pools, size_t task, const struct lp_await_chain *chain);

/* Reads the pools of all tasks that were noted, and of the threads, into the list. */
void cpython_pools_fill(struct lp_pools *pools);

#endif /* LP_RUNTIME_CPYTHON_WAITS_POOLS_H */
