/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations that try each adapter in this process. */
#ifndef LP_RUNTIME_REGISTRY_H
#define LP_RUNTIME_REGISTRY_H

#include "runtime.h"

/* The table of adapters, in runtimes.c; NULL ends it. */
extern const struct lp_runtime *const runtimes[];

/* Hands the names of the code of all runtimes down to model/: called once, at start. */
void runtime_add_code_names(void);

/* As runtime_may_be_program and runtime_detect of detect.h. */
bool runtime_may_be_program_here(const char *path);
int runtime_detect_here(const struct lp_process_info *process, struct lp_instance *instance,
			struct lp_error *error);

/* Returns whether the path of a library shows that its process is about to run loops. */
bool runtime_is_loop_library(const char *path);

/* Returns whether this is a C function by which an interpreter runs code of its language. */
bool runtime_is_interpreter(const char *function);

/* The number of an adapter, and the adapter with a number; NULL: there is none. */
uint32_t runtime_number(const struct lp_runtime *runtime);
const struct lp_runtime *runtime_by_number(uint32_t number);

#endif /* LP_RUNTIME_REGISTRY_H */
