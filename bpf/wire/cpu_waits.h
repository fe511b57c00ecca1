/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Why a loop's thread that was ready to run had no CPU: the quota of its cgroup, or other threads.
 * Captures carry it: append only.
 */
#ifndef LP_BPF_WIRE_CPU_WAITS_H
#define LP_BPF_WIRE_CPU_WAITS_H

#include "types.h"

#define LP_NEIGHBOURS 4

/* Threads of one name that had the CPU while the loop's thread waited for one. */
struct lp_neighbour {
	__u64 total_ns; /* time for which they ran during the waits */
	__u64 comm[2]; /* their name, 16 bytes */
	__u32 pid; /* process of the last one; 0: the entry is unused */
	__u32 count; /* waits */
};

/*
 * Waits shorter than LP_READY_LEAST_NS are not counted. Of the wait of a preempted thread, the
 * threads that had the CPU meanwhile are known. Of a wait after a wakeup, and if more than
 * LP_CPU_WAITERS loop threads wait for one CPU, only the first and the last of them are known. None
 * is named if the thread's cgroup was throttled during the wait.
 */
struct lp_cpu_waits {
	__u64 throttled_ns; /* those that began when the quota of a cgroup was used up */
	__u64 dropped_ns; /* time of threads of more names than there are entries */
	__u32 throttled;
	__u32 reserved;
	struct lp_neighbour neighbours[LP_NEIGHBOURS];
};

_Static_assert(sizeof(struct lp_neighbour) == 32, "wire");
_Static_assert(sizeof(struct lp_cpu_waits) == 24 + LP_NEIGHBOURS * 32, "wire");

#endif /* LP_BPF_WIRE_CPU_WAITS_H */
