/* SPDX-License-Identifier: BSD-2-Clause */
/* What a parked task waits for. */
#ifndef LP_RUNTIME_CPYTHON_WAITS_WAITS_H
#define LP_RUNTIME_CPYTHON_WAITS_WAITS_H

#include "runtime/cpython/objects/await_chain.h"

/* What is collected over all tasks of a process while they are read. */
struct lp_waits;

/* NULL if out of memory. */
struct lp_waits *cpython_waits_new(const struct lp_cpython *python, struct lp_task_arena *arena);
void cpython_waits_free(struct lp_waits *waits);

/*
 * Notes which locks, conditions and semaphores the frames of a task's chain hold by
 * `async with`; of every task, before the first cpython_waits_fill.
 */
void cpython_waits_note(struct lp_waits *waits, uint64_t task, const struct lp_await_chain *chain);

/*
 * Fills awaited, awaited_class, awaited_id, awaited_detail, edges and since_ns of a task
 * that is parked.  now_ns: CLOCK_MONOTONIC.
 */
void cpython_waits_fill(struct lp_waits *waits, const struct lp_await_chain *chain, uint64_t now_ns,
			struct lp_task *task);

#endif /* LP_RUNTIME_CPYTHON_WAITS_WAITS_H */
