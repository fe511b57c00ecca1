/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapters, one row a runtime, and the questions that all of them answer together. */
#ifndef LP_RUNTIME_REGISTRY_H
#define LP_RUNTIME_REGISTRY_H

#include "runtime.h"

/* Tries every adapter; by a worker where remote_begin() was called (remote.h). */
bool runtime_may_be_program(const char *path);
/*
 * Tries every adapter.  Returns as detect does.  Where remote_begin() was called a worker
 * does it, and the instance's functions go to a worker as well (remote.h).
 */
int runtime_detect(const struct lp_process_info *process, struct lp_instance *instance,
		   struct lp_error *error);

/* Examines in this process, without a worker. */
bool runtime_may_be_program_here(const char *path);
int runtime_detect_here(const struct lp_process_info *process, struct lp_instance *instance,
			struct lp_error *error);

/* Adapters by number, and back.  NULL: there is none. */
uint32_t runtime_number(const struct lp_runtime *runtime);
const struct lp_runtime *runtime_by_number(uint32_t number);

#endif /* LP_RUNTIME_REGISTRY_H */
