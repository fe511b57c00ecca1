/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Settings that user space stores before the BPF programs are loaded. Private to one build. */
#ifndef LP_BPF_WIRE_CONFIG_H
#define LP_BPF_WIRE_CONFIG_H

#include "resource.h"
#include "types.h"

struct lp_config {
	__u8 sampling; /* loops are discovered and followed without a probe */
	__u8 want_native; /* C frames are read, too */
	__u8 want_kernel;
	__u8 lifetimes; /* lifetimes of tasks are measured */
	__u8 origins; /* the frames that created tasks and coroutines are recorded */
	__u8 wrong_thread; /* callbacks put into another thread's loop are reported */
	__u8 bursts; /* callbacks are timed now and then, and sampled in between */
	__u8 inner; /* tasks are counted by the innermost coroutine of the program */
	__u8 queue; /* queue delays are measured */
	__u8 shared; /* there may be several processes: each has a share of the capacities below */
	__u32 loop_capacity;
	__u32 callback_capacity;
	__u32 cause_capacity;
	__u8 arguments[LP_SYSCALLS]; /* enum lp_argument, by the number of the system call */
};

#endif /* LP_BPF_WIRE_CONFIG_H */
