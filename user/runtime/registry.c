// SPDX-License-Identifier: BSD-2-Clause
#include "registry.h"

#include <errno.h>
#include <string.h>

void runtime_add_code_names(void)
{
	size_t i;

	for (i = 0; runtimes[i]; i++)
		if (runtimes[i]->code_names)
			code_names_add(runtimes[i]->code_names);
}

uint32_t runtime_number(const struct lp_runtime *runtime)
{
	uint32_t number = 0;

	while (runtimes[number] && runtimes[number] != runtime)
		number++;
	return number;
}

const struct lp_runtime *runtime_by_number(uint32_t number)
{
	uint32_t i;

	for (i = 0; i < number && runtimes[i]; i++)
		;
	return runtimes[i];
}

bool runtime_may_be_program_here(const char *path)
{
	size_t i;

	for (i = 0; runtimes[i]; i++)
		if (runtimes[i]->may_be_program(path))
			return true;
	return false;
}

bool runtime_is_interpreter(const char *function)
{
	size_t i;

	for (i = 0; runtimes[i]; i++)
		if (runtimes[i]->is_interpreter && runtimes[i]->is_interpreter(function))
			return true;
	return false;
}

bool runtime_is_loop_library(const char *path)
{
	size_t i;

	for (i = 0; runtimes[i]; i++)
		if (runtimes[i]->loop_library && strstr(path, runtimes[i]->loop_library))
			return true;
	return false;
}

int runtime_detect_here(const struct lp_process_info *process, struct lp_instance *instance,
			struct lp_error *error)
{
	int err = -ENOENT;
	size_t i;

	for (i = 0; runtimes[i]; i++) {
		memset(instance, 0, sizeof(*instance));
		instance->pid = process->pid;
		instance->runtime = runtimes[i];
		err = runtimes[i]->detect(process, instance, error);
		if (err != -ENOENT)
			return err;
	}
	return err;
}
