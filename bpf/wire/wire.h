/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wire: everything that crosses from BPF to user space, through the ring
 * buffer, through mapped arrays, or through a capture file.
 *
 * Include <linux/types.h> or vmlinux.h first.  Sizes are asserted: a capture is
 * read by other builds than the one that wrote it.
 */
#ifndef LP_BPF_WIRE_WIRE_H
#define LP_BPF_WIRE_WIRE_H

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

#define LP_MAX_CAUSES 8192
#define LP_MAX_POLLERS 1024
#define LP_MAX_FINDINGS 32 /* that are being made at once */
#define LP_MAX_PLACES 16384
#define LP_MAX_EXPECTED 4096
#define LP_MAX_ORIGINS 65536
#define LP_MAX_LIVES 131072
#define LP_MAX_OWNERS 1024
#define LP_FILTER_BYTES 4096

#define LP_NO_QUEUE_DELAY (~0ULL)

/* No host has been up for so long (36 years): later or longer times are invalid. */
#define LP_SPAN_MAX_NS (1ULL << 60)

/* FNV-1a, by words: how BPF and user space name a stack, the same one alike. */
#define LP_HASH_BASIS 14695981039346656037ULL
#define LP_HASH_PRIME 1099511628211ULL

/* ---- what user space tells BPF about a process -------------------------- */

#define LP_NO_FIELD 0xffff
#define LP_CHAIN_STEPS 4

/*
 * Byte offsets inside CPython's objects, one row a version.  LP_NO_FIELD: the
 * version has no such field.
 */
struct lp_python_offsets {
	__u16 tstate_cframe; /* PyThreadState.cframe: 3.11, 3.12 have the frame behind it */
	__u16 tstate_current_frame; /* PyThreadState, or in the cframe: innermost frame */
	__u16 tstate_context; /* PyThreadState.context */
	__u16 thread_id; /* PyThreadState.thread_id: pthread_self() */
	__u16 f_executable; /* of a frame: its code object; up to 3.12 f_code */
	__u16 frame_localsplus; /* first local variable of a frame */
	__u16 ctx_prev; /* PyContext */
	__u16 ctx_entered; /* PyContext, an int */
	__u16 co_filename; /* PyCodeObject */
	__u16 co_name;
	__u16 co_qualname;
	__u16 co_firstlineno;
	__u16 task_coro; /* TaskObj; followed by task_name, in every version */
	__u16 cr_code; /* of a coroutine: its code object, since 3.11 in the embedded frame */
	__u16 cr_qualname;
	__u16 cr_head_bytes; /* from the coroutine's beginning to the end of both */
	__u16 func_code; /* PyFunctionObject */
	__u16 func_qualname;
	__u16 string_ascii; /* where the characters begin: behind a PyASCIIObject */
	__u16 string_wide; /* or behind a PyCompactUnicodeObject */
	__u16 ob_digit; /* PyLongObject: first digit */
	__u16 frame_previous; /* f_back up to 3.10 */
	__u16 frame_instr_ptr; /* f_lasti up to 3.10, prev_instr in 3.11 and 3.12 */
	__u16 frame_owner;
	__u16 first_shim; /* owner values from here on are no Python frames */
	__u16 handle_callback; /* asyncio.Handle._callback */
	__u16 co_flags; /* PyCodeObject, an int */
	__u16 reserved;
	__u64 tag_mask; /* bits of a _PyStackRef that are no address: 1 in 3.14 */
};

/*
 * The same inside _asyncio's futures and tasks, which begin alike.  A flag is a byte
 * and the bits of it that count.
 */
struct lp_task_offsets {
	__u16 fut_loop;
	__u16 fut_exception;
	__u16 fut_state; /* an int: enum lp_future_state */
	__u16 fut_log_tb;
	__u16 task_must_cancel;
	__u16 task_log_destroy_pending;
	__u16 task_fut_waiter;
	__u8 fut_log_tb_bits;
	__u8 task_must_cancel_bits;
	__u8 task_log_destroy_pending_bits;
	__u8 reserved[7];
};

/* fut_state: Modules/_asynciomodule.c, in every version. */
enum lp_future_state {
	LP_FUTURE_PENDING = 0,
	LP_FUTURE_CANCELLED = 1,
	LP_FUTURE_FINISHED = 2,
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
	/*
	 * The GIL: the first gil_steps of the same way, then gil_offset; what its
	 * mutex and condition take lies in the LP_GIL_BYTES from there on.
	 */
	__u32 gil_steps;
	__u32 gil_offset;
	/* gc.collecting, an int: in the interpreter state, or (3.8) in _PyRuntime */
	__u32 interpreter_head; /* _PyRuntime */
	__u32 collecting_offset;
	__u32 collecting_in_runtime;
	__u32 reserved;
	/* 3.12 and later: a task may begin to run inside its constructor, unseen */
	__u32 eager_tasks;
	__u32 reserved2;
	__u64 builtin_type; /* PyCFunction_Type and its kin, by exported symbol */
	__u64 function_type;
	__u64 method_type;
	__u64 coroutine_type;
	__u64 generator_type;
	__u64 int_type;
	__u64 string_type;
	__u64 none; /* Py_None */
};

/* What only lost coroutines and tasks need; all 0 until _asyncio is loaded. */
struct lp_lifecycle {
	struct lp_task_offsets offsets;
	__u64 task_type;
	__u64 future_type;
	__u64 task_finalize; /* tp_finalize of both: subclasses inherit it */
	__u64 future_finalize;
	__u64 runtime_error; /* the type RuntimeError */
	__u64 threadsafe_code; /* of BaseEventLoop.call_soon_threadsafe */
	/* up to 3.13: the set inside asyncio's WeakSet of all tasks; later: lists */
	__u64 all_tasks;
	__u64 interpreter_tasks; /* head of the interpreter's list, ... */
	__u16 thread_tasks; /* ... of that in a thread state, ... */
	__u16 task_node; /* ... and where a task is linked in */
	__u16 handle_loop; /* asyncio.Handle._loop */
	__u16 exception_args; /* BaseException.args */
	__u16 tuple_items;
	__u8 array_arguments; /* exceptions are made with an array of arguments, not a tuple */
	__u8 born_inside; /* 3.11 and later: a coroutine is made inside its own frame */
	__u32 reserved;
};

/* What a probe at this address is for. */
struct lp_place_key {
	__u64 address;
	__u32 pid;
	__u32 reserved;
};

enum lp_watched_place {
	LP_PLACE_NEVER_AWAITED = 1,
	LP_PLACE_NEVER_RETRIEVED,
	LP_PLACE_DESTROYED_PENDING,
	LP_PLACE_NO_RUNNING_LOOP,
	LP_PLACE_OTHER_LOOP,
	LP_PLACE_LOOP_CLOSE,
	LP_PLACE_UVLOOP_CLOSE,
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

/* How much of a flood is told one by one: a loop a second. */
#define LP_TOLD_A_SECOND 50
/* Findings of one process a second. */
#define LP_FOUND_A_SECOND 500

/* What was told in a second, of one kind. */
struct lp_telling {
	__u64 second_ns; /* when that second began */
	__u64 worst_ns; /* the longest of those told */
	__u32 told;
	__u32 reserved;
};

#include "holdings.h"

/* Which implementation a loop is of; captures carry it. */
enum lp_loop_kind {
	LP_LOOP_ASYNCIO = 0,
	LP_LOOP_UVLOOP = 1,
	LP_LOOP_KINDS,
};

/*
 * Addresses in a process that has loaded uvloop; all 0 where it has not.  Offsets are
 * in bpf/uvloop.bpf.h: all versions have the same, and user space has checked them.
 */
struct lp_uvloop {
	__u64 handle_type;
	__u64 timer_type;
};

struct lp_process {
	struct lp_python python;
	struct lp_uvloop uvloop;
	__u64 threshold_ns;
	__u64 late_ns; /* what runs for longer is looked at */
	struct lp_telling finding;
	/* Code objects of Handle._run and BaseEventLoop._run_once; learned, or told by user space */
	__u64 dispatch_code;
	__u64 run_once_code;
	__u64 handle_types[2];
	/* Hits of probes beside those of loops; under the GIL, so that none gets lost. */
	__u64 probe_hits;
	__u64 loop_type; /* class of the loop that began to run last */
	__u32 holding; /* its element in the map holdings; 0: none */
	__u32 reserved;
	struct lp_lifecycle lifecycle;
};

/* By the lowest bits of a PID: are there targets with such a one? */
struct lp_process_filter {
	__u8 targets[LP_FILTER_BYTES];
};

/* A thread that polls and is no loop, as far as is known: user space is asked now and then. */
struct lp_poller {
	__u64 next_ns;
	__u64 step_ns;
};

/* ---- what a stall is made of --------------------------------------------- */

#define LP_GIL_BYTES 208 /* struct _gil_runtime_state: mutexes and conditions within */
#define LP_SYSCALLS 512
#define LP_STACK_FRAMES 128
#define LP_BLOCKS 8
#define LP_RESOURCE_BYTES 232

/* Which argument of a system call tells what it is on; one byte a call, from user space. */
enum lp_argument {
	LP_ARGUMENT_NONE = 0,
	LP_ARGUMENT_DESCRIPTOR = 1, /* the first */
	LP_ARGUMENT_PATH = 2, /* the first */
	LP_ARGUMENT_PATH_AT = 3, /* the second, relative to the first */
	LP_ARGUMENT_FUTEX = 4, /* the first */
	LP_ARGUMENT_CHILD = 5, /* the first: a PID, or -1 */
	LP_ARGUMENT_CHILD_ID = 6, /* waitid: the second, of the kind that the first tells */
	LP_ARGUMENT_POLL = 7, /* struct pollfd at the first, their number the second */
	LP_ARGUMENT_SELECT = 8, /* sets from the second on, of as many bits as the first tells */
	LP_ARGUMENT_KINDS,
};

/* What user space calls a wait that is in no system call. */
#define LP_SYSCALL_PAGE_FAULT (-1)
#define LP_SYSCALL_STOPPED (-2) /* by a signal or a debugger */

enum lp_resource_kind {
	LP_RESOURCE_NONE = 0,
	LP_RESOURCE_FILE = 1, /* names from the file up to the root, each terminated */
	LP_RESOURCE_PATH = 2, /* a path as the caller gave it */
	LP_RESOURCE_TCP = 3, /* struct lp_addresses */
	LP_RESOURCE_UDP = 4, /* the same */
	LP_RESOURCE_UNIX = 5, /* a path; abstract ones begin with a zero */
	LP_RESOURCE_SOCKET = 6, /* of another family, which number tells */
	LP_RESOURCE_PIPE = 7, /* number: its inode */
	LP_RESOURCE_ANONYMOUS = 8, /* a name, as of an eventfd */
	LP_RESOURCE_CHILD = 9, /* number: its PID, 0 if any; its comm */
	LP_RESOURCE_LOCK = 10, /* number: its address */
	LP_RESOURCE_DESCRIPTOR = 11, /* number: one that could not be looked up */
	LP_RESOURCE_KINDS,
};

#define LP_RESOURCE_CUT 1 /* the path goes on towards the root, the name to its end */
#define LP_RESOURCE_LISTENS 2 /* a socket that accepts */
#define LP_RESOURCE_SEVERAL 4 /* one of several that a poll waits for */
#define LP_RESOURCE_NAME_CUT 8 /* a name of the path goes on */

/* What a system call was on, as the kernel knew it at that moment. */
struct lp_resource {
	__u8 kind;
	__u8 flags;
	__u16 bytes; /* used of data */
	__u32 reserved;
	__u64 number;
	__u8 data[LP_RESOURCE_BYTES];
};

struct lp_addresses {
	__u16 family; /* AF_INET, AF_INET6 */
	__u16 local_port; /* host order */
	__u16 remote_port; /* 0: not connected */
	__u16 reserved;
	__u8 local[16]; /* network order, 4 bytes of it for AF_INET */
	__u8 remote[16];
};

/* Blocking calls of one kind, from one stack, on one thing. */
struct lp_block {
	__u64 stack; /* of struct lp_event_raw_stack */
	__u64 object; /* tells resources apart */
	__u64 total_ns;
	__u64 longest_ns;
	__u32 count;
	__s32 syscall;
	struct lp_resource resource;
};

/*
 * Where the time of a segment went that was not spent on the CPU.  A segment is
 * what a loop does at a time: a callback, or what comes before the first one.
 */
struct lp_account {
	__u64 segment_ns; /* when it began */
	__u64 blocked_ns;
	__u64 gil_ns;
	__u64 run_queue_ns;
	__u32 gil_waits;
	__u32 run_queue_waits;
	__u32 samples; /* clock samples on the CPU, ... */
	__u32 collecting_samples; /* ... and those of them that saw the garbage collector */
	__u32 block_count; /* of blocks in use */
	__u32 beyond_count; /* calls that found no room among them */
	__u64 beyond_ns;
	struct lp_block blocks[LP_BLOCKS];
};

/* Why a stack was read. */
enum lp_seen {
	LP_SEEN_ON_CPU = 0,
	LP_SEEN_BLOCKED = 1,
	LP_SEEN_GIL = 2, /* it waits for the GIL */
	LP_SEEN_RUN_QUEUE = 3, /* another thread has its CPU */
	LP_SEEN_GIL_HOLDER = 4, /* the stack of the thread that has the GIL */
	LP_SEEN_KINDS,
};

/* A Python frame as it lies in memory: the instruction is an address, or f_lasti. */
struct lp_frame_reference {
	__u64 code;
	__u64 instruction;
};

#define LP_STACK_CUT 1 /* deeper than LP_STACK_FRAMES */
#define LP_STACK_UNREADABLE 2 /* a frame could not be read: the rest is missing */
#define LP_STACK_COLLECTING 4 /* the garbage collector was at work */
#define LP_STACK_GAP 8 /* no callback ran: the loop itself */
#define LP_STACK_TO_LOOP 16 /* it reaches the loop's dispatch: nothing is missing */

/* Blocking adds up over a run, also where each call is short. */
struct lp_cause_key {
	__u64 stack; /* as in struct lp_event_raw_stack */
	__u32 loop;
	__s32 syscall;
	__u32 seen; /* LP_SEEN_BLOCKED or LP_SEEN_GIL */
	__u32 reserved;
};

struct lp_cause_value {
	__u64 total_ns;
	__u64 count;
	__u64 told_ns; /* when its stack was sent last */
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

#define LP_TOP_ENTRIES 8

/* What took the time of an iteration: one callback of those that share an entry. */
struct lp_top_entry {
	__u64 total_ns;
	__u64 iteration; /* which one this is of */
	__u32 callback;
	__u32 count;
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
	__u64 wall_start_ns; /* the instant since which it is watched */
	__u64 probe_hits; /* of the probe on dispatches and its like, by this thread */

	__u64 slow_callbacks;
	struct lp_python python;
	__u64 born_ns;
	__u64 late_ns;
	__u64 slow_ns; /* run time of slow callbacks in this iteration */
	__u64 gil; /* addresses; 0: not looked up yet */
	__u64 collecting;
	/* sample mode: the handle that was seen running, when last, and what it runs */
	__u64 seen_handle;
	__u64 seen_ns;
	__u32 sampled; /* sample mode: callbacks are known from what was seen */
	__u32 seen_outside; /* how often in a row its stack had no loop */
	__u32 reporting; /* a slow callback is being told: not to be looked at now */
	__u32 cut; /* its probes went while a callback ran: which one that was has to be seen */
	/*
	 * Bursts: user space says from when on every callback is seen, or 0; the loop's own
	 * thread turns to it between two callbacks and says from when until when it did.
	 */
	__u64 trace_ns;
	__u64 traced_since_ns; /* 0: no burst since user space last took it */
	__u64 traced_until_ns; /* 0: it goes on */
	__u64 owned; /* the loop's object, as it is in the map owners; 0: it is not */
	/* slow callbacks and iterations: too many are counted, not told */
	struct lp_telling telling;
	struct lp_telling telling_iterations;
	__u64 untold;
	__u64 untold_ns;
	__u64 untold_iterations;
	__u32 told_in_iteration; /* slow callbacks */
	__u32 holding; /* its process's, as there */
	__u32 kind; /* enum lp_loop_kind */
	__u32 own_descriptor; /* poll_descriptor is known from the loop itself */
	/*
	 * Code objects of the loop's own class where they are not asyncio's: of the poll
	 * (nest_asyncio's), and of the frame that is on the stack while the loop runs (Qt's).
	 */
	__u64 run_once_code;
	__u64 forever_code;
	/* uvloop, whose loop has no Python frames of its own: */
	__u64 object; /* the Loop */
	__u64 base_frame; /* that of who runs it: its callbacks' frames are within; 0: not known */
	struct lp_uvloop uvloop;
	struct lp_callable callable; /* of the callback that runs */
	struct lp_top_entry top[LP_TOP_ENTRIES];
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
	LP_LOST_CAUSES = 5, /* waits without a place in the summary by cause: no free slot */
	LP_LOST_FINDINGS = 6, /* something that got lost could not be told: too many at once */
	LP_LOST_LIVES = 7, /* --lifetimes: tasks without a place to be remembered */
	LP_LOST_INSTANTS = 8, /* durations and records with impossible times */
	LP_LOST_UNREADABLE = 9, /* processes that did not answer when they were read */
	LP_LOST_KINDS,
};

/* ---- what the programs are told before they are loaded ------------------ */

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
	__u32 loop_room;
	__u32 callback_room;
	__u32 cause_room;
	__u8 arguments[LP_SYSCALLS]; /* enum lp_argument, by the number of the system call */
};

#include "events.h"
#include "stall.h"

_Static_assert(sizeof(struct lp_stack_frame) == 420, "wire");
_Static_assert(sizeof(struct lp_python_offsets) == 64, "wire");
_Static_assert(sizeof(struct lp_task_offsets) == 24, "wire");
_Static_assert(sizeof(struct lp_resource) == 248, "wire");
_Static_assert(sizeof(struct lp_addresses) <= LP_RESOURCE_BYTES, "wire");
_Static_assert(sizeof(struct lp_block) == 288, "wire");
_Static_assert(sizeof(struct lp_account) == 64 + LP_BLOCKS * 288, "wire");
_Static_assert(sizeof(struct lp_stall) % 8 == 0, "an mmapped array's element is 8 byte aligned");
_Static_assert(sizeof(struct lp_histogram) == 1704, "wire");
_Static_assert(sizeof(struct lp_holding) % 8 == 0, "an mmapped array's element is 8 byte aligned");
_Static_assert(sizeof(struct lp_loop) % 8 == 0, "an mmapped array's element is 8 byte aligned");

#endif /* LP_BPF_WIRE_WIRE_H */
