// SPDX-License-Identifier: BSD-2-Clause
/* The table of adapters.  Their order is that in which a process is examined. */
#include "registry.h"

#include "runtime/cpython/cpython.h"

const struct lp_runtime *const runtimes[] = {
	&cpython_runtime,
	NULL,
};
