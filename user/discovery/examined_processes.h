/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that were examined and have no interpreter, which later scans of all processes leave
 * out. Unlike an entry of the cache of program files, an entry is valid for one process only.
 */
#ifndef LP_DISCOVERY_EXAMINED_PROCESSES_H
#define LP_DISCOVERY_EXAMINED_PROCESSES_H

#include "program_cache.h"

/* The number of entries. Of the processes that share an entry, the last one replaces the others. */
#define LP_EXAMINED_PROCESSES 65536

struct lp_examined_process {
	pid_t pid;
	uint64_t start_ticks; /* as process_start_ticks() returns them */
	struct lp_program_key key; /* of the program that it ran */
	uint64_t until_ns; /* CLOCK_MONOTONIC instant at which the entry becomes invalid */
};

/* A zeroed one is empty. */
struct lp_examined_processes {
	struct lp_examined_process items[LP_EXAMINED_PROCESSES];
};

/* Enters a process, which counts as examined until its until_ns. */
void examined_processes_put(struct lp_examined_processes *examined,
			    const struct lp_examined_process *process);

/* Returns whether a process was examined since it runs this program. */
bool examined_processes_have(const struct lp_examined_processes *examined, pid_t pid,
			     const struct lp_program_key *key, uint64_t now_ns);

#endif /* LP_DISCOVERY_EXAMINED_PROCESSES_H */
