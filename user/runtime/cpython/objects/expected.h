/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks whether a handler expects the RuntimeError that code raises. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_EXPECTED_H
#define LP_RUNTIME_CPYTHON_OBJECTS_EXPECTED_H

#include "runtime/runtime.h"
#include "object.h"

enum lp_expectation {
	LP_NOT_EXPECTED,
	LP_EXPECTED,
	LP_EXPECTATION_UNKNOWN, /* code cannot be read any more: the process has ended, or freed it */
};

/*
 * Returns whether a handler expects "no running event loop".  frames: the stack of the thread that
 * raises it, innermost first.  *at: the number of the frame that catches it.
 */
enum lp_expectation cpython_expectation(const struct lp_cpython *python,
					const struct lp_raw_frame *frames, size_t depth,
					size_t *at);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_EXPECTED_H */
