/* SPDX-License-Identifier: BSD-2-Clause */
/* The object that a suspended task waits for, and the tasks that it waits for. */
#ifndef LP_RUNTIME_CPYTHON_WAITS_WAITS_H
#define LP_RUNTIME_CPYTHON_WAITS_WAITS_H

#include "runtime/cpython/objects/await_chain.h"

/* The state of one read of all tasks of a process. */
struct lp_waits;

/* Texts and edges are allocated in the arena.  NULL if out of memory. */
struct lp_waits *cpython_waits_new(const struct lp_cpython *python, struct lp_task_arena *arena);
void cpython_waits_free(struct lp_waits *waits);

/*
 * Records the locks, conditions and semaphores that the frames of a task's chain hold by
 * `async with`.  To be called for every task, before the first cpython_waits_fill.
 */
void cpython_waits_note(struct lp_waits *waits, uint64_t task, const struct lp_await_chain *chain);

/*
 * Fills awaited, awaited_class, awaited_id, awaited_detail, edges, any_end, goes_on and since_ns
 * of a suspended task.  now_ns and since_ns: CLOCK_MONOTONIC of the target's time namespace.
 */
void cpython_waits_fill(struct lp_waits *waits, const struct lp_await_chain *chain, uint64_t now_ns,
			struct lp_task *task);

/*
 * Find locks that no task is known to hold, as after the end of the task that held them.  Before
 * the waits are filled in, the first two note whether a live task may hold a lock in another way
 * than by `async with`: by its chain, or because it has no chain.  After that, the third checks
 * whether a task that does not wait for such a lock has it; the fourth marks the tasks that wait
 * for a lock without a known holder.
 */
void cpython_orphans_note(struct lp_waits *waits, const struct lp_await_chain *chain);
void cpython_orphans_note_unread(struct lp_waits *waits);
void cpython_orphans_check(struct lp_waits *waits, const struct lp_task *task,
			   const struct lp_await_chain *chain);
void cpython_orphans_tell(struct lp_waits *waits, struct lp_task_list *list);

#endif /* LP_RUNTIME_CPYTHON_WAITS_WAITS_H */
