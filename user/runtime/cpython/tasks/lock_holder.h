/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread or task that holds what a loop waits for.  See lock_holder in struct lp_runtime. */
#ifndef LP_RUNTIME_CPYTHON_TASKS_LOCK_HOLDER_H
#define LP_RUNTIME_CPYTHON_TASKS_LOCK_HOLDER_H

#include "runtime/runtime.h"

bool cpython_lock_holder(const struct lp_instance *instance, pid_t tid,
			 struct lp_event_raw_stack *holder);

#endif /* LP_RUNTIME_CPYTHON_TASKS_LOCK_HOLDER_H */
