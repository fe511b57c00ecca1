/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of processes that have just begun a program, until they are worth an inspection. By then
 * most of them have ended, and those that forked only to call exec run another program.
 */
#ifndef LP_DISCOVERY_NEW_PROCESSES_H
#define LP_DISCOVERY_NEW_PROCESSES_H

#include "program_cache.h"

#include <stddef.h>

#define LP_NEW_PROCESSES 4096

struct lp_new_process {
	pid_t pid;
	bool keyed; /* key is filled in */
	uint64_t due_ns;
	struct lp_program_key key;
};

/* A queue, first in, first out. A zeroed one is empty. */
struct lp_new_processes {
	size_t first, count;
	struct lp_new_process items[LP_NEW_PROCESSES];
};

/*
 * Returns false if the queue is full; the process is then found by the next scan of all processes.
 */
bool new_processes_put(struct lp_new_processes *new_processes,
		       const struct lp_new_process *new_process);

/* Removes the first process if it is due. Returns false if none is. */
bool new_processes_take(struct lp_new_processes *new_processes, uint64_t now_ns,
			struct lp_new_process *new_process);

/* Returns the instant at which the first process is due, or UINT64_MAX if the queue is empty. */
uint64_t new_processes_due(const struct lp_new_processes *new_processes);

#endif /* LP_DISCOVERY_NEW_PROCESSES_H */
