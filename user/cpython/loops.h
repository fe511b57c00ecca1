/* SPDX-License-Identifier: BSD-2-Clause */
/* Which threads of a CPython process run an asyncio loop, and by which code. */
#ifndef LP_CPYTHON_LOOPS_H
#define LP_CPYTHON_LOOPS_H

#include "object.h"

/* See struct lp_runtime for what each of these does. */
int cpython_loop_code(const struct lp_cpython *python, uint64_t *dispatch, uint64_t *run_once);
int cpython_find_loops(const struct lp_cpython *python, pid_t *tids, uint64_t *states, size_t room);

/* asyncio._get_running_loop() of another thread: 0 or the address of None if there is none. */
uint64_t cpython_running_loop(const struct lp_cpython *python, uint64_t thread_state);

#endif /* LP_CPYTHON_LOOPS_H */
