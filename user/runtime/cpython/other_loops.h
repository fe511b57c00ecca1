/* SPDX-License-Identifier: BSD-2-Clause */
/* Libraries with loops of their own, which are not asyncio's. */
#ifndef LP_RUNTIME_CPYTHON_OTHER_LOOPS_H
#define LP_RUNTIME_CPYTHON_OTHER_LOOPS_H

#include "objects/object.h"

/* See other_loops in struct lp_runtime. */
const char *cpython_other_loops(const struct lp_cpython *python);

#endif /* LP_RUNTIME_CPYTHON_OTHER_LOOPS_H */
