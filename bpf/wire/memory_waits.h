/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Time that a loop's thread lost because memory was short. Captures carry it: append only.
 */
#ifndef LP_BPF_WIRE_MEMORY_WAITS_H
#define LP_BPF_WIRE_MEMORY_WAITS_H

#include "types.h"

/*
 * The thread frees memory itself, in a page fault or a system call that needs some: it reclaims.
 * This time is spent on the CPU and blocked; the others are times for which it was blocked. They
 * are known only if the kernel accounts stalls (CONFIG_PSI, /proc/pressure/memory).
 */
struct lp_memory_waits {
	__u64 cgroup_ns; /* it reclaimed since a cgroup was at its limit */
	__u64 host_ns; /* it reclaimed since the host had no free memory */
	__u64 fault_ns; /* parts of these two times that were in page faults */
	__u64 held_ns; /* the kernel held it since its cgroup was above memory.high */
	__u64 again_ns; /* it waited for pages to be read again that had been reclaimed */
};

/* Why memory was short, as far as the thread's wait shows it. */
enum lp_memory_reason {
	LP_MEMORY_ENOUGH = 0,
	LP_MEMORY_HELD = 1,
	LP_MEMORY_AGAIN = 2,
};

_Static_assert(sizeof(struct lp_memory_waits) == 40, "wire");

#endif /* LP_BPF_WIRE_MEMORY_WAITS_H */
