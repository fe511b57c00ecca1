/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks whether a handler expects the RuntimeError that code raises. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_EXPECTED_H
#define LP_RUNTIME_CPYTHON_OBJECTS_EXPECTED_H

#include "runtime/runtime.h"
#include "object.h"

/*
 * For the stack of a thread that raises "no running event loop", innermost first: is the program
 * prepared for it?  at: the frame that catches it.
 */
bool cpython_is_expected(const struct lp_cpython *python, const struct lp_frame_reference *frames,
			 size_t depth, size_t *at);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_EXPECTED_H */
