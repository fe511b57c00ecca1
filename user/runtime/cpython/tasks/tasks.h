/* SPDX-License-Identifier: BSD-2-Clause */
/* Every task of a CPython process. */
#ifndef LP_RUNTIME_CPYTHON_TASKS_TASKS_H
#define LP_RUNTIME_CPYTHON_TASKS_TASKS_H

#include "runtime/cpython/objects/object.h"
#include "runtime/task_list.h"

/* See read_tasks in struct lp_runtime. */
int cpython_read_tasks(const struct lp_cpython *python, struct lp_task_list *list,
		       struct lp_error *error);

#endif /* LP_RUNTIME_CPYTHON_TASKS_TASKS_H */
