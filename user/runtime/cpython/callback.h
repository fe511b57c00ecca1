/* SPDX-License-Identifier: BSD-2-Clause */
/* The callback that a thread's loop runs, read from the process's memory. */
#ifndef LP_RUNTIME_CPYTHON_CALLBACK_H
#define LP_RUNTIME_CPYTHON_CALLBACK_H

#include "runtime/runtime.h"
#include "runtime/cpython/objects/object.h"

/* See running_callback in struct lp_runtime. */
void cpython_running_callback(const struct lp_cpython *python, uint64_t thread_state, uint64_t code,
			      struct lp_running_callback *callback);

/* Fills in what identifies the steps of a task. */
void cpython_identify_task(const struct lp_cpython *python, uint64_t task,
			   struct lp_running_callback *callback);

#endif /* LP_RUNTIME_CPYTHON_CALLBACK_H */
