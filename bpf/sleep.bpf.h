/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Sample mode: loop boundaries without a hook on any system call, called by the programs on the
 * scheduler and on the clock. In sleep.bpf.c.
 */
#ifndef LP_BPF_SLEEP_BPF_H
#define LP_BPF_SLEEP_BPF_H

#include "loop/common.bpf.h"

/* The current thread, which runs a loop, is going to sleep. */
int lp_sleep_begin(__u32 slot);
/* The thread of a loop that polls gets a CPU. It is not the current thread yet. */
int lp_sleep_end(__u32 slot);
/* The current thread, which is not known to run a loop, is going to sleep. */
int lp_stranger_sleeps(void);
/* The current thread, whose loop has no segment, is on the CPU. */
int lp_idle_loop_runs(__u32 slot, __u64 now);
/*
 * The stack of the current thread was just walked. If it is in the poll of its loop, notes what
 * only a poll shows.
 */
int lp_poll_seen(__u32 slot);
/*
 * The stack of the current thread was just walked as a whole. Returns whether it shows that another
 * iteration runs than the one that was known. on_cpu: the thread has not stopped by itself.
 */
int lp_iteration_renew(__u32 slot, __u64 now, __u32 on_cpu);

#endif /* LP_BPF_SLEEP_BPF_H */
