/* SPDX-License-Identifier: BSD-2-Clause */
/* Recognises processes of any runtime, in a worker if remote_begin() was called (remote.h). */
#ifndef LP_RUNTIME_DETECT_H
#define LP_RUNTIME_DETECT_H

#include "runtime.h"

/* Tries every adapter.  Returns whether one may be that of a process that runs the file. */
bool runtime_may_be_program(const char *path);
/*
 * Tries every adapter.  Returns what detect returns.  A worker that does it serves the functions of
 * the instance as well.
 */
int runtime_detect(const struct lp_process_info *process, struct lp_instance *instance,
		   struct lp_error *error);

#endif /* LP_RUNTIME_DETECT_H */
