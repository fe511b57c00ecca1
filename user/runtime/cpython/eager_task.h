/* SPDX-License-Identifier: BSD-2-Clause */
/* An eager task that runs.  See struct lp_runtime. */
#ifndef LP_RUNTIME_CPYTHON_EAGER_TASK_H
#define LP_RUNTIME_CPYTHON_EAGER_TASK_H

#include "runtime/runtime.h"

void cpython_eager_task(const struct lp_instance *instance, uint64_t thread_state, uint64_t task,
			const struct lp_eager_address *known, struct lp_eager_task *found);

#endif /* LP_RUNTIME_CPYTHON_EAGER_TASK_H */
