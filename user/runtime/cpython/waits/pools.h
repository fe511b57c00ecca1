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

/*
 * Reads the threads, and what one of them waits for.  Returns its index in the list's pool_threads,
 * or SIZE_MAX if it is none of those.
 */
size_t cpython_pools_read_thread(struct lp_pools *pools, pid_t tid);
/* Adds a task of the list that was read after the threads. */
void cpython_pools_add_task(struct lp_pools *pools, size_t task,
			    const struct lp_await_chain *chain);
/* Reads again what a thread waits for, as a task that was added may hold it. */
void cpython_pools_reread_thread(struct lp_pools *pools, size_t thread);
/* Returns the address of the PyThreadState of a thread. */
uint64_t cpython_pools_thread_state(const struct lp_pools *pools, size_t thread);

#endif /* LP_RUNTIME_CPYTHON_WAITS_POOLS_H */
