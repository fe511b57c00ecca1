/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapter for CPython, a row of runtime/runtimes.c. */
#ifndef LP_RUNTIME_CPYTHON_CPYTHON_H
#define LP_RUNTIME_CPYTHON_CPYTHON_H

#include "runtime/runtime.h"

extern const struct lp_runtime cpython_runtime;

#endif /* LP_RUNTIME_CPYTHON_CPYTHON_H */
