/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that have just begun a program, until they are worth a look: most have ended
 * by then, and those that fork only to exec run something else.
 */
#ifndef LP_DISCOVERY_NEW_PROCESSES_H
#define LP_DISCOVERY_NEW_PROCESSES_H

#include "program_cache.h"

#include <stddef.h>

#define LP_NEW_PROCESSES 4096

struct lp_new_process {
	pid_t pid;
	bool keyed; /* key is known */
	uint64_t due_ns;
	struct lp_program_key key;
};

/* First in, first out; zeroed it is empty. */
struct lp_new_processes {
	size_t first, count;
	struct lp_new_process items[LP_NEW_PROCESSES];
};

/* Returns false if there is no room: whoever is not taken has to be found otherwise. */
bool new_processes_put(struct lp_new_processes *new_processes,
		       const struct lp_new_process *new_process);

/* Takes the next that is due.  Returns false if none is. */
bool new_processes_take(struct lp_new_processes *new_processes, uint64_t now_ns,
			struct lp_new_process *new_process);

/* When the next is due; UINT64_MAX: there is none. */
uint64_t new_processes_due(const struct lp_new_processes *new_processes);

#endif /* LP_DISCOVERY_NEW_PROCESSES_H */
