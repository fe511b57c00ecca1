/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What precedes the end of a process. Captures carry it: append only. */
#ifndef LP_BPF_WIRE_ENDING_H
#define LP_BPF_WIRE_ENDING_H

#include "limits.h"
#include "types.h"

enum lp_signal_origin {
	LP_SIGNAL_BY_PROCESS = 0,
	LP_SIGNAL_BY_KERNEL = 1,
	/* the first process of its PID namespace has ended, and the kernel ends all the others */
	LP_SIGNAL_BY_NAMESPACE = 2,
	LP_SIGNAL_ORIGINS,
};

/* A signal that was sent to a process. */
struct lp_signal {
	__u64 time_ns;
	__u32 number; /* 0: none was sent */
	__u32 origin; /* enum lp_signal_origin */
	__u32 pid; /* the process that sent it, or in which the kernel did */
	__s32 code; /* si_code; 0 if there is none */
	char comm[LP_COMM_BYTES]; /* that process's name; may lack a terminator */
};

/* The last signals of each sort, as a process may go on after some. */
enum lp_signal_sort {
	LP_SIGNAL_KILL = 0, /* SIGKILL */
	LP_SIGNAL_REQUEST = 1, /* asks the process to end: SIGTERM, SIGINT, SIGQUIT, SIGABRT */
	LP_SIGNAL_OTHER = 2,
	LP_SIGNAL_SORTS,
};

/* What a loop did when its thread ended; the greater one is reported of several loops. */
enum lp_loop_activity {
	LP_ACTIVITY_NONE = 0, /* it did not run */
	LP_ACTIVITY_IDLE = 1, /* it was in its poll */
	LP_ACTIVITY_BUSY = 2,
	LP_ACTIVITIES,
};

struct lp_ending {
	struct lp_signal signals[LP_SIGNAL_SORTS];
	__u64 since_ns; /* when the activity began */
	__u32 activity; /* enum lp_loop_activity */
	__u32 tid; /* thread of that loop; 0: none */
};

#endif /* LP_BPF_WIRE_ENDING_H */
