/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a stack is the program's own, as against the interpreter's library. */
#ifndef LP_MODEL_OWN_FRAMES_H
#define LP_MODEL_OWN_FRAMES_H

#include "report.h"

/* Is a file of the interpreter's library? */
bool own_frames_is_library(const char *file);

/*
 * From the innermost line of the program's own to the outermost one, or to the loop that
 * called it; all of a stack that has none.  Installed packages count as the program's own.  Points
 * into the stack: nothing to clear.
 */
struct lp_stack own_frames_of(const struct lp_stack *stack);

#endif /* LP_MODEL_OWN_FRAMES_H */
