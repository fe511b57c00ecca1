/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that launch a program share. Not to be included elsewhere. */
#ifndef LP_DISCOVERY_LAUNCH_INTERNAL_H
#define LP_DISCOVERY_LAUNCH_INTERNAL_H

#include "launch.h"

struct lp_launch {
	pid_t pid;
	const char *name; /* of the program, owned by the caller of launch_start */
	/*
	 * A socket by which the process reports that it cannot execute the program, and which an
	 * exec closes at its other end; -1 after that.
	 */
	int report;
	bool traced;
	bool leaving; /* the trace ends as soon as the program stops */
	bool follow; /* children are profiled as well */
	unsigned int calls; /* system calls since the last exec */
	bool ended;
	int status; /* as waitpid() returns it */
};

/* The events that end a wait of the search for an interpreter. */
struct lp_launch_search {
	int children; /* signalfd for SIGCHLD */
	int stop;
	uint64_t end_ns;
	struct lp_error *error;
};

/* Returns the event of ptrace that a stop reports, or 0. */
static inline int launch_event(int status)
{
	return status >> 16;
}

/*
 * Waits for a change of the program for some 100 ms at most. Returns 0, or a negative errno that
 * ends the search: -ETIME, -EINTR, or another one with a sentence.
 */
int launch_wait_for_change(const struct lp_launch_search *search);

/*
 * Waits until the process has executed the program, which may take long if a server of the file
 * does not answer. Returns 0, also if the process has ended; as launch_wait_for_change does; or a
 * negative errno with a sentence if the program cannot be executed.
 */
int launch_await_exec(struct lp_launch *launch, const struct lp_launch_search *search);

#endif /* LP_DISCOVERY_LAUNCH_INTERNAL_H */
