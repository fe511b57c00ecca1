// SPDX-License-Identifier: BSD-2-Clause
#include "new_processes.h"

bool new_processes_put(struct lp_new_processes *new_processes,
		       const struct lp_new_process *new_process)
{
	if (new_processes->count == LP_NEW_PROCESSES)
		return false;
	new_processes->items[(new_processes->first + new_processes->count++) % LP_NEW_PROCESSES] =
		*new_process;
	return true;
}

bool new_processes_take(struct lp_new_processes *new_processes, uint64_t now_ns,
			struct lp_new_process *new_process)
{
	if (now_ns < new_processes_due(new_processes))
		return false;
	*new_process = new_processes->items[new_processes->first];
	new_processes->first = (new_processes->first + 1) % LP_NEW_PROCESSES;
	new_processes->count--;
	return true;
}

uint64_t new_processes_due(const struct lp_new_processes *new_processes)
{
	return new_processes->count ? new_processes->items[new_processes->first].due_ns
				    : UINT64_MAX;
}
