/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapters of all runtimes, and operations that try each of them. */
#ifndef LP_RUNTIME_REGISTRY_H
#define LP_RUNTIME_REGISTRY_H

#include "runtime.h"

/* Tries every adapter, in a worker if remote_begin() was called (remote.h). */
bool runtime_may_be_program(const char *path);
/*
 * Tries every adapter.  Returns what detect returns.  If remote_begin() was called, a worker
 * does it, and serves the functions of the instance as well (remote.h).
 */
int runtime_detect(const struct lp_process_info *process, struct lp_instance *instance,
		   struct lp_error *error);

/* The same in this process, without a worker. */
bool runtime_may_be_program_here(const char *path);
int runtime_detect_here(const struct lp_process_info *process, struct lp_instance *instance,
			struct lp_error *error);

/* The number of an adapter, and the adapter with a number; NULL: there is none. */
uint32_t runtime_number(const struct lp_runtime *runtime);
const struct lp_runtime *runtime_by_number(uint32_t number);

#endif /* LP_RUNTIME_REGISTRY_H */
