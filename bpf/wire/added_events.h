/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The events that user space adds to those of BPF. Captures carry them: append only. */
#ifndef LP_BPF_WIRE_ADDED_EVENTS_H
#define LP_BPF_WIRE_ADDED_EVENTS_H

#include "events.h"

/* A process that is profiled; goes before the first event of its loops. */
struct lp_event_target {
	struct lp_event event;
	char runtime[16];
	char version[16];
	char comm[32];
	char container[72];
	char exe[256];
};

#define LP_UNIT_BYTES 128
#define LP_POD_BYTES 40

/* Labels of a target; follows its LP_EVENT_TARGET. */
struct lp_event_labels {
	struct lp_event event;
	/* identifies the process together with its PID; /proc/PID/stat, field 22 */
	__u64 start_ticks;
	char unit[LP_UNIT_BYTES]; /* unit of systemd: "api.service"; "" if none */
	char pod[LP_POD_BYTES]; /* Kubernetes' UID of the pod, 36 characters; "" if none */
};

/* Cost of loopprof itself, and what it measured: cumulative except the gauges. */
struct lp_event_self {
	struct lp_event event;
	__u64 wall_ns; /* since the run began */
	__u64 cpu_ns; /* CPU time of all its threads, in user and kernel mode */
	__u64 probe_hits; /* hits of uprobes in the targets */
	__u64 probe_ns; /* time that these hits cost the targets, by calibration */
	__u64 hook_hits; /* hits of the hooks on polls and context switches, on the whole host */
	__u64 hook_ns; /* time that these hits cost, by calibration */
	__u64 bursts; /* bursts of trace mode, with --budget */
	__u64 attach_failures; /* processes that could not be profiled */
	__u64 resident_bytes; /* gauge */
	__u64 map_bytes; /* gauge: memory of BPF maps, in the kernel */
	__u32 targets; /* gauge: processes that are profiled */
	__u32 loops; /* gauge */
	__u32 frequency; /* gauge: frequency of the clock that samples late loops, Hz */
	__u32 budget_ppm; /* budget, of a CPU; 0: none */
	__u64 reserved[4];
};

/* Coverage of one loop's histograms of callbacks, cumulative. */
struct lp_event_coverage {
	struct lp_event event;
	__u64 traced_ns; /* time in which every callback was measured */
	__u64 suppressed; /* slow callbacks that were counted but not reported, by the rate limit */
	__u64 suppressed_ns; /* their time */
	__u64 suppressed_iterations; /* slow iterations likewise */
	__u64 reserved;
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

/* A stack of a late callback, read while it ran; `depth` frames follow. */
struct lp_event_stack {
	struct lp_event event;
	__u64 start_ns; /* start of the callback */
	__u32 depth;
	__u32 cut;
	char task_name[LP_STACK_FUNCTION_BYTES]; /* "" if it could not be read */
	struct lp_stack_frame frames[];
};

enum lp_frame_kind {
	LP_FRAME_PYTHON = 0,
	LP_FRAME_NATIVE = 1,
	LP_FRAME_KERNEL = 2,
	LP_FRAME_KINDS,
};

#define LP_MAX_FRAMES (1 << 18)
#define LP_SAMPLE_FRAMES (LP_STACK_FRAMES + 2 * LP_KERNEL_FRAMES + 64)

/* A source line, sent once; later events refer to it by its number. */
struct lp_event_frame {
	struct lp_event event;
	__u32 frame; /* its number */
	__u32 line; /* 0: not known */
	__u16 kind; /* enum lp_frame_kind */
	__u16 coroutine; /* whether its code is a coroutine's */
	__u16 generated; /* whether a library has compiled its code from a string */
	__u16 reserved;
	char function[LP_STACK_FUNCTION_BYTES]; /* UTF-8, terminated */
	char file[LP_STACK_FILE_BYTES];
};

/* struct lp_event_raw_stack with its frames' numbers, innermost first. */
struct lp_event_stack_sample {
	/* reserved: RUN_QUEUE, GIL: for how many samples the wait stands, besides this one */
	struct lp_event event;
	__u64 segment_ns;
	__u64 stack;
	__u32 reason;
	__u32 flags;
	__s32 syscall;
	/* ..._HOLDER: the thread that has the GIL, or is waited for, or runs the loop of the task
	 * that is waited for; WAKER: the thread that woke the loop; 0: not known */
	__u32 tid;
	/* ..._HOLDER, WAKER: its name, or that of the task; UTF-8, terminated */
	char thread[LP_STACK_FUNCTION_BYTES];
	struct lp_resource resource;
	__u32 depth;
	__u32 period_us; /* ON_CPU: the time that a sample stands for */
	__u32 frames[];
};

/* Growth of a cause since the last event about it. */
struct lp_event_cause {
	struct lp_event event;
	__u64 stack;
	__s32 syscall;
	__u32 reason; /* as in struct lp_cause_key */
	__u64 count;
	__u64 total_ns;
};

/* Time for which a loop has waited for a CPU: cumulative. */
struct lp_event_run_queue {
	struct lp_event event;
	__u64 count;
	__u64 total_ns;
};

/*
 * All polls of a loop returned at once for a second, with the descriptor that was ready at them;
 * the last one is valid.
 */
struct lp_event_awake {
	struct lp_event event;
	__u32 descriptor;
	__u32 events; /* EPOLLIN and others */
	__u32 ended; /* 1: a TCP socket whose peer has closed its end */
	__u32 no_descriptor; /* 1: none was observed to be ready, and the other fields are 0 */
	struct lp_resource resource;
};

/* A time in which all polls of a loop returned at once. It ends with the record's own time. */
struct lp_event_awake_span {
	struct lp_event event;
	__u64 begin_ns;
	__u64 iterations; /* those that ended in it */
};

#define LP_WAITED_FOR_BYTES 128

/* The tasks of a loop that was idle, read at the end of the run. */
struct lp_event_waiting {
	struct lp_event event;
	__u32 waiting; /* tasks that wait */
	__u32 deadlocked; /* those of them that wait for each other in a circle */
	__u32 most; /* tasks that wait for waited_for; 0: not known */
	__u32 reserved;
	char waited_for[LP_WAITED_FOR_BYTES]; /* what most of them wait for; UTF-8, terminated */
};

#define LP_CGROUP_BYTES 192

/* The cgroup whose quota of CPU time was used up; precedes LP_EVENT_CPU_WAITS that says so. */
struct lp_event_cpu_quota {
	struct lp_event event;
	__u64 quota_us; /* CPU time of all its processes in each period; 0: not known */
	__u64 period_us;
	char cgroup[LP_CGROUP_BYTES]; /* its path; the beginning is missing if it is too long */
};

/* What limits the memory of a process; the numbers never change, as captures carry them. */
enum lp_memory_limit_kind {
	/* the host's memory: MemTotal of /proc/meminfo, of which all but MemAvailable is used */
	LP_MEMORY_LIMIT_HOST = 0,
	LP_MEMORY_LIMIT_MAX = 1, /* memory.max */
	LP_MEMORY_LIMIT_HIGH = 2, /* memory.high, beyond which the kernel slows a process down */
	LP_MEMORY_LIMIT_IN_BYTES = 3, /* memory.limit_in_bytes, of cgroups of version 1 */
	LP_MEMORY_LIMITS,
};

/* The limit because of which memory was short; precedes LP_EVENT_MEMORY_WAITS that says so. */
struct lp_event_memory_limit {
	struct lp_event event;
	__u64 used_bytes;
	__u64 limit_bytes;
	__u32 kind; /* enum lp_memory_limit_kind */
	__u32 reserved;
	char cgroup[LP_CGROUP_BYTES]; /* as in struct lp_event_cpu_quota; "" of the host */
};

/*
 * Time for which the hypervisor ran something else on the CPUs of the host, in the window that
 * ends at the time of the record.
 */
struct lp_event_steal {
	struct lp_event event;
	__u64 window_ns;
	__u64 steal_ns; /* of all CPUs */
	__u32 cpus;
	__u32 reserved;
};

/*
 * Collections of garbage in a late segment, as the interpreter has recorded them. The time of the
 * record is that of the LP_EVENT_SEGMENT_TIMES that follows it.
 */
struct lp_event_collections {
	struct lp_event event;
	__u64 segment_ns; /* start of the segment */
	__u64 total_ns;
	__u32 count;
	__u32 generation; /* of the collections that took most of this time */
	__u32 partial; /* some may be missing, as the interpreter records only the last ones */
	__u32 reserved;
};

/* The name of the task that a late segment steps, read while the task exists. */
struct lp_event_task_name {
	struct lp_event event;
	__u64 segment_ns;
	char name[LP_STACK_FUNCTION_BYTES]; /* UTF-8, terminated */
};

/* What a late segment is blocked in, read while it was. */
struct lp_event_other_end {
	struct lp_event event;
	__u64 segment_ns;
	struct lp_other_end end;
	__u32 reserved;
};

#define LP_DNS_NAME_BYTES 256

/* The name that a late segment asks a name server for, read while it waited for the answer. */
struct lp_event_dns_name {
	struct lp_event event;
	__u64 segment_ns;
	__u64 stack; /* these two as in struct lp_block: the call that waits */
	__u64 object;
	char name[LP_DNS_NAME_BYTES]; /* terminated */
};

/* EAGER_TASK: other eager tasks were found in the segment before. */
#define LP_EAGER_SEVERAL 1

/*
 * A task that runs inside of the callback of a late segment, which created it: an eager one. Texts
 * are UTF-8 and terminated.
 */
struct lp_event_eager_task {
	struct lp_event event;
	__u64 segment_ns;
	__u32 line; /* first line of its coroutine's code; 0: not known */
	__u32 reserved;
	char name[LP_STACK_FUNCTION_BYTES]; /* of the coroutine; "" if there is none */
	char file[LP_STACK_FILE_BYTES];
	char task_name[LP_STACK_FUNCTION_BYTES];
};

/* LP_EVENT_PROGRESS is a struct lp_event_slow of a callback that has not ended. */

/* Flags in event.reserved of LP_EVENT_SLOW, LP_EVENT_PROGRESS and LP_EVENT_SLOW_ITERATION. */
#define LP_STALL_BEGAN_BEFORE 1 /* it was under way when its loop was found: start_ns is later */
#define LP_STALL_AT_END 2 /* it has not ended, but the run has: it is not reported again */

/*
 * Requests of one process that exceeded its share. event.pid: the process. The sums count since
 * its discovery; they are sent when they have changed.
 */
struct lp_event_limited {
	struct lp_event event;
	__u64 counts[8]; /* by enum lp_limited_kind */
};

#define LP_LOST_CAPACITY 16
#define LP_LOST_CAPACITY_1_0 8 /* the number of counts in captures up to format 1.3 */

struct lp_event_lost {
	struct lp_event event;
	__u64 counts[LP_LOST_CAPACITY]; /* by enum lp_lost_kind */
};

enum lp_loop_stop {
	LP_LOOP_STOP_RUN = 0, /* it runs no more, and its thread goes on */
	LP_LOOP_STOP_THREAD = 1, /* its thread has ended */
	LP_LOOP_STOPS,
};

/* A loop has not run for a while, and its process goes on. Its LP_EVENT_LOOP_END may precede. */
struct lp_event_loop_stopped {
	struct lp_event event; /* loop: LP_NO_LOOP if it has ended */
	__u64 stopped_ns; /* since when it does not run */
	__u32 tid;
	__u32 reason; /* enum lp_loop_stop */
};

/* Ends a set of statistics; with LP_EVENT_END, the run. */
struct lp_event_end {
	struct lp_event event;
	__u32 reason; /* enum lp_run_end_reason; LP_EVENT_INTERVAL: 0 */
	__u32 reserved;
};

_Static_assert(sizeof(struct lp_event_target) == 416, "wire");
_Static_assert(sizeof(struct lp_event_labels) == 200, "wire");
_Static_assert(sizeof(struct lp_event_self) == 152, "wire");
_Static_assert(sizeof(struct lp_event_coverage) == 64, "wire");
_Static_assert(sizeof(struct lp_event_loop_stats) == 72 + sizeof(struct lp_histogram), "wire");
_Static_assert(sizeof(struct lp_event_callback_stats) == 40 + 2 * sizeof(struct lp_histogram),
	       "wire");
_Static_assert(sizeof(struct lp_event_stack) == 200, "wire");
_Static_assert(sizeof(struct lp_event_lost) == 24 + LP_LOST_CAPACITY * 8, "wire");
_Static_assert(sizeof(struct lp_event_end) == 32, "wire");
_Static_assert(sizeof(struct lp_event_limited) == 88, "wire");
_Static_assert(LP_LOST_KINDS <= LP_LOST_CAPACITY, "lp_event_lost has room for them");
_Static_assert(LP_LIMITED_KINDS <= 8, "lp_event_limited has room for them");
_Static_assert(sizeof(struct lp_event_frame) == 456, "wire");
_Static_assert(sizeof(struct lp_event_stack_sample) == 472, "wire");
_Static_assert(sizeof(struct lp_event_cause) == 56, "wire");
_Static_assert(sizeof(struct lp_event_run_queue) == 40, "wire");
_Static_assert(sizeof(struct lp_event_awake) == 288, "wire");
_Static_assert(sizeof(struct lp_event_awake_span) == 40, "wire");
_Static_assert(sizeof(struct lp_event_cpu_quota) == 232, "wire");
_Static_assert(sizeof(struct lp_event_steal) == 48, "wire");
_Static_assert(sizeof(struct lp_event_collections) == 56, "wire");
_Static_assert(sizeof(struct lp_event_memory_limit) == 240, "wire");
_Static_assert(sizeof(struct lp_event_task_name) == 192, "wire");
_Static_assert(sizeof(struct lp_event_waiting) == 168, "wire");
_Static_assert(sizeof(struct lp_event_dns_name) == 304, "wire");
_Static_assert(sizeof(struct lp_event_other_end) == 1336, "wire");
_Static_assert(sizeof(struct lp_event_loop_stopped) == 40, "wire");
_Static_assert(sizeof(struct lp_stack_frame) == 420, "wire");

#endif /* LP_BPF_WIRE_ADDED_EVENTS_H */
