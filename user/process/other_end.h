/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread of another process is blocked on, and the processes at the other end of it: of a
 * pipe, of a UNIX socket, of a lock of a file, or a child that is waited for. All of it is read
 * from /proc at one instant, and costs the processes nothing.
 */
#ifndef LP_PROCESS_OTHER_END_H
#define LP_PROCESS_OTHER_END_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LP_END_PROCESSES 4 /* the most processes at an end that are described */
#define LP_END_NAME_BYTES 192
#define LP_END_COMM_BYTES 64

enum lp_end_kind {
	LP_END_NONE, /* nothing is known of another end */
	LP_END_PIPE,
	LP_END_SOCKET, /* of UNIX */
	LP_END_LOCK, /* of a file: flock(), fcntl() */
	LP_END_SQLITE, /* a sleep between two attempts to get a lock of SQLite */
	LP_END_CHILD,
	LP_END_KINDS,
};

/* A descriptor of a process. */
struct lp_end_file {
	int descriptor; /* -1: the call has none */
	char name[LP_END_NAME_BYTES]; /* as /proc/PID/fd shows it, sanitised; "" if unknown */
};

/* A process at the other end. */
struct lp_end_process {
	pid_t pid;
	char comm[LP_END_COMM_BYTES]; /* sanitised */
	char state; /* as /proc/PID/stat has it; 0: it has ended meanwhile */
	int syscall; /* that of its first thread; -1: none, or it is unknown */
	struct lp_end_file file; /* the descriptor of that call */
	bool waits_for_us; /* the other end of that descriptor is open in the first process */
};

struct lp_other_end {
	enum lp_end_kind kind;
	int syscall; /* the call that blocks; -1: none */
	struct lp_end_file file;
	size_t count; /* number of other processes at the end */
	struct lp_end_process processes[LP_END_PROCESSES];
	bool itself; /* the process itself is at the other end as well */
	bool cut; /* there may be others, as not all processes could be searched */
};

/*
 * Finds out what a thread is blocked on. Returns false if it runs or cannot be read. The search
 * takes 0.2 s at most.
 */
bool other_end_read(pid_t pid, pid_t tid, struct lp_other_end *end);

/*
 * Opens the socket by which the kernel is asked for peers of UNIX sockets, which cannot be opened
 * later by a process with few rights. Without it they are unknown.
 */
void other_end_prepare(void);

#endif /* LP_PROCESS_OTHER_END_H */
