/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stall is called, and where it stands: by the program's own coroutines, functions and
 * lines, where a package or the loop is what the loop ran.
 */
#ifndef LP_MODEL_STALL_NAME_H
#define LP_MODEL_STALL_NAME_H

#include "report.h"

/*
 * Sets handler, own and package_call of a stall from the stack of the greatest part of its time.
 */
void stall_name_set(struct lp_slow_callback *slow);

#endif /* LP_MODEL_STALL_NAME_H */
