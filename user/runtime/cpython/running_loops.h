/* SPDX-License-Identifier: BSD-2-Clause */
/* The loops that threads of a CPython process run, and the code by which they run. */
#ifndef LP_RUNTIME_CPYTHON_RUNNING_LOOPS_H
#define LP_RUNTIME_CPYTHON_RUNNING_LOOPS_H

#include "runtime/runtime.h"
#include "runtime/cpython/objects/object.h"

/* See struct lp_runtime for what each of these does. */
int cpython_loop_code(const struct lp_cpython *python, uint64_t *dispatch, uint64_t *run_once);
int cpython_find_loops(const struct lp_cpython *python, struct lp_running_loop *loops,
		       size_t capacity);
/* The same.  *all: no thread was left out, as there were too many or the time was over. */
int cpython_find_all_loops(const struct lp_cpython *python, struct lp_running_loop *loops,
			   size_t capacity, bool *all);

/*
 * uvloop: returns how many frames, from the innermost one on, are those of a callback; -1: that is
 * not known.
 */
int cpython_callback_frames(const struct lp_cpython *python, const struct lp_raw_frame *frames,
			    int depth);

/* Returns the kind of a loop object, by its class. */
enum lp_loop_kind cpython_loop_kind(const struct lp_cpython *python, uint64_t loop);

/*
 * Returns what asyncio._get_running_loop() returns in a thread: the address of a loop, or 0 or
 * the address of None.  *copied: there is a loop, which the process that forked this one had set.
 */
uint64_t cpython_running_loop(const struct lp_cpython *python, uint64_t thread_state, bool *copied);

/* Returns whether a loop is inside run_forever by its own state, which a fork copies. */
bool cpython_loop_is_running(const struct lp_cpython *python, uint64_t loop);

/* Returns whether a loop's class replaces asyncio's create_task(). */
bool cpython_makes_own_tasks(const struct lp_cpython *python, uint64_t loop);

/*
 * Returns whether a loop may have another clock than CLOCK_MONOTONIC, as its class replaces
 * asyncio's time().
 */
bool cpython_has_own_clock(const struct lp_cpython *python, uint64_t loop);

#endif /* LP_RUNTIME_CPYTHON_RUNNING_LOOPS_H */
