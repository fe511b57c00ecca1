/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The state of a loop, its callbacks and counters, which user space reads through mmap.  Private to
 * one build, except for the enumerations, which captures carry.
 */
#ifndef LP_BPF_WIRE_LOOP_H
#define LP_BPF_WIRE_LOOP_H

#include "histogram.h"
#include "limits.h"
#include "process.h"
#include "rate_limit.h"
#include "types.h"

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
	__u64 created_ns;
	__u64 late_ns;
	__u64 slow_ns; /* run time of slow callbacks in this iteration */
	__u64 gil; /* addresses; 0: not looked up yet */
	__u64 collecting;
	/* sample mode: the handle that was seen running, when last, and what it runs */
	__u64 last_handle;
	__u64 last_sampled_ns;
	__u32 sampled; /* sample mode: callbacks are known from what was seen */
	__u32 outside_samples; /* how often in a row its stack had no loop */
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
	struct lp_rate_limit rate_limit;
	struct lp_rate_limit iteration_rate_limit;
	__u64 suppressed;
	__u64 suppressed_ns;
	__u64 suppressed_iterations;
	__u32 reported_in_iteration; /* slow callbacks */
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
	LP_LOST_LIFETIMES = 7, /* --lifetimes: tasks without a place to be remembered */
	LP_LOST_INSTANTS = 8, /* durations and records with impossible times */
	LP_LOST_UNREADABLE = 9, /* processes that did not answer when they were read */
	LP_LOST_KINDS,
};

_Static_assert(sizeof(struct lp_loop) % 8 == 0, "an mmapped array's element is 8 byte aligned");

#endif /* LP_BPF_WIRE_LOOP_H */
