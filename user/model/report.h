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
#include "end_reports.h"
#include "memory_shortage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LP_NAME_MAX 256
#define LP_FILE_MAX 512
#define LP_TASK_NAME_MAX 128

enum lp_run_end_reason {
	LP_RUN_END_INTERRUPT = 0,
	LP_RUN_END_DURATION = 1,
	LP_RUN_END_TARGET_EXITED = 2,
	LP_RUN_END_REASONS,
};

/* One run of loopprof, live or captured. */
struct lp_run {
	const char *tool; /* "loopprof X.Y.Z" */
	const char *mode; /* "trace" or "sample" */
	const char *host;
	uint64_t threshold_ns;
	uint64_t start_ns; /* CLOCK_MONOTONIC */
	uint64_t start_unix_ns; /* the same instant, CLOCK_REALTIME */
	bool live; /* it goes on now: its processes may still run when it ends */
	bool inner; /* tasks are counted by the innermost coroutine of the program */
	bool queue; /* queue delays are measured */
	bool lifetimes; /* lifetimes of tasks are measured */
	bool explain; /* sinks for people explain the kinds of findings that they show */
	bool sampled; /* sample mode: callbacks are known from samples of late iterations only */
	bool no_intervals; /* -i was not given: intervals only keep output files up to date */
	uint32_t budget_ppm; /* --budget, in millionths of a CPU; 0: none */
	size_t sources; /* number of merged captures; 0: a live run or one capture */
	uint8_t boot_id[16]; /* boot ID of the host; all zeros: not known */
};

struct lp_loop_info {
	uint32_t id; /* from 1 on; never reused in a run */
	pid_t pid;
	pid_t tid;
	char comm[LP_COMM_BYTES * 4];
	char runtime[16]; /* name of the kind of loop */
	char version[16]; /* "3.11.2" */
	char exe[LP_FILE_MAX];
	char container[65]; /* "" if none */
	char unit[LP_UNIT_BYTES]; /* systemd's: "api.service"; "" if none */
	char pod[LP_POD_BYTES]; /* UID of the Kubernetes pod; "" if none */
	char host[80];
	int64_t unix_offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC at the start of the run */
	bool folded; /* stands for many loops with the same labels: pid and tid are 0 */
	bool grouped; /* folded by --by, which takes running and ended loops */
};

enum lp_model_kind { LP_MODEL_TASK, LP_MODEL_CALLBACK };

/* The coroutine or function that a callback runs.  Without source, file is "" and line is 0. */
struct lp_callback_info {
	enum lp_model_kind kind;
	char name[LP_NAME_MAX];
	char file[LP_FILE_MAX];
	uint32_t line;
};

/* A line of the source.  All stacks with that line share one object. */
struct lp_shown_frame {
	enum lp_frame_kind kind;
	bool coroutine;
	/* a library has compiled this code from a string: its file is "<string>" */
	bool generated;
	uint32_t line; /* 0: not known */
	char *function;
	char *file; /* "" if there is none */
};

/* Innermost frame first. */
struct lp_stack {
	uint32_t depth;
	bool cut; /* there were more frames than are read */
	bool unreadable; /* frames are missing because they could not be read */
	const struct lp_shown_frame **frames;
};

/* A stack sampled while the loop ran, waited for a CPU or waited for the GIL. */
struct lp_sample {
	uint32_t count; /* number of samples with this stack */
	enum lp_sample_reason reason; /* LP_SAMPLE_ON_CPU, LP_SAMPLE_RUN_QUEUE or LP_SAMPLE_GIL */
	bool collecting; /* the garbage collector was running */
	struct lp_stack stack;
};

/* The parts of a duration; the first four add up to it. */
struct lp_times {
	bool known; /* false in captures of versions that did not record it */
	bool gc_known; /* false where nothing was sampled */
	uint64_t on_cpu_ns;
	uint64_t blocked_ns;
	uint64_t gil_ns;
	uint64_t run_queue_ns;
	uint64_t gc_ns; /* a part of on_cpu_ns, estimated from samples unless gc_exact */
	bool gc_exact; /* the interpreter has recorded the whole of gc_ns */
	bool gc_recorded; /* it has recorded a part of it at least: gc_generation is known */
	uint32_t gc_generation; /* of the recorded collections that took most of the time */
};

#define LP_SYSCALL_NAME_MAX 32
#define LP_RESOURCE_TEXT_MAX 256
#define LP_LOCAL_TEXT_MAX 64
#define LP_CALL_WORDS_MAX 96

enum lp_sleep_kind { LP_SLEEP_NONE, LP_SLEEP_FOR, LP_SLEEP_UNTIL };

/* The time of a sleep, as it was asked for. */
struct lp_sleep {
	enum lp_sleep_kind kind;
	uint64_t ns; /* a duration, or an instant */
};

/* Blocking calls of one kind, from one stack, on one resource. */
struct lp_blocked {
	char syscall[LP_SYSCALL_NAME_MAX]; /* "recvfrom", or "page fault", "stopped", "frozen" */
	char target[LP_RESOURCE_TEXT_MAX]; /* "tcp 10.0.3.7:5432", "/var/x"; "" if there is none */
	char local[LP_LOCAL_TEXT_MAX]; /* local address of a socket: "10.0.0.5:40112"; or "" */
	uint64_t duration_ns; /* sum of all these calls */
	uint32_t count;
	struct lp_stack stack; /* depth 0: not known */
	struct lp_sleep sleep; /* that of the first call */
	/* "nfs", "fuse": the file system of a file, if it asks a network or another process; or "" */
	const char *file_system;
	/* the names that a name server was asked for: "a.example, b.example"; or "" */
	char dns_name[LP_DNS_NAME_BYTES];
	uint64_t lock_address; /* of futex(): the address of its lock; 0: not known */
	bool woken; /* the waker of the breakdown ended a wait of these */
};

/* The thread that held the GIL most while the loop waited for it. */
struct lp_gil_holder {
	bool known;
	char thread[LP_TASK_NAME_MAX]; /* the thread's name in Python, else the kernel's */
	pid_t tid; /* 0: not known */
	struct lp_stack stack; /* the thread's last stack as it held the GIL */
};

/*
 * The thread or task for which a blocked loop waited: it holds a lock, is to give a result, or is
 * to end.
 */
struct lp_lock_holder {
	bool known;
	bool own_loop; /* what it waited for has to be done by the loop itself */
	bool is_task; /* it is a suspended task */
	bool gives_result; /* the loop waited for its result, not for a lock */
	bool ends; /* the loop waited for the end of this thread; gives_result is true as well */
	bool is_thread_lock; /* the lock certainly is one of the runtime's threads */
	char thread[LP_TASK_NAME_MAX]; /* its name */
	pid_t tid; /* of the thread, or of the one that runs the task's loop; 0: not known */
	uint64_t since_ns; /* the instant since when the task waits; 0: not known */
	uint64_t read_ns; /* the instant at which the holder was read */
	uint64_t lock_address; /* address of the lock of that wait; 0: not known */
	struct lp_stack stack;
};

/*
 * A thread that ended a wait of a blocked loop for a lock whose holder is not known; of several,
 * the last one.
 */
struct lp_waker {
	bool known;
	char thread[LP_TASK_NAME_MAX]; /* the thread's name in Python, else the kernel's */
	pid_t tid; /* 0: not known */
	struct lp_stack stack; /* as it woke the loop; depth 0: it ran no code of the runtime */
	uint64_t stack_hash; /* of the loop's stack in the wait that it ended */
	uint64_t lock_address; /* address of the lock of that wait; 0: not known */
};

/* Threads of one name that had the CPU while a loop waited for one. */
struct lp_cpu_neighbour {
	char name[LP_COMM_BYTES * 4];
	pid_t pid; /* process of the last one */
	bool own; /* that is the loop's own process */
	uint64_t duration_ns;
};

/* What a loop was short of in a stall. */
struct lp_shortage {
	uint64_t throttled_ns; /* part of run_queue_ns: the quota of a cgroup was used up */
	char quota_cgroup[LP_CGROUP_BYTES]; /* path of that cgroup; "" if it is not known */
	uint64_t quota_us; /* its CPU time in each period; 0: not known */
	uint64_t period_us;
	bool waits_counted; /* there was a wait that was long enough to see who had the CPU */
	size_t neighbour_count;
	struct lp_cpu_neighbour neighbours[LP_NEIGHBOURS]; /* longest first */
	/*
	 * Time for which the hypervisor ran something else on the CPUs of the host, in a window
	 * that covers the stall; 0: none, or not known.
	 */
	uint64_t steal_ns; /* of all CPUs together */
	uint64_t steal_window_ns;
	uint32_t steal_cpus;
	struct lp_memory_shortage memory;
};

/* Returns whether anything is known of what a loop was short of. */
static inline bool shortage_is_known(const struct lp_shortage *shortage)
{
	return shortage->throttled_ns || shortage->neighbour_count || shortage->steal_ns ||
	       memory_shortage_is_known(&shortage->memory);
}

/* Where the time of a stall went. */
struct lp_breakdown {
	struct lp_times time;
	struct lp_shortage shortage;
	size_t blocked_count;
	struct lp_blocked *blocked; /* longest first */
	uint32_t blocked_dropped; /* number of calls over the limit of that list */
	uint64_t blocked_dropped_ns; /* total time of those calls */
	size_t sample_count;
	struct lp_sample *samples; /* most frequent first */
	struct lp_gil_holder gil;
	struct lp_lock_holder holder;
	struct lp_waker waker;
	struct lp_other_end *end; /* what it was blocked in while it lasted; NULL: not known */
	size_t end_blocked; /* number of the calls, from 1, that it is the end of; 0: of none */
	struct lp_stack await_chain; /* outermost coroutine FIRST, innermost last */
};

struct lp_slow_callback {
	const struct lp_loop_info *loop;
	const struct lp_callback_info *callback; /* what the loop ran */
	/*
	 * The coroutine or function of the program that names the stall, at the line where it is:
	 * the innermost coroutine, also if the loop ran one of the program that awaits it.
	 * NULL: the eager task names it, or without one the callback.
	 */
	const struct lp_shown_frame *handler;
	const struct lp_shown_frame *own; /* innermost line of the program; NULL: not known */
	/* the function of an installed package that this line has called; NULL: none */
	const struct lp_shown_frame *package_call;
	uint64_t start_ns;
	uint64_t duration_ns; /* up to now if in_progress */
	bool in_progress;
	bool began_before; /* it began before loopprof found its loop, which start_ns is then */
	bool at_end; /* in progress when the run ended: it is not reported again */
	uint64_t queue_delay_ns; /* LP_NO_QUEUE_DELAY: not known */
	uint64_t task; /* address, 0: not a task */
	char task_name[LP_TASK_NAME_MAX]; /* "" if not a task, or unreadable */
	bool delayed_known;
	uint32_t delayed_callbacks; /* callbacks queued behind it in its iteration */
	uint32_t delayed_events; /* events that were ready at the loop's next poll */
	/* the task that ran inside of the callback, which created it eagerly; NULL: none */
	const struct lp_eager_info *eager;
	struct lp_breakdown breakdown;
};

#define LP_TOP_SHOWN LP_TOP_ENTRIES

struct lp_eager_info {
	struct lp_callback_info callback;
	char task_name[LP_TASK_NAME_MAX]; /* "" if it is not known */
	/* others ran in the callback before it: the time is theirs, too, and names the callback */
	bool several;
};

/* An iteration that is over the threshold even without the time of its slow callbacks. */
struct lp_slow_iteration {
	const struct lp_loop_info *loop;
	uint64_t start_ns;
	uint64_t duration_ns; /* without the time of its slow callbacks */
	uint64_t slow_ns; /* the time of its slow callbacks */
	bool in_progress;
	bool began_before, at_end; /* as in struct lp_slow_callback */
	uint32_t callbacks;
	uint32_t slow_callbacks; /* the slow ones among them, each reported separately */
	size_t top_count;
	struct {
		const struct lp_callback_info *callback;
		uint32_t count;
		uint64_t total_ns;
	} top[LP_TOP_SHOWN]; /* greatest total first */
	/*
	 * breakdown.time divides duration_ns, but for gc_ns, which covers the time before the
	 * first callback only.  So do the other fields; they are empty if nothing was recorded of
	 * that time.
	 */
	struct lp_breakdown breakdown;
};

/* Returns the end of an iteration; of one in progress, the instant up to which its duration is. */
static inline uint64_t slow_iteration_end_ns(const struct lp_slow_iteration *slow)
{
	return slow->start_ns + slow->duration_ns + slow->slow_ns;
}

enum lp_cause_kind {
	LP_CAUSE_ON_CPU,
	LP_CAUSE_BLOCKED,
	LP_CAUSE_GIL,
	LP_CAUSE_RUN_QUEUE,
	LP_CAUSE_GC,
	LP_CAUSE_KINDS,
};

/*
 * Lost time of a loop by cause and source line.  On-CPU time and garbage collection are those of
 * late callbacks only, estimated from samples.
 */
struct lp_cause {
	enum lp_cause_kind kind;
	char syscall[LP_SYSCALL_NAME_MAX]; /* "" unless blocked */
	char target[LP_RESOURCE_TEXT_MAX]; /* "" if there is none or if targets differ */
	/* GIL: name of the thread that held it; run queue: of those that had the CPU; or "" */
	char held_by[LP_TASK_NAME_MAX];
	/* run queue: the quota of the cgroup in target was used up */
	bool throttled;
	uint32_t quota_percent; /* that quota, in per cent of a CPU; 0: not known */
	/* innermost line of Python, for the GIL that of the holder; NULL: not known */
	const struct lp_shown_frame *frame;
	/* own, call and words are not set for the GIL.  Innermost line of the program, or NULL */
	const struct lp_shown_frame *own;
	/* the function that this line has called: of a package, or else of Python's library; or
	 * NULL */
	const struct lp_shown_frame *call;
	char words[LP_CALL_WORDS_MAX]; /* what that was for: "time.sleep", "import orm"; or "" */
	uint64_t count; /* waits, or samples */
	/* independent ones: waits, or segments in which there was a sample */
	uint64_t occurrences;
	uint64_t total_ns;
};

#define LP_MESSAGE_MAX 256
#define LP_TYPE_MAX 96

/* A finding: a coroutine, task, future or callback that was lost or misused. */
struct lp_finding {
	const struct lp_loop_info *loop; /* NULL: not known */
	enum lp_finding_kind kind;
	uint64_t time_ns;
	pid_t pid;
	pid_t tid; /* the thread in which it was detected */
	const char *name; /* name of the coroutine or callback; "" if none */
	const char *file; /* file and line of its definition */
	uint32_t line; /* 0: not known */
	uint64_t task; /* address, 0: none */
	const char *task_name; /* "" if none */
	const char *exception_type; /* "" if none */
	const char *exception_message;
	const struct lp_shown_frame *created; /* line that created it; NULL: not known */
	const struct lp_shown_frame *parked; /* line at which its coroutine waits; NULL: not known */
	struct lp_stack stack; /* stack that raised, dropped or scheduled it */
	struct lp_stack loop_stack; /* wrong thread: stack of the loop's own thread then */
	bool timer; /* wrong thread: it was scheduled for later, and has no lateness */
	bool noticed; /* wrong thread: the loop has run it; cancelled: late_ns is known */
	/* wrong thread: from scheduling to its run, or up to now; cancelled: from the call to the
	 * end */
	uint64_t late_ns;
	/* cancelled: where another task waited for it, whose cancellation was passed on; NULL: none
	 */
	const struct lp_shown_frame *passed_on;
	bool more; /* pending at close: there were more objects than are reported */
	uint64_t before; /* number of earlier findings that count as the same */
	bool first_origin; /* the first of them whose creation is known */
};

/* Equal findings at one place, counted. */
struct lp_finding_count {
	const struct lp_loop_info *loop; /* NULL: not known */
	enum lp_finding_kind kind;
	const char *name; /* as in struct lp_finding */
	const char *file;
	uint32_t line;
	const char *exception_type; /* of the last one */
	const char *exception_message;
	const struct lp_shown_frame *created; /* of the last one of which it is known */
	const struct lp_shown_frame *place; /* innermost of the stack; NULL: not known */
	uint64_t count;
	uint64_t late_max_ns; /* wrong thread */
};

/* --lifetimes: the ended tasks of one coroutine. */
struct lp_lifetimes {
	uint64_t outcomes[LP_OUTCOMES];
	struct lp_histogram life; /* from creation to the end of the last step */
	struct lp_histogram running; /* time of each task in its steps */
	struct lp_histogram queued; /* time of each task ready to run */
	struct lp_histogram waiting; /* the rest of the time of each task */
};

struct lp_callback_summary {
	const struct lp_callback_info *callback;
	const struct lp_lifetimes *lifetimes; /* NULL: no task has ended, or no --lifetimes */
	uint64_t slow;
	struct lp_histogram run;
	struct lp_histogram queue; /* empty unless lp_run.queue */
};

/* The tasks of a loop that was idle, at the end of the run. */
struct lp_waiting_tasks {
	uint32_t waiting;
	uint32_t deadlocked; /* those of them that wait for each other in a circle */
	uint32_t most; /* tasks that wait for waited_for; 0: not known */
	char waited_for[LP_WAITED_FOR_BYTES]; /* what most of them wait for: "httpx's pool" */
};

struct lp_loop_summary {
	const struct lp_loop_info *loop;
	uint64_t wall_ns; /* observed time, up to now or the loop's end: busy_ns + idle_ns */
	uint64_t busy_ns;
	uint64_t idle_ns;
	uint64_t iterations;
	uint64_t callbacks;
	uint64_t slow_callbacks;
	uint64_t suppressed; /* slow callbacks that were counted but not reported (rate limit) */
	uint64_t suppressed_iterations; /* slow iterations that were not reported for that reason */
	uint64_t folded; /* number of loops counted here if loop->folded, else 0 */
	/*
	 * Time covered by the histograms of callbacks: wall_ns in trace mode, less if callbacks
	 * are timed in bursts, 0 in sample mode.
	 */
	uint64_t traced_ns;
	bool traced_known; /* false in captures of earlier versions */
	uint64_t awake_ns; /* time for which the loop's thread was observed not to sleep in polls */
	uint64_t awake_iterations; /* the iterations of that time; 0: not known */
	/*
	 * Sample mode: iterations are those whose poll waited, and the histogram has these and those
	 * that samples have seen.  False in captures of earlier versions, which have all of them.
	 */
	bool waited_only;
	uint64_t awake_until_ns; /* the end of the last part of that time; 0: none */
	/* "fd 9 (socket:[4711]) at its end": what is ready at each poll; "" if it is not known */
	const char *awake;
	const struct lp_waiting_tasks *tasks; /* NULL: not known, or the loop was not idle */
	struct lp_memory_shortage memory;
	struct lp_histogram iteration;
	uint64_t ends[LP_ENDING_KINDS]; /* ends of the loop's process */
	size_t callback_count;
	struct lp_callback_summary *items; /* greatest total run time first */
	size_t cause_count;
	struct lp_cause *causes; /* worst first */
};

/*
 * Returns whether the histograms of callbacks cover a part of the time only.  Those histograms and
 * the number of callbacks are then incomplete; stalls and iterations are complete in any case.
 */
static inline bool loop_in_bursts(const struct lp_loop_summary *summary)
{
	/* the first moments of a loop, up to a boundary that a probe hits, are not covered */
	return summary->traced_known && summary->traced_ns < summary->wall_ns / 1000 * 999;
}

/*
 * Converts an instant of the host's CLOCK_MONOTONIC to ns since 1970.  The offset is that at the
 * start of the run, so that setting the wall clock moves no instant and changes no duration.
 * CLOCK_MONOTONIC does not advance while the host is suspended: later instants come out too early
 * by the time of the suspension.
 */
static inline uint64_t loop_unix_ns(const struct lp_loop_info *loop, uint64_t monotonic_ns)
{
	return monotonic_ns + (uint64_t)loop->unix_offset_ns;
}

/* busy / (busy + idle), 0 if both are 0. */
double loop_utilization(const struct lp_loop_summary *summary);

/*
 * Returns whether the loop was busy for a second and more while its polls returned at once, so that
 * something was ready in each of them.  A loop that has as many requests as it can serve is one of
 * these, as well as one that a descriptor, a timer or a task keeps awake for nothing.
 */
bool loop_never_waits(const struct lp_loop_summary *summary);

/* The time in which the polls of a loop returned at once, and the rate of its iterations. */
struct lp_awake_rate {
	uint64_t ns;
	double iterations_a_second;
	bool whole; /* it covers the whole summary, as the parts of its time are not known */
};
struct lp_awake_rate loop_awake_rate(const struct lp_loop_summary *summary);

/* Returns whether the polls of a loop still return at once at now_ns, when it is summarised. */
bool loop_is_awake(const struct lp_loop_summary *summary, uint64_t now_ns);

/*
 * Returns the busy time that no cause accounts for, in ns.  Waits are counted however short they
 * were, so that it was spent on the CPU: by what was not late, as only late segments are sampled.
 */
uint64_t loop_rest_ns(const struct lp_loop_summary *summary);

/* The cost and the resources of loopprof itself; see struct lp_event_self. */
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
 * Counters of a loop, reported each time that the source saves them: every 10 s, at each interval
 * and at the loop's end.  All but time_ns and start_ns are cumulative.
 */
struct lp_loop_state {
	const struct lp_loop_info *loop;
	uint64_t time_ns;
	uint64_t start_ns; /* the instant at which observation of the loop began */
	uint64_t busy_ns;
	uint64_t idle_ns;
	uint64_t iterations;
	uint64_t slow_callbacks;
	const struct lp_histogram *iteration;
};

/* The requests of one process that exceeded its share, since the run began. */
struct lp_limited {
	pid_t pid; /* 0: the sum of all processes without an entry of their own */
	char comm[LP_COMM_BYTES * 4]; /* "" if it is not known */
	const struct lp_loop_info *loop; /* labels of the process; NULL: not known */
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
	uint64_t findings_dropped; /* findings at places over the limit of the list */
	size_t end_count;
	struct lp_end_count *ends; /* how processes ended, most frequent first */
	uint64_t lost[LP_LOST_KINDS];
	size_t limited_count;
	struct lp_limited *limited; /* cover the whole run, in an interval's summary too */
	bool self_known;
	struct lp_self self; /* covers the whole run, in an interval's summary too */
};

struct lp_run_end {
	uint64_t end_ns;
	enum lp_run_end_reason reason;
	uint64_t lost_events; /* LP_LOST_RING */
};

/*
 * An observer receives the report of a run.  Any of its functions may be NULL.  All objects that
 * it is given belong to the model and are valid during the call only.
 */
struct lp_observer {
	void (*run)(void *context, const struct lp_run *run);
	void (*loop)(void *context, const struct lp_loop_info *loop);
	/* Called when a slow callback has ended, and for each report of one in progress. */
	void (*slow)(void *context, const struct lp_slow_callback *slow);
	void (*slow_iteration)(void *context, const struct lp_slow_iteration *slow);
	void (*finding)(void *context, const struct lp_finding *finding);
	void (*process_end)(void *context, const struct lp_process_end *end);
	void (*loop_stopped)(void *context, const struct lp_loop_stop_report *stop);
	void (*loop_state)(void *context, const struct lp_loop_state *state);
	/* interval covers the time since the last call, total that since the start. */
	void (*interval)(void *context, const struct lp_summary *interval,
			 const struct lp_summary *total);
	/* The last call, with the summary of the whole run. */
	void (*end)(void *context, const struct lp_summary *total, const struct lp_run_end *end);
};

#endif /* LP_MODEL_REPORT_H */
