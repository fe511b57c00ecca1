/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks and loop threads of a CPython process, read from user space. */
#ifndef LP_CPYTHON_STACK_H
#define LP_CPYTHON_STACK_H

#include "cpython_object.h"
#include "runtime.h"

/* See struct lp_runtime for what each of these does. */
int cpython_read_stack(const struct lp_cpython *python, uint64_t thread_state,
		       struct lp_raw_frame *frames, size_t room, bool *cut);
int cpython_describe(const struct lp_cpython *python, const struct lp_raw_frame *frame,
		     struct lp_frame *shown);
int cpython_find_loops(const struct lp_cpython *python, pid_t *tids, uint64_t *states, size_t room);

#endif /* LP_CPYTHON_STACK_H */
