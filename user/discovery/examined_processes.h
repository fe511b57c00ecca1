/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes that were examined themselves and have no interpreter, by which scans of all
 * processes leave them out. Unlike the cache of program files, an entry says nothing of any other
 * process.
 */
#ifndef LP_DISCOVERY_EXAMINED_PROCESSES_H
#define LP_DISCOVERY_EXAMINED_PROCESSES_H

#include "program_cache.h"

/* More processes than these share entries, of which the last one stays. */
#define LP_EXAMINED_PROCESSES 4096

struct lp_examined_process {
	pid_t pid;
	uint64_t start_ticks; /* as process_start_ticks() returns them */
	struct lp_program_key key; /* of the program that it ran */
	uint64_t until_ns;
};

/* A zeroed one is empty. */
struct lp_examined_processes {
	struct lp_examined_process items[LP_EXAMINED_PROCESSES];
};

/* Enters a process, which counts as examined until an instant. */
void examined_processes_put(struct lp_examined_processes *examined,
			    const struct lp_examined_process *process);

/* Returns whether a process was examined since it runs this program. */
bool examined_processes_have(const struct lp_examined_processes *examined, pid_t pid,
			     const struct lp_program_key *key, uint64_t now_ns);

#endif /* LP_DISCOVERY_EXAMINED_PROCESSES_H */
