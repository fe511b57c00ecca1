/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of a stack that belong to the program, as opposed to Python's standard library. */
#ifndef LP_MODEL_OWN_FRAMES_H
#define LP_MODEL_OWN_FRAMES_H

#include "report.h"

/* Returns whether a file belongs to the standard library. */
bool own_frames_is_library(const char *file);

/*
 * Returns the part of the stack from the program's innermost frame to its outermost one, or to the
 * loop that called it; the whole stack if no frame is the program's.  Installed packages count as
 * the program.  The result points into the stack and owns nothing.
 */
struct lp_stack own_frames_of(const struct lp_stack *stack);

#endif /* LP_MODEL_OWN_FRAMES_H */
