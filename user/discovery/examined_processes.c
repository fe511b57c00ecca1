// SPDX-License-Identifier: BSD-2-Clause
#include "examined_processes.h"

#include "process/process.h"

static size_t place_of(pid_t pid)
{
	return (size_t)pid % LP_EXAMINED_PROCESSES;
}

void examined_processes_put(struct lp_examined_processes *examined,
			    const struct lp_examined_process *process)
{
	examined->items[place_of(process->pid)] = *process;
}

bool examined_processes_have(const struct lp_examined_processes *examined, pid_t pid,
			     const struct lp_program_key *key, uint64_t now_ns)
{
	const struct lp_examined_process *found = &examined->items[place_of(pid)];

	return found->pid == pid && now_ns < found->until_ns &&
	       program_key_same(&found->key, key) && found->start_ticks == process_start_ticks(pid);
}
