/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report of a run: its loops, callbacks, stalls and findings, as observers of the model get
 * them.  All text in it is valid UTF-8 and sanitised for a terminal.  Everything belongs to the
 * model and holds during the call.
 */
#ifndef LP_MODEL_REPORT_H
#define LP_MODEL_REPORT_H

#include "wire/wire.h"
#include "wire/histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LP_NAME_MAX 256
#define LP_FILE_MAX 512
#define LP_TASK_NAME_MAX 128

enum lp_end_reason {
	LP_END_INTERRUPT = 0,
	LP_END_DURATION = 1,
	LP_END_TARGET_EXITED = 2,
	LP_END_REASONS,
};

/* One run of loopprof, live or captured. */
struct lp_run {
	const char *tool; /* "loopprof X.Y.Z" */
	const char *mode; /* "trace" or "sample" */
	const char *host;
	uint64_t threshold_ns;
	uint64_t start_ns; /* CLOCK_MONOTONIC */
	uint64_t start_unix_ns; /* the same instant, CLOCK_REALTIME */
	bool queue; /* queue delays are measured */
	bool lifetimes; /* lives of tasks are */
	bool explain; /* sinks for people explain the kinds of findings that they show */
	bool sampled; /* sample mode: callbacks are known from samples of late iterations only */
	bool no_intervals; /* nobody asked for them (-i): they only keep files up to date */
	uint32_t budget_ppm; /* --budget, of a CPU; 0: none */
	size_t sources; /* captures that were merged; 0: live, or one */
	uint8_t boot_id[16]; /* of the host; zeros: not known */
};

struct lp_loop_info {
	uint32_t id; /* from 1 on; never used again in a run */
	pid_t pid;
	pid_t tid;
	char comm[LP_COMM_BYTES * 4];
	char runtime[16]; /* "asyncio" */
	char version[16]; /* "3.11.2" */
	char exe[LP_FILE_MAX];
	char container[65]; /* "" if none */
	char unit[LP_UNIT_BYTES]; /* systemd's: "api.service"; "" if none */
	char pod[LP_POD_BYTES]; /* Kubernetes' uid of it; "" if none */
	char host[80];
	int64_t unix_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC of its host then */
	bool folded; /* not one loop but many with the same labels: pid and tid are 0 */
	bool grouped; /* then: by --by, whether they have ended or not */
};

enum lp_model_kind { LP_MODEL_TASK, LP_MODEL_CALLBACK };

/* What ran: a coroutine or a function.  file is "" and line 0 where there is no source. */
struct lp_callback_info {
	enum lp_model_kind kind;
	char name[LP_NAME_MAX];
	char file[LP_FILE_MAX];
	uint32_t line;
};

/* A place in the source.  Held once, however many stacks go through it. */
struct lp_shown_frame {
	enum lp_frame_kind kind;
	bool coroutine;
	uint32_t line; /* 0: not known */
	char *function;
	char *file; /* "" if there is none */
};

/* Innermost frame first. */
struct lp_stack {
	uint32_t depth;
	bool cut; /* there were more frames than are read */
	bool unreadable; /* what is not there could not be read */
	const struct lp_shown_frame **frames;
};

/* A stack seen while the loop was on the CPU, waited for one, or for the GIL; and how often. */
struct lp_sample {
	uint32_t count;
	enum lp_sample_reason reason; /* LP_SAMPLE_ON_CPU, LP_SAMPLE_RUN_QUEUE or LP_SAMPLE_GIL */
	bool collecting; /* the garbage collector was at work */
	struct lp_stack stack;
};

/* The parts of a duration; the first four add up to it. */
struct lp_times {
	bool known; /* false in captures of versions that did not tell */
	bool gc_known; /* false where nothing was sampled */
	uint64_t on_cpu_ns;
	uint64_t blocked_ns;
	uint64_t gil_ns;
	uint64_t run_queue_ns;
	uint64_t gc_ns; /* a part of on_cpu_ns, estimated from samples */
};

#define LP_SYSCALL_NAME_MAX 32
#define LP_RESOURCE_TEXT_MAX 256
#define LP_LOCAL_TEXT_MAX 64

/* Blocking calls of one kind, from one stack, on one thing. */
struct lp_blocked {
	char syscall[LP_SYSCALL_NAME_MAX]; /* "recvfrom"; "page fault", "stopped" are none */
	char target[LP_RESOURCE_TEXT_MAX]; /* "tcp 10.0.3.7:5432", "/var/x"; "" if there is none */
	char local[LP_LOCAL_TEXT_MAX]; /* this end of a connected socket: "10.0.0.5:40112"; or "" */
	uint64_t duration_ns; /* of all of them */
	uint32_t count;
	struct lp_stack stack; /* depth 0: not known */
};

/* The thread that held the GIL most while the loop waited for it. */
struct lp_gil_holder {
	bool known;
	char thread[LP_TASK_NAME_MAX]; /* its name in Python, or the kernel's name of it */
	pid_t tid; /* 0: not known */
	struct lp_stack stack; /* the one seen most */
};

/* Why a stall took the time it took. */
struct lp_breakdown {
	struct lp_times time;
	size_t blocked_count;
	struct lp_blocked *blocked; /* longest first */
	uint32_t blocked_dropped; /* calls that found no room there, ... */
	uint64_t blocked_dropped_ns; /* ... and their time */
	size_t sample_count;
	struct lp_sample *samples; /* most frequent first */
	struct lp_gil_holder gil;
	struct lp_stack await_chain; /* outermost coroutine FIRST, innermost last */
};

struct lp_slow_callback {
	const struct lp_loop_info *loop;
	const struct lp_callback_info *callback;
	uint64_t start_ns;
	uint64_t duration_ns; /* so far, if it is in progress */
	bool in_progress;
	uint64_t queue_delay_ns; /* LP_NO_QUEUE_DELAY: not known */
	uint64_t task; /* address, 0: not a task */
	char task_name[LP_TASK_NAME_MAX]; /* "" if not a task, or unreadable */
	bool delayed_known;
	uint32_t delayed_callbacks; /* queued behind it in its iteration */
	uint32_t delayed_events; /* ready when the loop polled next */
	struct lp_breakdown breakdown;
};

#define LP_TOP_SHOWN LP_TOP_ENTRIES

/* An iteration that was slow without its slow callbacks. */
struct lp_slow_iteration {
	const struct lp_loop_info *loop;
	uint64_t start_ns;
	uint64_t duration_ns; /* without the slow callbacks in it */
	bool in_progress;
	uint32_t callbacks;
	uint32_t slow_callbacks; /* of them; told by themselves */
	size_t top_count;
	struct {
		const struct lp_callback_info *callback;
		uint32_t count;
		uint64_t total_ns;
	} top[LP_TOP_SHOWN]; /* greatest total first */
	/*
	 * time: of the whole duration.  The rest is of what came before its first
	 * callback, and empty if that was no matter.
	 */
	struct lp_breakdown breakdown;
};

enum lp_cause_kind {
	LP_CAUSE_ON_CPU,
	LP_CAUSE_BLOCKED,
	LP_CAUSE_GIL,
	LP_CAUSE_RUN_QUEUE,
	LP_CAUSE_GC,
	LP_CAUSE_KINDS,
};

/* Loop time lost, by the line where. On-CPU time and GC: only that of late callbacks, by samples.
 */
struct lp_cause {
	enum lp_cause_kind kind;
	char syscall[LP_SYSCALL_NAME_MAX]; /* "" unless blocked */
	char target[LP_RESOURCE_TEXT_MAX]; /* "" if none, or if they differ */
	char held_by[LP_TASK_NAME_MAX]; /* GIL: the thread that held it, or "" */
	const struct lp_shown_frame *frame; /* innermost; GIL: the holder's; NULL: not known */
	uint64_t count;
	uint64_t total_ns;
};

#define LP_MESSAGE_MAX 256
#define LP_TYPE_MAX 96

/* A coroutine, task, future or callback that got lost. */
struct lp_finding {
	const struct lp_loop_info *loop; /* NULL: not known */
	enum lp_finding_kind kind;
	uint64_t time_ns;
	pid_t pid;
	pid_t tid; /* of the thread that it was found in */
	const char *name; /* of the coroutine or callback, where its definition is; "" if none */
	const char *file;
	uint32_t line; /* 0: not known */
	uint64_t task; /* address, 0: none */
	const char *task_name; /* "" if none */
	const char *exception_type; /* "" if none */
	const char *exception_message;
	const struct lp_shown_frame *created; /* that made it; NULL: not known */
	const struct lp_shown_frame *parked; /* where its coroutine is suspended; NULL: not known */
	struct lp_stack stack; /* that it was found in: that raised, dropped or scheduled */
	struct lp_stack loop_stack; /* wrong thread: what the loop's own thread was doing */
	bool timer; /* wrong thread: it is for a later time, and never late */
	bool noticed; /* wrong thread: its loop has run it meanwhile, ... */
	uint64_t late_ns; /* ... so long after it was put there; else so far */
	bool more; /* pending at close: there were more than are told */
	uint64_t before; /* how often the same was found at the same place before */
};

/* The same found at the same place. */
struct lp_finding_count {
	const struct lp_loop_info *loop; /* NULL: not known */
	enum lp_finding_kind kind;
	const char *name; /* as in struct lp_finding */
	const char *file;
	uint32_t line;
	const char *exception_type; /* of the last one */
	const char *exception_message;
	const struct lp_shown_frame *created; /* of the last one */
	const struct lp_shown_frame *place; /* innermost of the stack; NULL: not known */
	uint64_t count;
	uint64_t late_max_ns; /* wrong thread */
};

/* --lifetimes: of the tasks of one coroutine that have ended. */
struct lp_lifetimes {
	uint64_t outcomes[LP_OUTCOMES];
	struct lp_histogram life; /* from birth to the end of the last step */
	struct lp_histogram running; /* of each life, the parts */
	struct lp_histogram queued;
	struct lp_histogram waiting;
};

struct lp_callback_summary {
	const struct lp_callback_info *callback;
	const struct lp_lifetimes *lifetimes; /* NULL: none has ended, or not asked for */
	uint64_t slow;
	struct lp_histogram run;
	struct lp_histogram queue; /* empty unless lp_run.queue */
};

struct lp_loop_summary {
	const struct lp_loop_info *loop;
	uint64_t wall_ns; /* from when it is watched to now or to its end: busy and idle together */
	uint64_t busy_ns;
	uint64_t idle_ns;
	uint64_t iterations;
	uint64_t callbacks;
	uint64_t slow_callbacks;
	uint64_t suppressed; /* of those, counted but not told by themselves: too many at once, ... */
	uint64_t suppressed_iterations; /* ... and slow iterations */
	uint64_t folded; /* how many loops it is of, if it is folded; else 0 */
	/*
	 * The time of which the histograms of callbacks are: wall_ns in trace mode, less
	 * where it runs in bursts, 0 in sample mode.
	 */
	uint64_t traced_ns;
	bool traced_known; /* false in captures of earlier versions */
	struct lp_histogram iteration;
	size_t callback_count;
	struct lp_callback_summary *items; /* greatest total run time first */
	size_t cause_count;
	struct lp_cause *causes; /* worst first */
};

/*
 * Are the histograms of callbacks of a part of the time only?  Then they, and the number of
 * callbacks, are no full count; stalls and iterations are complete all the same.
 */
static inline bool loop_in_bursts(const struct lp_loop_summary *summary)
{
	/* a boundary or two at the beginning are no part of anything */
	return summary->traced_known && summary->traced_ns < summary->wall_ns / 1000 * 999;
}

/*
 * An instant of its host's CLOCK_MONOTONIC, in ns since 1970.  The offset is that of
 * the beginning of the run: a wall clock that is set meanwhile moves nothing, and
 * durations never depend on it.  CLOCK_MONOTONIC stands still while the host is
 * suspended: later instants are then told too early by as much.
 */
static inline uint64_t loop_unix_ns(const struct lp_loop_info *loop, uint64_t monotonic_ns)
{
	return monotonic_ns + (uint64_t)loop->unix_offset_ns;
}

/* busy / (busy + idle), 0 if both are 0. */
double loop_utilization(const struct lp_loop_summary *summary);

/* What loopprof itself took and got; see struct lp_event_self. */
struct lp_self {
	uint64_t wall_ns;
	uint64_t cpu_ns;
	uint64_t probe_hits, probe_ns; /* uprobes in targets */
	uint64_t hook_hits, hook_ns; /* polls and context switches of the host */
	uint64_t bursts;
	uint64_t attach_failures;
	uint64_t resident_bytes, map_bytes;
	uint32_t targets, loops;
	uint32_t frequency; /* Hz */
	uint32_t budget_ppm;
};

/*
 * A loop's counters as its source saves them: each 10 s, at each interval, at its end.
 * All but time_ns and start_ns are cumulative.
 */
struct lp_loop_state {
	const struct lp_loop_info *loop;
	uint64_t time_ns;
	uint64_t start_ns; /* the instant since which it is watched */
	uint64_t busy_ns;
	uint64_t idle_ns;
	uint64_t iterations;
	uint64_t slow_callbacks;
	const struct lp_histogram *iteration;
};

/* The requests of one process over its share, since the run began. */
struct lp_limited {
	pid_t pid; /* 0: all processes that are not listed by themselves */
	char comm[LP_COMM_BYTES * 4]; /* "" if it is not known */
	const struct lp_loop_info *loop; /* its labels; NULL: none are known */
	uint64_t counts[LP_LIMITED_KINDS];
};

/* The state of all loops, those that have ended included. */
struct lp_summary {
	uint64_t now_ns;
	uint64_t since_ns; /* start of the time it covers */
	size_t loop_count;
	struct lp_loop_summary *loops;
	size_t finding_count;
	struct lp_finding_count *findings; /* most frequent first */
	uint64_t findings_dropped; /* found at more places than are kept */
	uint64_t lost[LP_LOST_KINDS];
	size_t limited_count;
	struct lp_limited *limited; /* of the whole run, also in an interval's summary */
	bool self_known;
	struct lp_self self; /* of the whole run, also in an interval's summary */
};

struct lp_run_end {
	uint64_t end_ns;
	enum lp_end_reason reason;
	uint64_t lost_events; /* LP_LOST_RING */
};

/*
 * Who is told.  Any function may be NULL.  What the pointers point at belongs to
 * the model and holds only during the call.
 */
struct lp_observer {
	void (*run)(void *context, const struct lp_run *run);
	void (*loop)(void *context, const struct lp_loop_info *loop);
	/* Once it has ended; before that, each time it is told to be in progress. */
	void (*slow)(void *context, const struct lp_slow_callback *slow);
	void (*slow_iteration)(void *context, const struct lp_slow_iteration *slow);
	void (*finding)(void *context, const struct lp_finding *finding);
	void (*loop_state)(void *context, const struct lp_loop_state *state);
	/* interval: since the last call; total: since the start. */
	void (*interval)(void *context, const struct lp_summary *interval,
			 const struct lp_summary *total);
	/* The last summary, then the end. */
	void (*end)(void *context, const struct lp_summary *total, const struct lp_run_end *end);
};

#endif /* LP_MODEL_REPORT_H */
