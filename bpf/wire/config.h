/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What user space sets before the BPF programs are loaded. Private to one build. */
#ifndef LP_BPF_WIRE_CONFIG_H
#define LP_BPF_WIRE_CONFIG_H

#include "resource.h"
#include "types.h"

struct lp_config {
	__u8 sampling; /* loops are found and followed without a probe */
	__u8 want_native; /* C frames beside those of Python */
	__u8 want_kernel;
	__u8 lifetimes; /* of tasks are measured */
	__u8 origins; /* of tasks and coroutines are kept */
	__u8 wrong_thread; /* callbacks put into another thread's loop are looked for */
	__u8 bursts; /* callbacks are timed now and then, and sampled in between */
	__u8 queue; /* queue delays are measured */
	__u8 shared; /* there may be several processes: each has a share of what follows */
	__u32 loop_capacity;
	__u32 callback_capacity;
	__u32 cause_capacity;
	__u8 arguments[LP_SYSCALLS]; /* enum lp_argument, by the number of the system call */
};

#endif /* LP_BPF_WIRE_CONFIG_H */
