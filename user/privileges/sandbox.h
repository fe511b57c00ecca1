/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives up rights that a command does not need once it has begun: capabilities, system calls that
 * change other processes or the system, and for commands that only read captures the right to
 * write anywhere except their output. Data from a target or a capture are parsed after that. A
 * parser that is taken over can then read what loopprof can read, but cannot run a program, write
 * into a process, or open a connection.
 */
#ifndef LP_PRIVILEGES_SANDBOX_H
#define LP_PRIVILEGES_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum lp_sandbox_kind {
	LP_SANDBOX_LIVE, /* a run: BPF programs, probes, memory of targets */
	LP_SANDBOX_READER, /* a process that reads memory and files of targets for others */
	LP_SANDBOX_ATTACHER, /* a process that attaches probes for a run */
	LP_SANDBOX_TASKS, /* `loopprof tasks`: memory of targets, and stopping them */
	/* a process that reads captures, or the output of a child, and no process */
	LP_SANDBOX_CAPTURES,
};

/* Limit of the paths that are written: -o and each --export. */
#define LP_SANDBOX_PATHS 9

struct lp_sandbox {
	enum lp_sandbox_kind kind;
	bool writes; /* files are written: their owner and mode may have to be set */
	bool kernel_symbols; /* /proc/kallsyms is to be read */
	bool signals; /* LP_SANDBOX_LIVE: signals are forwarded to a program of another user */
	/*
	 * LP_SANDBOX_LIVE: a program is traced that could not be stopped yet. Its trace may be
	 * ended, and none begun.
	 */
	bool ends_trace;
	/* LP_SANDBOX_CAPTURES: files and directories that are written; the rest is read-only */
	size_t path_count;
	const char *paths[LP_SANDBOX_PATHS];
};

/*
 * Applies to this process and those that it forks, for good.  A feature that the kernel lacks
 * is left out.  To be called while the process has one thread, or for capabilities and system
 * calls only the calling thread would be bound.  Returns 0 or a negative errno.
 */
int sandbox_enter(const struct lp_sandbox *sandbox);

#endif /* LP_PRIVILEGES_SANDBOX_H */
