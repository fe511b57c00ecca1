/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Breakdown of a segment of a loop's time, and the reasons to read a stack of it. Captures carry
 * all of it except struct lp_cause_key and lp_cause_value: append only.
 */
#ifndef LP_BPF_WIRE_SEGMENT_H
#define LP_BPF_WIRE_SEGMENT_H

#include "resource.h"
#include "types.h"

/* Blocking calls of one kind, with one stack, on one object. */
struct lp_block {
	__u64 stack; /* of struct lp_event_raw_stack */
	__u64 object; /* distinguishes resources */
	__u64 total_ns;
	__u64 longest_ns;
	__u32 count;
	__s32 syscall;
	struct lp_resource resource;
};

/*
 * Breakdown of the time of a segment that was not spent on the CPU. A segment is what a loop does
 * at a time: a callback, or the time before the first one.
 */
struct lp_segment_times {
	__u64 segment_ns; /* start of the segment */
	__u64 blocked_ns;
	__u64 gil_ns;
	__u64 run_queue_ns;
	__u32 gil_waits;
	__u32 run_queue_waits;
	__u32 samples; /* clock samples on the CPU */
	/* those of the samples during which the garbage collector was active */
	__u32 collecting_samples;
	__u32 block_count; /* of blocks in use */
	__u32 dropped_count; /* calls that got none of the blocks */
	__u64 dropped_ns;
	struct lp_block blocks[LP_BLOCKS];
};

/* Why a stack was read. */
enum lp_sample_reason {
	LP_SAMPLE_ON_CPU = 0,
	LP_SAMPLE_BLOCKED = 1,
	LP_SAMPLE_GIL = 2, /* it waits for the GIL */
	LP_SAMPLE_RUN_QUEUE = 3, /* another thread has its CPU */
	LP_SAMPLE_GIL_HOLDER = 4, /* the stack of the thread that has the GIL */
	/*
	 * The stack of the thread or task that holds what a blocked loop waits for; see
	 * LP_STACK_OWN_LOOP, LP_STACK_OF_TASK, LP_STACK_RESULT and LP_STACK_END.
	 */
	LP_SAMPLE_LOCK_HOLDER = 5,
	/* the stack of the thread that woke a blocked loop, as it did so */
	LP_SAMPLE_WAKER = 6,
	LP_SAMPLE_REASONS,
};

/* A frame as numbers, from which user space gets its line.  Stacks are innermost first. */
struct lp_raw_frame {
	__u64 code; /* address of the code object, as it is in the frame */
	__u64 instruction; /* an address, or f_lasti: what the version stores in a frame */
};

#define LP_STACK_CUT 1 /* deeper than LP_STACK_FRAMES */
#define LP_STACK_UNREADABLE 2 /* a frame could not be read: the rest is missing */
#define LP_STACK_COLLECTING 4 /* the garbage collector was running */
#define LP_STACK_GAP 8 /* no callback ran: the loop itself */
#define LP_STACK_TO_LOOP 16 /* the stack reaches the loop's dispatch: nothing is missing */
#define LP_STACK_OWN_LOOP 32 /* LOCK_HOLDER: the loop waits for what it has to do itself */
/*
 * LOCK_HOLDER: the stack is that of a suspended task; the record's stack is the instant since when
 * it waits, in ns, 0 if that is not known.
 */
#define LP_STACK_OF_TASK 64
#define LP_STACK_RESULT 128 /* LOCK_HOLDER: the loop waits for a result, not for a lock */
/* LOCK_HOLDER: the loop waits for a lock. Records of earlier versions have neither of the two. */
#define LP_STACK_LOCK 256
/* LOCK_HOLDER: the loop waits for the end of the thread; LP_STACK_RESULT is set as well */
#define LP_STACK_END 512

/* A cause of lost time, which is summed up over a run, also if each call is short. */
struct lp_cause_key {
	__u64 stack; /* as in struct lp_event_raw_stack */
	__u32 loop;
	__s32 syscall;
	__u32 reason; /* LP_SAMPLE_BLOCKED or LP_SAMPLE_GIL */
	__u32 reserved;
};

struct lp_cause_value {
	__u64 total_ns;
	__u64 count;
	__u64 reported_ns; /* when its stack was sent last */
};

_Static_assert(sizeof(struct lp_block) == 288, "wire");

_Static_assert(sizeof(struct lp_segment_times) == 64 + LP_BLOCKS * 288, "wire");

#endif /* LP_BPF_WIRE_SEGMENT_H */
