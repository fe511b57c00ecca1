// SPDX-License-Identifier: BSD-2-Clause
#include "other_loops.h"

#include "base/macros.h"

#include <stddef.h>

/* A class of the module that runs the loop: programs that only import the library lack some. */
static const struct {
	const char *module, *class, *name;
} libraries[] = {
	{ "gevent.hub", "Hub", "gevent" },
	{ "trio._core._run", "Runner", "trio" },
	{ "eventlet.hubs.hub", "BaseHub", "eventlet" },
	{ "curio.kernel", "Kernel", "curio" },
	{ "twisted.internet.posixbase", "PosixReactorBase", "Twisted" },
};

const char *cpython_other_loops(const struct lp_cpython *python)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(libraries); i++)
		if (cpython_module_attribute(python, libraries[i].module, libraries[i].class))
			return libraries[i].name;
	return NULL;
}
