/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The state of a loop, its callbacks and counters, which user space reads through mmap.  Private to
 * one build, except for the enumerations, which captures carry.
 */
#ifndef LP_BPF_WIRE_LOOP_H
#define LP_BPF_WIRE_LOOP_H

#include "histogram.h"
#include "limits.h"
#include "loop_kinds.h"
#include "process.h"
#include "rate_limit.h"
#include "runtime.h"
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

/* --inner: a bit of the identity of a callback that is known by a hash of an await chain. */
#define LP_IDENTITY_CHAIN (1ULL << 63)

/* Identity of a callback. */
struct lp_callable {
	__u64 identity; /* address of code, method definition or type; or LP_IDENTITY_CHAIN */
	__u64 check; /* address of the qualified name, if there is one */
	__u64 task;
	__u64 owner; /* methods: the object that it is bound to; classes: the type */
	__u32 kind;
	__u32 callback; /* its slot, if it is known already; else 0 */
};

struct lp_task_entry {
	__u64 task;
	__u32 callback;
	__u32 reserved;
};

#define LP_TOP_ENTRIES 8

/* Time of an iteration by callback: one entry, which several callbacks share. */
struct lp_top_entry {
	__u64 total_ns;
	__u64 iteration; /* iteration that the entry is of */
	__u32 callback;
	__u32 count;
};

/*
 * A loop. The fields are in the order of use: those of every callback fill three cache lines,
 * since the target's own work has emptied the cache each time.
 */
struct lp_loop {
	__u32 pid; /* thread group, in the initial PID namespace */
	__u32 tid;
	__u64 thread_state; /* address of the runtime's state of the thread */
	/* The running callback; start_ns is 0 while there is none. */
	__u64 start_ns;
	__u64 context;
	__u64 task; /* task that was stepped last; 0 if the last callback was none */
	__u64 stack_level; /* stack pointer of the calls by which the loop dispatches */
	__u64 threshold_ns;
	__u32 callback;
	__u32 position; /* number of callbacks before it in this iteration */

	/* Iterations. */
	__u64 iteration_start_ns; /* 0: not known, or in the poll */
	__u64 poll_start_ns; /* 0: not in the loop's own poll */
	__u64 busy_ns;
	__u64 idle_ns;
	__u64 iterations;
	__u64 callbacks;
	__u32 iteration_callbacks;
	__u32 slow_in_iteration;
	__u32 outside; /* the thread has left the loop and does other things */
	__u32 poll_descriptor; /* the epoll descriptor of the loop's own polls, plus 1; 0: not known
				*/

	union lp_callable_types types; /* types by which callables are identified */
	__u64 queue_delay_ns;
	__u64 wall_start_ns; /* instant since which the loop is measured */
	__u64 probe_hits; /* hits by this thread of the probes on dispatches */

	__u64 slow_callbacks;
	struct lp_layout layout;
	__u64 created_ns;
	__u64 late_ns;
	__u64 slow_ns; /* run time of slow callbacks in this iteration */
	__u64 gil; /* addresses of the GIL and the collector's flag; 0: not resolved yet */
	__u64 collecting;
	/* Sample mode: the handle that a sample has observed running, when last, and what it
	 * runs. */
	__u64 last_handle;
	__u64 last_sampled_ns;
	__u32 sampled; /* sample mode: callbacks are known from samples */
	__u32 outside_samples; /* number of samples in a row whose stack had no loop */
	__u32 reporting; /* a slow callback is being reported: samples leave the loop alone */
	/* its probes were detached while a callback was running, which the next sample
	 * identifies */
	__u32 cut;
	/* Bursts: user space stores in trace_ns since when every callback is to be traced, or 0.
	 * The loop's own thread obeys between two callbacks, and stores since when and until
	 * when it did. */
	__u64 trace_ns;
	__u64 traced_since_ns; /* 0: no burst since user space read it last */
	__u64 traced_until_ns; /* 0: it goes on */
	/*
	 * User space stores the following three fields.
	 *
	 * detected_segment_ns: start of the callback or the iteration that was running when the loop
	 * was detected. With bursts, its duration counts in a histogram although it was not traced.
	 */
	__u64 detected_segment_ns;
	/* start of a callback within which an eager task runs; 0: none is known */
	__u64 eager_start_ns;
	/* slot of that task's callback, as which the callback is counted if it is slow */
	__u32 eager_callback;
	__u32 reserved;
	__u64 owned; /* key of the loop in the map owners; 0: it is not there */
	/* Rate limit of slow callbacks and iterations. */
	struct lp_rate_limit rate_limit;
	struct lp_rate_limit iteration_rate_limit;
	__u64 suppressed;
	__u64 suppressed_ns;
	__u64 suppressed_iterations;
	__u32 reported_in_iteration; /* slow callbacks that were reported */
	__u32 holding; /* number of its process in holdings */
	__u32 kind; /* enum lp_loop_kind */
	__u32 own_descriptor; /* poll_descriptor was read from the loop object */
	union lp_loop_facts facts;
	/* when the poll began that a signal has interrupted, in the iteration after it; else 0 */
	__u64 interrupted_ns;
	__u64 object; /* address of the loop object; 0: not known */
	/* frame of the function that runs the loop, inside of which are its callbacks' frames;
	 * 0: not known */
	__u64 base_frame;
	/*
	 * User space sets watched for a moment if the polls return at once all the time: the first
	 * descriptor that a poll returns as ready is stored then, and sample mode samples the loop
	 * although it is not late.
	 */
	__u32 watched;
	__u32 ready_descriptor; /* plus 1; 0: no poll has returned one */
	__u32 ready_events; /* EPOLLIN and others */
	__u32 ready_ended; /* nothing more can be read from it: its other end is closed */
	/*
	 * Sample mode: the iterations in iterations whose poll did not wait, as far as samples have
	 * seen them.
	 */
	__u64 unslept;
	/* the end of the last wait whose callback is known, if no sample has shown the callback
	 * since */
	__u64 waited_until_ns;
	__u64 turn; /* number of the iteration, as the runtime counts it, or a value that differs
		     * between iterations; 0: not known */
	__u64 stopped_ns; /* when it returned from run_forever() last; 0: it has begun again */
	struct lp_callable callable; /* identity of the running callback */
	union lp_written written;
	struct lp_top_entry top[LP_TOP_ENTRIES];
	struct lp_histogram iteration;
	struct lp_cache_entry cache[LP_CACHE_ENTRIES];
	struct lp_task_entry tasks[LP_TASK_ENTRIES];
	__u8 scratch[LP_SCRATCH_BYTES];
};

/* Statistics of a callback slot. Slot 0 counts the callbacks that got no slot of their own. */
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
	/* string object of the qualified name: it differs between callbacks at one address */
	__u64 check;
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
	LP_LOST_LOOPS = 1, /* more loops than slots */
	LP_LOST_CALLBACKS = 2, /* runs counted under "other": no free callback slot */
	/* --queue: the time at which a callback became ready could not be stored */
	LP_LOST_READY = 3,
	LP_LOST_IDENTITY = 4, /* runs whose callable could not be read */
	LP_LOST_CAUSES = 5, /* waits without an entry in the summary by cause: no free slot */
	LP_LOST_FINDINGS = 6, /* findings that were not reported: too many at once */
	LP_LOST_LIFETIMES = 7, /* --lifetimes: tasks without an entry in the table */
	LP_LOST_INSTANTS = 8, /* durations and records with impossible times */
	LP_LOST_UNREADABLE = 9, /* processes that did not answer when their memory was read */
	LP_LOST_KINDS,
};

_Static_assert(sizeof(struct lp_loop) % 8 == 0, "an mmapped array's element is 8 byte aligned");

#endif /* LP_BPF_WIRE_LOOP_H */
