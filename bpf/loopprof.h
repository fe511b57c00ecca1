/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wire: everything that crosses from BPF to user space, through the ring
 * buffer, through mapped arrays, or through a capture file.
 *
 * Include <linux/types.h> or vmlinux.h first.  Sizes are asserted: a capture is
 * read by other builds than the one that wrote it.
 */
#ifndef LOOPPROF_H
#define LOOPPROF_H

#include "histogram.h"

#define LP_MAX_LOOPS 1024
#define LP_MAX_CALLBACKS 4096
#define LP_MAX_PROCESSES 4096
#define LP_MAX_READY 65536
#define LP_RING_BYTES (1 << 20)
#define LP_COMM_BYTES 16

/* Buckets of the thread index, and threads in one. */
#define LP_THREAD_BUCKETS 2048
#define LP_BUCKET_THREADS 4

#define LP_NO_QUEUE_DELAY (~0ULL)

/* ---- what user space tells BPF about a process -------------------------- */

#define LP_NO_FIELD 0xffff
#define LP_CHAIN_STEPS 4

/*
 * Byte offsets inside CPython's objects, one row a version.  LP_NO_FIELD: the
 * version has no such field.
 */
struct lp_python_offsets {
	__u16 thread_cframe; /* PyThreadState: 3.11 and 3.12 keep the frame behind it */
	__u16 thread_frame; /* PyThreadState, or inside the cframe: innermost frame */
	__u16 thread_context; /* PyThreadState.context */
	__u16 thread_id; /* PyThreadState.thread_id: pthread_self() */
	__u16 frame_code;
	__u16 frame_locals; /* first local variable of a frame */
	__u16 context_previous; /* PyContext.ctx_prev */
	__u16 context_entered; /* PyContext.ctx_entered, an int */
	__u16 code_filename;
	__u16 code_name;
	__u16 code_qualname;
	__u16 code_first_line;
	__u16 task_coroutine; /* followed by the name, in every version */
	__u16 coroutine_code; /* the code object, in the frame embedded since 3.11 */
	__u16 coroutine_qualname;
	__u16 coroutine_bytes; /* from its beginning to the end of both */
	__u16 function_code;
	__u16 function_qualname;
	__u16 string_ascii; /* where the characters begin */
	__u16 string_wide;
	__u16 int_digit; /* PyLongObject: first digit */
	__u16 reserved[3];
	__u64 tag_mask; /* bits of a stack reference that are no address: 1 in 3.14 */
};

/* Addresses in one process. */
struct lp_python {
	struct lp_python_offsets offsets;
	/*
	 * Where the GIL holder's PyThreadState is: start at thread_base, then
	 * thread_steps times "add the offset, read a pointer".
	 */
	__u64 thread_base;
	__u32 thread_offsets[LP_CHAIN_STEPS];
	__u32 thread_steps;
	/* 3.12 and later: a task may begin to run inside its constructor, unseen */
	__u32 eager_tasks;
	__u64 builtin_type; /* PyCFunction_Type and its kin, by exported symbol */
	__u64 function_type;
	__u64 method_type;
	__u64 coroutine_type;
	__u64 generator_type;
	__u64 int_type;
	__u64 string_type;
	__u64 none; /* Py_None */
};

/*
 * Which loop a thread runs: one array look-up instead of a hash's, as every poll
 * of every process on the host asks.  A cache of the map loop_slots.
 */
struct lp_thread_bucket {
	__u32 tids[LP_BUCKET_THREADS];
	__u32 slots[LP_BUCKET_THREADS];
};

static inline __attribute__((always_inline)) __u32 lp_thread_bucket_of(__u32 tid)
{
	return (tid * 2654435761U) >> 21; /* Fibonacci hashing to 11 bits */
}

struct lp_process {
	struct lp_python python;
	__u64 threshold_ns;
	/* Learned by BPF: the code object of Handle._run, and the Handle types. */
	__u64 dispatch_code;
	__u64 handle_types[2];
};

/* ---- what BPF keeps of a loop, read by user space through mmap ---------- */

#define LP_NAME_BYTES 192
#define LP_SCRATCH_BYTES 128
#define LP_CACHE_ENTRIES 32
#define LP_TASK_ENTRIES 128

enum lp_callback_kind {
	LP_CALLBACK_TASK = 0,
	LP_CALLBACK_FUNCTION = 1,
	LP_CALLBACK_BUILTIN = 2,
	LP_CALLBACK_INSTANCE = 3,
	LP_CALLBACK_KINDS,
};

struct lp_cache_entry {
	__u64 identity;
	__u64 check;
	__u32 callback;
	__u32 reserved;
};

/* What a callback is told apart by. */
struct lp_callable {
	__u64 identity; /* address of code, method definition or type */
	__u64 check; /* address of the qualified name, where there is one */
	__u64 task;
	__u64 owner; /* builtins: the object it is bound to; classes: the type */
	__u32 kind;
	__u32 callback; /* its slot, where that is known already; else 0 */
};

struct lp_task_entry {
	__u64 task;
	__u32 callback;
	__u32 reserved;
};

/*
 * In the order of use: what every callback touches fills three cache lines, since
 * the target's own work has emptied the cache each time.
 */
struct lp_loop {
	__u32 pid; /* thread group, in the initial PID namespace */
	__u32 tid;
	__u64 thread_state; /* PyThreadState */
	/* The callback that runs; start_ns is 0 while none does. */
	__u64 start_ns;
	__u64 context;
	__u64 task; /* that was stepped last; 0 if the last callback was none */
	__u64 stack_level; /* stack pointer of the loop's own Context.run calls */
	__u64 threshold_ns;
	__u32 callback;
	__u32 position; /* callbacks of this iteration before it */

	/* Iterations. */
	__u64 iteration_start_ns; /* 0: not known, or in the poll */
	__u64 poll_start_ns; /* 0: not in the loop's own poll */
	__u64 busy_ns;
	__u64 idle_ns;
	__u64 iterations;
	__u64 callbacks;
	__u32 iteration_callbacks;
	__u32 slow_in_iteration;
	__u32 outside; /* the loop was left; its thread does other things */
	__u32 poll_descriptor; /* the epoll descriptor of the loop's own polls, plus 1; 0: not known
				*/

	/* Types that callables are told apart by, most frequent first. */
	__u64 step_type; /* wrappers of _asyncio: a task's step, ... */
	__u64 wakeup_type; /* ... and its wakeup, up to 3.9 */
	__u64 partial_type;
	__u64 cython_type; /* cython_function_or_method, a PyCFunction in front */
	__u64 wakeup_method; /* PyMethodDef of task_wakeup, 3.10 and later */
	__u64 queue_delay_ns;
	__u64 wall_start_ns; /* first boundary seen */
	__u64 slow_callbacks;

	struct lp_python python;
	__u64 born_ns;
	struct lp_callable callable; /* of the callback that runs */
	struct lp_histogram iteration;
	struct lp_cache_entry cache[LP_CACHE_ENTRIES];
	struct lp_task_entry tasks[LP_TASK_ENTRIES];
	__u8 scratch[LP_SCRATCH_BYTES];
};

/* What a callback slot counts. Slot 0 takes what found no slot of its own. */
struct lp_callback_stats {
	__u64 slow;
	struct lp_histogram run;
};

struct lp_queue_stats {
	struct lp_histogram delay;
};

struct lp_callback_key {
	__u64 identity; /* code object, method definition or type, plus the kind */
	__u32 loop;
	__u32 reserved;
};

struct lp_callback_value {
	__u64 check; /* the qualified name's string object: another one means another callback */
	__u32 callback;
	__u32 reserved;
};

struct lp_ready_key {
	__u64 handle;
	__u32 pid;
	__u32 reserved;
};

enum lp_lost_kind {
	LP_LOST_RING = 0, /* ring buffer full: an event is missing */
	LP_LOST_LOOPS = 1, /* more loops than LP_MAX_LOOPS */
	LP_LOST_CALLBACKS = 2, /* runs counted under "other": no free callback slot */
	LP_LOST_READY = 3, /* --queue: no room to remember when a callback became ready */
	LP_LOST_IDENTITY = 4, /* runs whose callable could not be read */
	LP_LOST_KINDS,
};

/* ---- events ------------------------------------------------------------- */

/*
 * Numbers are for ever: captures carry them.  Add at the end, change none.
 * From BPF: 1 to 31.  From user space, into the same stream: 32 and up.
 */
enum lp_event_type {
	LP_EVENT_LOOP = 1,
	LP_EVENT_NAME = 2,
	LP_EVENT_SLOW = 3,
	LP_EVENT_ITERATION_END = 4,
	LP_EVENT_POLL_RETURN = 5,
	LP_EVENT_LOOP_END = 6,
	LP_EVENT_PROCESS = 7,
	LP_EVENT_TARGET = 32,
	LP_EVENT_LOOP_STATS = 33,
	LP_EVENT_CALLBACK_STATS = 34,
	LP_EVENT_STACK = 35,
	LP_EVENT_LOST = 36,
	LP_EVENT_INTERVAL = 37,
	LP_EVENT_END = 38,
};

struct lp_event {
	__u16 type;
	__u16 reserved;
	__u32 size; /* bytes, this header included */
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u32 loop; /* slot; a slot is used again only after LP_EVENT_LOOP_END */
	__u32 pid;
};

struct lp_event_loop {
	struct lp_event event;
	__u32 tid;
	__u32 reserved;
	char comm[LP_COMM_BYTES];
};

/* LP_EVENT_LOOP_END carries no more than the header. */

#define LP_TEXT_ASCII 1
#define LP_TEXT_CUT 2 /* only a part: the end of a path, the beginning of anything else */
#define LP_TEXT_UNREADABLE 4

/* A Python str as it lies in memory: width bytes a character, Latin-1, UCS-2 or UCS-4. */
struct lp_text {
	__u16 bytes;
	__u8 width;
	__u8 flags;
};

#define LP_QUALNAME_BYTES 192
#define LP_FILENAME_BYTES 320

struct lp_event_name {
	struct lp_event event;
	__u64 identity; /* of struct lp_callback_key */
	__u32 callback;
	__u32 kind;
	__u32 first_line; /* 0: none */
	struct lp_text qualname;
	struct lp_text filename;
	struct lp_text owner; /* of a builtin: the type of the object it is bound to */
	__u8 qualname_data[LP_QUALNAME_BYTES];
	__u8 filename_data[LP_FILENAME_BYTES];
	__u8 owner_data[64];
};

struct lp_event_slow {
	struct lp_event event; /* time_ns: its end */
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

/* ---- events that user space adds ---------------------------------------- */

/* A process that is profiled; goes before the first event of its loops. */
struct lp_event_target {
	struct lp_event event;
	char runtime[16];
	char version[16];
	char comm[32];
	char container[72];
	char exe[256];
};

/* The state of a loop's counters: cumulative. */
struct lp_event_loop_stats {
	struct lp_event event;
	__u64 wall_start_ns;
	__u64 busy_ns;
	__u64 idle_ns;
	__u64 iterations;
	__u64 callbacks;
	__u64 slow;
	struct lp_histogram iteration;
};

struct lp_event_callback_stats {
	struct lp_event event;
	__u32 callback;
	__u32 reserved;
	__u64 slow;
	struct lp_histogram run;
	struct lp_histogram queue;
};

#define LP_STACK_FUNCTION_BYTES 160
#define LP_STACK_FILE_BYTES 256

struct lp_stack_frame {
	__u32 line;
	char function[LP_STACK_FUNCTION_BYTES]; /* UTF-8, terminated */
	char file[LP_STACK_FILE_BYTES];
};

/* A stack of a late callback, read while it ran; as many frames as depth says follow. */
struct lp_event_stack {
	struct lp_event event;
	__u64 start_ns; /* of the callback */
	__u32 depth;
	__u32 cut;
	char task_name[LP_STACK_FUNCTION_BYTES]; /* "" if it could not be read */
	struct lp_stack_frame frames[];
};

struct lp_event_lost {
	struct lp_event event;
	__u64 counts[8]; /* by enum lp_lost_kind */
};

/* Ends a set of statistics; with LP_EVENT_END, the run. */
struct lp_event_end {
	struct lp_event event;
	__u32 reason; /* enum lp_end_reason; LP_EVENT_INTERVAL: 0 */
	__u32 reserved;
};

_Static_assert(sizeof(struct lp_event_target) == 416, "wire");
_Static_assert(sizeof(struct lp_event_loop_stats) == 72 + sizeof(struct lp_histogram), "wire");
_Static_assert(sizeof(struct lp_event_callback_stats) == 40 + 2 * sizeof(struct lp_histogram),
	       "wire");
_Static_assert(sizeof(struct lp_stack_frame) == 420, "wire");
_Static_assert(sizeof(struct lp_event_stack) == 200, "wire");
_Static_assert(sizeof(struct lp_event_lost) == 88, "wire");
_Static_assert(sizeof(struct lp_event_end) == 32, "wire");
_Static_assert(LP_LOST_KINDS <= 8, "lp_event_lost has room for them");
_Static_assert(sizeof(struct lp_python_offsets) == 56, "wire");
_Static_assert(sizeof(struct lp_histogram) == 1704, "wire");
_Static_assert(sizeof(struct lp_event) == 24, "wire");
_Static_assert(sizeof(struct lp_event_loop) == 48, "wire");
_Static_assert(sizeof(struct lp_event_name) == 632, "wire");
_Static_assert(sizeof(struct lp_event_slow) == 264, "wire");
_Static_assert(sizeof(struct lp_event_iteration_end) == 48, "wire");
_Static_assert(sizeof(struct lp_event_poll_return) == 48, "wire");
_Static_assert(sizeof(struct lp_event_process) == 32, "wire");
_Static_assert(sizeof(struct lp_loop) % 8 == 0, "an mmapped array's element is 8 byte aligned");
_Static_assert(LP_EVENT_END < 0xffff, "the type is 16 bits wide");

#endif /* LOOPPROF_H */
