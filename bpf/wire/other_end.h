/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a thread is blocked on, and who is at its other end. Captures carry it: append only. */
#ifndef LP_BPF_WIRE_OTHER_END_H
#define LP_BPF_WIRE_OTHER_END_H

#include "types.h"

#define LP_OTHER_END_PROCESSES 4 /* the most processes at an end that are described */
#define LP_OTHER_END_NAME_BYTES 192
#define LP_OTHER_END_COMM_BYTES 64

enum lp_other_end_kind {
	LP_OTHER_END_NONE = 0, /* nothing is known of another end */
	LP_OTHER_END_PIPE = 1,
	LP_OTHER_END_SOCKET = 2, /* of UNIX */
	LP_OTHER_END_LOCK = 3, /* of a file: flock(), fcntl() */
	LP_OTHER_END_SQLITE = 4, /* a sleep between two attempts to get a lock of SQLite */
	LP_OTHER_END_CHILD = 5,
	LP_OTHER_END_KINDS,
};

/* A descriptor of a process. */
struct lp_other_end_file {
	__s32 descriptor; /* -1: the call has none */
	char name[LP_OTHER_END_NAME_BYTES]; /* as /proc/PID/fd shows it, sanitised; "" if unknown */
};

/* A process at the other end. */
struct lp_other_end_process {
	__s32 pid;
	__s32 syscall; /* that of its first thread; -1: none, or it is unknown */
	char comm[LP_OTHER_END_COMM_BYTES]; /* sanitised */
	char state; /* as /proc/PID/stat has it; 0: it has ended meanwhile */
	__u8 waits_for_us; /* the other end of that descriptor is open in the first process */
	__u8 reserved[2];
	struct lp_other_end_file file; /* the descriptor of that call */
};

struct lp_other_end {
	__u32 kind; /* enum lp_other_end_kind */
	__s32 syscall; /* the call that blocks; -1: none */
	__u32 count; /* number of other processes at the end */
	__u8 itself; /* the process itself is at the other end as well */
	__u8 cut; /* there may be others, as not all processes could be searched */
	__u8 reserved[2];
	struct lp_other_end_file file;
	struct lp_other_end_process processes[LP_OTHER_END_PROCESSES];
};

_Static_assert(sizeof(struct lp_other_end) == 212 + LP_OTHER_END_PROCESSES * 272, "wire");

#endif /* LP_BPF_WIRE_OTHER_END_H */
