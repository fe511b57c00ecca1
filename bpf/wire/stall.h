/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* State of a stall in BPF, which user space reads through mmap. Private to one build. */
#ifndef LP_BPF_WIRE_STALL_H
#define LP_BPF_WIRE_STALL_H

#include "events.h"
#include "limits.h"
#include "types.h"

/*
 * Waits for a CPU and for the GIL may be short and follow each other by the thousands, by no fault
 * of the process: in one segment the stacks of one in each LP_WAIT_SAMPLE_NS are sent.
 */
#define LP_WAIT_SAMPLE_NS 5000000ULL

/*
 * The number of samples, besides the one that is sent, for which a wait stands: a stack that is
 * sent at its end has it in the head of its record.
 */
static inline __attribute__((always_inline)) __u16 lp_wait_periods(__u64 lasted_ns)
{
	__u64 periods = lasted_ns / LP_WAIT_SAMPLE_NS;

	return periods < 0xffff ? periods : 0xffff;
}

/* The value of most in lp_walk() that does not limit the walk. */
#define LP_WHOLE_STACK 0xffffffffU
/*
 * A thread may lose its CPU many thousands of times a second, and mostly for a moment: whole stacks
 * are walked as long as there is one frame for each LP_WALK_FRAME_NS on average, and those of
 * LP_WALK_BURST_NS may be used at once. Of other stacks the innermost frame is read.
 */
#define LP_WALK_FRAME_NS 62500ULL
#define LP_WALK_BURST_NS (512 * LP_WALK_FRAME_NS)

/* A thread that had the CPU while a loop's thread waited for it. */
struct lp_taker {
	__u64 task; /* struct task_struct; 0: none */
	__u64 ran_ns; /* how long it had the CPU meanwhile; 0: not known */
	__u64 comm[2];
	__u32 tid;
	__u32 pid;
};

/* Entries for takers of a wait; of a wait that was not followed, only the first and the last. */
#define LP_TAKERS 4
#define LP_TAKER_FIRST 0
#define LP_TAKER_LAST 1

/* Waits that are followed on one CPU at a time. */
#define LP_CPU_WAITERS 4

/*
 * A loop's thread that waits for the CPU on which it was preempted.  The entry is valid as long as
 * the loop in this slot is in the wait that began at since_ns, and its thread has not been moved to
 * another CPU.
 */
struct lp_cpu_waiter {
	__u64 since_ns; /* 0: the entry is free */
	__u64 task; /* struct task_struct of the thread */
	__u32 slot;
	__u32 reserved;
};

/* The loop threads that wait for one CPU, each context switch of which is followed meanwhile. */
struct lp_cpu_waiters {
	__u64 switched_ns; /* the last context switch */
	__u64 comm[2]; /* the thread that is switched out; pid 0: the idle thread */
	__u32 pid;
	__u32 count; /* entries in use */
	struct lp_cpu_waiter waiters[LP_CPU_WAITERS];
};

/* The wait that a loop's thread is in, or was in last. */
struct lp_wait {
	__u64 since_ns; /* 0: it runs */
	__u64 off_ns; /* duration; 0 once it has been added to the breakdown */
	__u64 end_ns; /* end of the wait */
	__u64 segment_ns;
	__u64 iteration_ns;
	__u64 run_delay_ns; /* task_struct.sched_info.run_delay when it began */
	__u64 run_time_ns; /* task_struct.se.sum_exec_runtime when it began */
	__u64 lasted_ns; /* its duration, which remains after off_ns is 0 */
	__u64 ready_ns; /* the part of lasted_ns for which the thread was ready to run */
	__u64 stack;
	__u64 object;
	__u64 file; /* struct file, if the call waits on a descriptor */
	__u64 arguments[6]; /* of the system call */
	__u32 reason; /* enum lp_sample_reason */
	__s32 syscall;
	__u32 block; /* index of its block in the breakdown; LP_BLOCKS: there was no space */
	__u32 descriptor;
	__u32 delayed; /* the thread stayed in the run queue though it does not run */
	__u32 unsent; /* the stack at which it began is in walked, and was not sent */
	__u64 migrations;
	struct lp_taker takers[LP_TAKERS]; /* threads that had its CPU */
	__u64 first_before_ns; /* run time of the first taker's thread when the wait began */
	__u64 first_migrations; /* number of moves of that thread to other CPUs until then */
	__u64 last_start_ns; /* se.exec_start of the last taker */
	__u64 first_ago_ns; /* time from the last run of the first taker to the end of the wait */
	/* each context switch of its CPU was recorded, until the thread was moved to another one:
	 * takers has those with the most time */
	__u32 followed;
	__u32 throttled; /* a quota of its cgroup was used up when it began */
	__u64 queue; /* that of its cgroup on its CPU when it began, and its throttled time */
	__u64 throttled_ns;
	__u32 memory; /* enum lp_memory_reason: whether it waits because memory is short */
	__u32 reserved2;
};

/* The reclaim of memory that a loop's thread is in. */
struct lp_reclaim {
	__u64 since_ns; /* 0: it is in none */
	__u32 of_host; /* the host has no free memory; 0: a cgroup is at its limit */
	__u32 in_fault; /* in a page fault; 0: in a system call */
};

/* State of a loop that only stalls need. */
struct lp_wait_state {
	struct lp_wait wait;
	/* Counters of the iteration that began at iteration_ns. */
	__u64 iteration_ns;
	__u64 iteration_blocked_ns;
	__u64 iteration_gil_ns;
	__u64 iteration_run_queue_ns;
	__u64 reported_ns; /* the segment whose breakdown was sent last */
	__u64 sampled_ns; /* when a wait for a CPU or for the GIL was sampled last */
	__u64 walks_ns; /* whole stacks may be walked after it; each frame adds to it */
	/* Counters of all iterations. */
	__u64 run_queue_ns;
	__u64 run_queue_waits;
	/* Walk: the frame that it is at, and the code objects at which it ends. */
	__u64 frame;
	__u64 dispatch_code;
	__u64 run_once_code;
	__u64 handle; /* the Handle whose _run the last walk reached; 0: none */
	/* sample mode: what loop->last_handle runs, and what the handle runs that is observed now;
	 * 0: not known */
	__u64 last_object;
	__u64 object;
	__u64 base_frame; /* frame at which the walk ends as well */
	__u64 outer_code; /* code of the outermost frame inside of base_frame */
	__u64 once_frame; /* the loop's own frame, if the last walk has reached it; else 0 */
	__u64 frameless; /* 1: the thread had no frame at the last walk, and this is certain */
	/*
	 * Sample mode: the object of the name of the task that a sample has found running in the
	 * segment that began at named_ns. When the end of its step is noticed, the task may be
	 * freed.
	 */
	__u64 named_ns;
	__u8 task_name[LP_NAME_BYTES];
	__u64 poll_run_ns; /* sample mode: the thread's run time when its last poll began */
	/* Path that is being resolved: the name that it is at. */
	__u64 dentry;
	__u64 mount;
	/* What lp_neighbour_find() has returned: a value that the verifier does not know. */
	__u64 neighbour;
	__u8 scratch[LP_SCRATCH_BYTES];
	struct lp_event_segment_times account; /* record that is sent */
	struct lp_event_raw_stack walked; /* record that is sent */
	struct lp_event_cpu_waits cpu; /* record that is sent; of the segment that it names */
	__u64 cpu_iteration_ns; /* start of the iteration of that segment */
	/* Record that is sent: earlier segments of an iteration, without slow callbacks. */
	struct lp_event_cpu_waits iteration_cpu;
	struct lp_cpu_waits cpu_waits; /* of all segments */
	struct lp_reclaim reclaim;
	struct lp_event_memory_waits memory; /* record that is sent; of the segment that it names */
	struct lp_memory_waits memory_waits; /* of all segments */
};

_Static_assert(sizeof(struct lp_wait_state) % 8 == 0,
	       "an mmapped array's element is 8 byte aligned");

#endif /* LP_BPF_WIRE_STALL_H */
