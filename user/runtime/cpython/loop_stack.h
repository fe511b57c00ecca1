/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LP_RUNTIME_CPYTHON_LOOP_STACK_H
#define LP_RUNTIME_CPYTHON_LOOP_STACK_H

#include "runtime/runtime.h"

/* See loop_stack in struct lp_runtime. */
void cpython_loop_stack(const struct lp_instance *instance, const struct lp_running_loop *loop,
			const struct lp_wait *wait, bool asleep, struct lp_loop_stack *stack);

#endif /* LP_RUNTIME_CPYTHON_LOOP_STACK_H */
