/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Time that a loop's thread lost because memory was short. Captures carry it: append only.
 */
#ifndef LP_BPF_WIRE_MEMORY_WAITS_H
#define LP_BPF_WIRE_MEMORY_WAITS_H

#include "types.h"

/*
 * The thread frees memory itself (direct reclaim) in a page fault or a system call that needs some,
 * on the CPU and blocked. The last two are times for which it was blocked: they are known only if
 * the kernel accounts stalls (CONFIG_PSI, /proc/pressure/memory), and 0 otherwise.
 */
struct lp_memory_waits {
	__u64 cgroup_ns; /* direct reclaim because a cgroup was at its limit */
	__u64 host_ns; /* direct reclaim because the host had no free memory */
	__u64 fault_ns; /* parts of these two times that were in page faults */
	__u64 memory_high_ns; /* the kernel throttled it above its cgroup's memory.high */
	__u64 refault_ns; /* it waited for reclaimed pages to be read again */
};

/* What a thread that is switched out waits for because memory is short; not for reclaim. */
enum lp_memory_reason {
	LP_MEMORY_ENOUGH = 0,
	LP_MEMORY_HIGH = 1,
	LP_MEMORY_REFAULT = 2,
};

_Static_assert(sizeof(struct lp_memory_waits) == 40, "wire");

#endif /* LP_BPF_WIRE_MEMORY_WAITS_H */
