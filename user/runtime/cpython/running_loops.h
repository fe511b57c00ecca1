/* SPDX-License-Identifier: BSD-2-Clause */
/* Which threads of a CPython process run an asyncio loop, and by which code. */
#ifndef LP_RUNTIME_CPYTHON_RUNNING_LOOPS_H
#define LP_RUNTIME_CPYTHON_RUNNING_LOOPS_H

#include "runtime/runtime.h"
#include "runtime/cpython/objects/object.h"

/* See struct lp_runtime for what each of these does. */
int cpython_loop_code(const struct lp_cpython *python, uint64_t *dispatch, uint64_t *run_once);
int cpython_find_loops(const struct lp_cpython *python, struct lp_running_loop *loops,
		       size_t capacity);
int cpython_callback_frames(const struct lp_cpython *python, const struct lp_raw_frame *frames,
			    int depth);

/* Whose class is that of a loop object? */
enum lp_loop_kind cpython_loop_kind(const struct lp_cpython *python, uint64_t loop);

/*
 * asyncio._get_running_loop() of another thread: 0 or the address of None if there is none.
 * copied: there is a loop, which another process had set before it forked this one.
 */
uint64_t cpython_running_loop(const struct lp_cpython *python, uint64_t thread_state, bool *copied);

/* Is the loop inside run_forever, by the object's own state, which a fork copies? */
bool cpython_loop_says_it_runs(const struct lp_cpython *python, uint64_t loop);

/* Was the process forked by a loop's callback, and does the thread that was run no loop? */
bool cpython_has_copied_loop(const struct lp_cpython *python);

#endif /* LP_RUNTIME_CPYTHON_RUNNING_LOOPS_H */
