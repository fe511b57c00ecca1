/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The events of the wire. Captures carry them: append only. */
#ifndef LP_BPF_WIRE_EVENTS_H
#define LP_BPF_WIRE_EVENTS_H

#include "cpu_waits.h"
#include "histogram.h"
#include "ending.h"
#include "holdings.h"
#include "loop.h"
#include "memory_waits.h"
#include "other_end.h"
#include "process.h"
#include "segment.h"
#include "types.h"

/* ---- events ------------------------------------------------------------- */

/*
 * Numbers never change, as captures carry them: new ones are appended. From BPF: 1 to 31. From
 * user space, into the same stream: 32 and up.
 */
enum lp_event_type {
	LP_EVENT_LOOP = 1,
	LP_EVENT_NAME = 2,
	LP_EVENT_SLOW = 3,
	LP_EVENT_ITERATION_END = 4,
	LP_EVENT_POLL_RETURN = 5,
	LP_EVENT_LOOP_END = 6, /* head only */
	LP_EVENT_PROCESS = 7,
	LP_EVENT_RAW_STACK = 8,
	LP_EVENT_SEGMENT_TIMES = 9,
	LP_EVENT_SLOW_ITERATION = 10,
	LP_EVENT_POLLER = 11,
	LP_EVENT_NATIVE = 12,
	LP_EVENT_RAW_FINDING = 13,
	LP_EVENT_NOTICED = 14,
	LP_EVENT_TASK_END = 15,
	LP_EVENT_PROCESS_END = 16,
	LP_EVENT_CPU_WAITS = 17,
	LP_EVENT_MEMORY_WAITS = 18,
	LP_EVENT_ITERATION_CPU_WAITS = 19, /* struct lp_event_cpu_waits */
	LP_EVENT_TARGET = 32,
	LP_EVENT_LOOP_STATS = 33,
	LP_EVENT_CALLBACK_STATS = 34,
	LP_EVENT_STACK = 35,
	LP_EVENT_LOST = 36,
	LP_EVENT_INTERVAL = 37,
	LP_EVENT_END = 38,
	LP_EVENT_FRAME = 39,
	LP_EVENT_STACK_SAMPLE = 40,
	LP_EVENT_PROGRESS = 41,
	LP_EVENT_CAUSE = 42,
	LP_EVENT_RUN_QUEUE = 43,
	LP_EVENT_TASK_NAME = 44,
	LP_EVENT_FINDING = 45,
	LP_EVENT_LABELS = 46,
	LP_EVENT_SELF = 47,
	LP_EVENT_BLOCK = 48, /* in captures only, see user/capture/reader.h */
	LP_EVENT_COVERAGE = 49,
	/* Head only. The records before it in this file repeat what was known at its beginning. */
	LP_EVENT_BASELINE = 50,
	LP_EVENT_LIMITED = 51,
	LP_EVENT_AWAKE = 52,
	LP_EVENT_WAITING = 53,
	LP_EVENT_LOOP_STOPPED = 54,
	LP_EVENT_EAGER_TASK = 55,
	LP_EVENT_CPU_QUOTA = 56,
	LP_EVENT_STEAL = 57,
	LP_EVENT_OTHER_END = 58,
	LP_EVENT_DNS_NAME = 59,
	LP_EVENT_MEMORY_LIMIT = 60,
	LP_EVENT_COLLECTIONS = 61,
	LP_EVENT_AWAKE_SPAN = 62,
};

/*
 * LOOP_STATS of sample mode: iterations counts those whose poll waited. The histogram has these
 * and, of the others, those that samples have seen.
 */
#define LP_STATS_WAITED 1

struct lp_event {
	__u16 type;
	/*
	 * A detail that depends on the type; 0 in all others:
	 * NAME: depth of an awaited coroutine, see struct lp_event_name
	 * SEGMENT_TIMES, CPU_WAITS, MEMORY_WAITS, COLLECTIONS: LP_SEGMENT_GAP or 0
	 * RAW_STACK, STACK_SAMPLE: periods of the sampling clock that a wait lasted
	 * SLOW, PROGRESS, SLOW_ITERATION: LP_STALL_BEGAN_BEFORE, LP_STALL_AT_END
	 * LOOP_STATS: LP_STATS_WAITED or 0
	 * EAGER_TASK: LP_EAGER_SEVERAL or 0
	 * BLOCK: flags of the block, see user/capture/reader.h
	 */
	__u16 reserved;
	__u32 size; /* bytes, this header included */
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u32 loop; /* slot; a slot is used again only after LP_EVENT_LOOP_END */
	__u32 pid;
};

struct lp_event_loop {
	struct lp_event event;
	__u32 tid;
	__u32 kind; /* enum lp_loop_kind */
	char comm[LP_COMM_BYTES];
};

#define LP_TEXT_ASCII 1
#define LP_TEXT_CUT 2 /* truncated: the end of a path is present, or the beginning of other text */
#define LP_TEXT_UNREADABLE 4

/* A Python str as it is in memory: width bytes a character, Latin-1, UCS-2 or UCS-4. */
struct lp_text {
	__u16 bytes;
	__u8 width;
	__u8 flags;
};

#define LP_QUALNAME_BYTES 192
#define LP_FILENAME_BYTES 320

/*
 * The name of a callback. --inner: that of a task's own coroutine is followed by those of the
 * coroutines that it awaits, of which user space passes on those of the program.
 */
struct lp_event_name {
	struct lp_event event; /* reserved: 0, or the depth of an awaited coroutine */
	__u64 identity; /* of struct lp_callback_key */
	__u32 callback;
	__u32 kind;
	__u32 first_line; /* 0: none */
	struct lp_text qualname;
	struct lp_text filename;
	struct lp_text owner; /* of a builtin: the type of its self */
	__u8 qualname_data[LP_QUALNAME_BYTES];
	__u8 filename_data[LP_FILENAME_BYTES];
	__u8 owner_data[64];
};

struct lp_event_slow {
	struct lp_event event; /* time_ns: the end */
	__u64 start_ns;
	__u64 task; /* address, 0: not a task */
	__u64 queue_delay_ns; /* LP_NO_QUEUE_DELAY: not known */
	__u64 iteration; /* ordinal in this loop */
	__u32 callback;
	__u32 position;
	__u16 string_ascii; /* how to read the name object below */
	__u16 string_wide;
	__u16 int_digit;
	__u8 name_is_int;
	__u8 name_is_string;
	__u8 task_name[LP_NAME_BYTES];
};

struct lp_event_iteration_end {
	struct lp_event event; /* time_ns: the poll's entry */
	__u64 iteration;
	__u64 busy_ns;
	__u32 callbacks;
	__u32 slow;
};

struct lp_event_poll_return {
	struct lp_event event;
	__u64 iteration; /* the one that ended before the poll */
	__u64 poll_ns;
	__s32 ready; /* descriptors, or a negative errno */
	__u32 reserved;
};

enum lp_process_action {
	LP_PROCESS_FORK = 1,
	LP_PROCESS_EXEC = 2,
	LP_PROCESS_EXIT = 3,
};

struct lp_event_process {
	struct lp_event event;
	__u32 action;
	__u32 parent;
};

/*
 * The end of a process: its last thread exits. The record follows those of the ends of its loops.
 * The loop is the one that was busy longest at its end, or, if none was busy, idle longest.
 */
struct lp_event_process_end {
	struct lp_event event;
	__u64 started_ns; /* when the process began; 0: not known */
	struct lp_ending ending;
	__u32 status; /* as wait(2) returns it */
	__u32 out_of_memory; /* the kernel killed the process to free memory */
};

/*
 * A stack as BPF walked it, with `depth` frames. Live sources turn it into LP_EVENT_FRAME and
 * LP_EVENT_STACK_SAMPLE, as its addresses mean nothing later on.
 */
struct lp_event_raw_stack {
	struct lp_event event; /* reserved: as in LP_EVENT_STACK_SAMPLE */
	__u64 segment_ns;
	/*
	 * By reason and flags:
	 * GIL_HOLDER: hash of the thread and its innermost code
	 * WAKER: hash of the stack at which the loop waited; the object of that wait is in resource
	 * LOCK_HOLDER with LP_STACK_OF_TASK: the instant since when the task waits; 0: not known
	 * all others: hash of its frames
	 */
	__u64 stack;
	__u64 thread_state; /* the thread's; LP_STACK_OF_TASK: the address of the task */
	__u32 reason; /* enum lp_sample_reason */
	__u32 flags; /* LP_STACK_... */
	__s32 syscall;
	__u32 depth;
	/* GIL_HOLDER, WAKER: the thread's id in its own PID namespace; LP_STACK_OF_TASK: the id of
	 * the thread that runs its loop; 0: not known */
	__u32 thread;
	__u32 waker; /* WAKER: the thread's id in the initial PID namespace */
	struct lp_resource resource;
	struct lp_raw_frame frames[LP_STACK_FRAMES];
};

#define LP_KERNEL_FRAMES 32
#define LP_NATIVE_BYTES 16384

/* --native, --kernel: precedes the raw stack that it belongs to. */
struct lp_event_native {
	struct lp_event event;
	__u64 kernel[LP_KERNEL_FRAMES]; /* addresses, innermost first, ended by 0 */
	/* User registers, and the top of the stack from sp on. */
	__u64 ip, sp, bp, bx, r12, r13, r14, r15;
	__u32 bytes;
	__u32 reserved;
	__u8 data[LP_NATIVE_BYTES];
};

#define LP_SEGMENT_GAP 1 /* the time before the first callback of an iteration */

/* Precedes LP_EVENT_SLOW and LP_EVENT_SLOW_ITERATION. */
struct lp_event_segment_times {
	struct lp_event event; /* reserved: LP_SEGMENT_GAP */
	struct lp_segment_times account;
};

/*
 * Why the thread waited for a CPU; precedes the LP_EVENT_SEGMENT_TIMES of its segment. User space
 * adds records of all segments of a loop, which are cumulative. LP_EVENT_ITERATION_CPU_WAITS is the
 * same of an iteration without its slow callbacks, and precedes its LP_EVENT_SLOW_ITERATION.
 */
struct lp_event_cpu_waits {
	struct lp_event event; /* reserved: LP_SEGMENT_GAP */
	__u64 segment_ns; /* 0: all segments; or the beginning of the iteration */
	struct lp_cpu_waits waits;
};

/* The same for time that was lost because memory was short. */
struct lp_event_memory_waits {
	struct lp_event event; /* reserved: LP_SEGMENT_GAP */
	__u64 segment_ns; /* 0: all segments */
	struct lp_memory_waits waits;
};

/* An iteration whose time without that of slow callbacks is over the threshold. */
struct lp_event_slow_iteration {
	struct lp_event event; /* time_ns: its end */
	__u64 start_ns;
	__u64 iteration;
	__u64 slow_ns; /* time of its slow callbacks, which are reported individually */
	__u64 blocked_ns;
	__u64 gil_ns;
	__u64 run_queue_ns;
	__u32 callbacks;
	__u32 in_progress; /* it has not ended: user space has made the event */
	struct lp_top_entry top[LP_TOP_ENTRIES];
};

/* Sample mode: a thread of a target that polls and is not known to run a loop. */
struct lp_event_poller {
	struct lp_event event;
	__u32 tid;
	__u32 reserved;
};

/* ---- ready queues and lifetimes ------------------------------------------- */

/* Flag in the times of ready_times: a thread other than the loop's put the handle there. */
#define LP_READY_FOREIGN (1ULL << 63)

struct lp_object_key {
	__u64 object;
	__u32 pid;
	__u32 reserved;
};

/* --lifetimes: a task that has not ended. */
struct lp_life {
	__u64 created_ns;
	__u64 end_ns; /* end of its last step */
	__u64 running_ns;
	__u64 queued_ns;
	__u64 steps;
	__u32 callback;
	__u32 reserved;
};

/* The value of struct lp_event.loop in events of no loop, or of an unknown one: no slot has it. */
#define LP_NO_LOOP 1024

static inline __attribute__((always_inline)) int lp_is_loop(__u32 slot)
{
	return slot < LP_MAX_LOOPS && slot != LP_NO_LOOP;
}

enum lp_task_outcome {
	LP_OUTCOME_RETURNED = 0,
	LP_OUTCOME_RAISED = 1,
	LP_OUTCOME_CANCELLED = 2,
	LP_OUTCOME_DESTROYED = 3, /* destroyed while it was pending */
	LP_OUTCOMES,
};

/* --lifetimes: a task was destroyed. */
struct lp_event_task_end {
	struct lp_event event; /* time_ns: when it was destroyed */
	__u64 task;
	__u64 created_ns;
	__u64 end_ns; /* of its last step */
	__u64 running_ns;
	__u64 queued_ns;
	__u64 steps;
	__u32 callback; /* what it ran; 0: not known */
	__u32 outcome; /* enum lp_task_outcome */
};

_Static_assert(sizeof(struct lp_event_segment_times) == 88 + LP_BLOCKS * 288, "wire");
_Static_assert(sizeof(struct lp_event_slow_iteration) == 80 + LP_TOP_ENTRIES * 24, "wire");
_Static_assert(sizeof(struct lp_event_cpu_waits) == 56 + LP_NEIGHBOURS * 32, "wire");
_Static_assert(sizeof(struct lp_event_memory_waits) == 72, "wire");
_Static_assert(sizeof(struct lp_event_task_end) == 80, "wire");
_Static_assert(sizeof(struct lp_event) == 24, "wire");
_Static_assert(sizeof(struct lp_event_loop) == 48, "wire");
_Static_assert(sizeof(struct lp_event_name) == 632, "wire");
_Static_assert(sizeof(struct lp_event_slow) == 264, "wire");
_Static_assert(sizeof(struct lp_event_iteration_end) == 48, "wire");
_Static_assert(sizeof(struct lp_event_poll_return) == 48, "wire");
_Static_assert(sizeof(struct lp_event_process) == 32, "wire");
_Static_assert(sizeof(struct lp_event_process_end) == 176, "wire");
_Static_assert(LP_EVENT_END < 0xffff, "the type is 16 bits wide");

#endif /* LP_BPF_WIRE_EVENTS_H */
