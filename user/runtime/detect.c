// SPDX-License-Identifier: BSD-2-Clause
#include "detect.h"

#include "registry.h"
#include "remote/remote.h"

bool runtime_may_be_program(const char *path)
{
	return remote_has_begun() ? remote_may_be_program(path) : runtime_may_be_program_here(path);
}

int runtime_detect(const struct lp_process_info *process, struct lp_instance *instance,
		   struct lp_error *error)
{
	return remote_has_begun() ? remote_detect(process, instance, error)
				  : runtime_detect_here(process, instance, error);
}
