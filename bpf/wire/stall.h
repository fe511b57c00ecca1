/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What BPF keeps of a stall, read by user space through mmap: included by loopprof.h, behind
 * the events that it is sent as.
 */
#ifndef LP_BPF_WIRE_STALL_H
#define LP_BPF_WIRE_STALL_H

#include "events.h"
#include "limits.h"
#include "types.h"

/* The wait that a loop's thread is in, or was in last. */
struct lp_wait {
	__u64 since_ns; /* 0: it runs */
	__u64 off_ns; /* how long it took; 0 once it is booked */
	__u64 end_ns; /* when it was over */
	__u64 segment_ns;
	__u64 iteration_ns;
	__u64 run_delay_ns; /* task_struct.sched_info.run_delay when it began */
	__u64 run_time_ns; /* task_struct.se.sum_exec_runtime when it began */
	__u64 stack;
	__u64 object;
	__u64 file; /* struct file, where a descriptor is waited on */
	__u64 arguments[6]; /* of the system call */
	__u32 reason; /* enum lp_sample_reason */
	__s32 syscall;
	__u32 block; /* in the account; LP_BLOCKS: there was no room */
	__u32 descriptor;
	__u32 delayed; /* it stayed in the run queue though it does not run */
	__u32 reserved;
	__u64 migrations;
};

/* Beside struct lp_loop, what only stalls need. */
struct lp_wait_state {
	struct lp_wait wait;
	/* of the iteration that began at iteration_ns */
	__u64 iteration_ns;
	__u64 iteration_blocked_ns;
	__u64 iteration_gil_ns;
	__u64 iteration_run_queue_ns;
	__u64 reported_ns; /* the segment whose account was sent last */
	/* of all iterations */
	__u64 run_queue_ns;
	__u64 run_queue_waits;
	/* a walk: where it is, and by which code objects it ends */
	__u64 frame;
	__u64 dispatch_code;
	__u64 run_once_code;
	__u64 handle; /* the Handle whose _run was found by the last walk; 0: none */
	__u64 base_frame; /* where it ends as well */
	__u64 outer_code; /* of the outermost frame within that */
	/* a path that is being looked up: where it is */
	__u64 dentry;
	__u64 mount;
	__u8 scratch[LP_SCRATCH_BYTES];
	struct lp_event_segment_times account; /* as it is sent */
	struct lp_event_raw_stack walked; /* the same */
};

_Static_assert(sizeof(struct lp_wait_state) % 8 == 0,
	       "an mmapped array's element is 8 byte aligned");

#endif /* LP_BPF_WIRE_STALL_H */
