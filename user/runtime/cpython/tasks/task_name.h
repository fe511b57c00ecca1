/* SPDX-License-Identifier: BSD-2-Clause */
/* The name of a task that runs.  See struct lp_runtime for what each of these does. */
#ifndef LP_RUNTIME_CPYTHON_TASKS_TASK_NAME_H
#define LP_RUNTIME_CPYTHON_TASKS_TASK_NAME_H

#include "runtime/runtime.h"

void cpython_task_name(const struct lp_instance *instance, uint64_t task, char *name, size_t size);
void cpython_copy_task_name(const struct lp_instance *instance, uint64_t task,
			    struct lp_event_slow *event);

#endif /* LP_RUNTIME_CPYTHON_TASKS_TASK_NAME_H */
