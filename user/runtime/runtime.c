// SPDX-License-Identifier: BSD-2-Clause
#include "runtime.h"

#include "../cpython/cpython.h"

#include <errno.h>
#include <string.h>

static const struct lp_runtime *const runtimes[] = {
	&cpython_runtime,
};

bool runtime_may_be_program(const char *path)
{
	size_t i;

	for (i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (runtimes[i]->may_be_program && runtimes[i]->may_be_program(path))
			return true;
	return false;
}

int runtime_detect(const struct lp_process_info *process, struct lp_instance *instance,
		   struct lp_error *error)
{
	int err = -ENOENT;
	size_t i;

	for (i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		memset(instance, 0, sizeof(*instance));
		instance->pid = process->pid;
		instance->runtime = runtimes[i];
		err = runtimes[i]->detect(process, instance, error);
		if (err != -ENOENT)
			return err;
	}
	return err;
}
