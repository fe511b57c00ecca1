// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Threads that exit, which ends their loops; processes that end, and the signals that they got
 * before. For -a and -s also processes that are forked and that execute a program.
 */
#include "loop/common.bpf.h"
#include "loop/loop.bpf.h"
#include "loop/loop_end.bpf.h"

static __always_inline void lp_report_process(__u32 action, __u32 pid, __u32 parent)
{
	struct lp_event_process *event = lp_event_reserve(sizeof(*event));

	if (!event)
		return;
	lp_event_fill(&event->event, LP_EVENT_PROCESS, sizeof(*event), bpf_ktime_get_ns(), 0, pid);
	event->action = action;
	event->parent = parent;
	/* User space is not woken for each, as a host may start thousands of programs a second. */
	bpf_ringbuf_submit(event, lp_config.sampling ? LP_RING_NO_WAKEUP : 0);
}

/* include/linux/sched.h */
#define LP_PF_EXITING 0x00000004
/* include/linux/sched/signal.h */
#define LP_SIGNAL_GROUP_EXIT 0x00000004

/* include/uapi/asm-generic/siginfo.h, and SEND_SIG_PRIV of include/linux/sched/signal.h */
enum {
	LP_SI_USER = 0,
	LP_SI_QUEUE = -1,
	LP_SI_TKILL = -6,
	LP_SEND_SIG_PRIV = 1,
};

/* include/trace/events/signal.h */
enum { LP_SIGNAL_IGNORED = 1, LP_SIGNAL_PENDING = 2 };

#define LP_SIGNAL_BIT(number) (1U << (number))

/* Signals that end no process by default: SIGCHLD, SIGCONT to SIGTTOU, SIGURG and SIGWINCH. */
#define LP_SIGNALS_HARMLESS                                                                        \
	(LP_SIGNAL_BIT(17) | LP_SIGNAL_BIT(18) | LP_SIGNAL_BIT(19) | LP_SIGNAL_BIT(20) |           \
	 LP_SIGNAL_BIT(21) | LP_SIGNAL_BIT(22) | LP_SIGNAL_BIT(23) | LP_SIGNAL_BIT(28))
/* SIGINT, SIGQUIT, SIGABRT and SIGTERM */
#define LP_SIGNALS_REQUEST                                                                         \
	(LP_SIGNAL_BIT(2) | LP_SIGNAL_BIT(3) | LP_SIGNAL_BIT(6) | LP_SIGNAL_BIT(15))

/* Returns a process that is profiled, or NULL. */
static __always_inline struct lp_process *lp_profiled(__u32 pid)
{
	return lp_may_be_profiled(pid) ? bpf_map_lookup_elem(&processes, &pid) : NULL;
}

/* Fills in who sends a signal. It is the current process, unless the kernel sends it there. */
static __always_inline void lp_signal_fill(struct lp_signal *signal, __u32 number,
					   struct kernel_siginfo *info)
{
	struct task_struct *sender = (struct task_struct *)bpf_get_current_task();
	__u64 address = (__u64)info;
	__s32 code = address > LP_SEND_SIG_PRIV ? BPF_CORE_READ(info, si_code) : 0;

	signal->time_ns = bpf_ktime_get_ns();
	signal->number = number;
	signal->code = code;
	signal->pid = bpf_get_current_pid_tgid() >> 32;
	signal->origin = LP_SIGNAL_BY_PROCESS;
	if (address == LP_SEND_SIG_PRIV && BPF_CORE_READ(sender, flags) & LP_PF_EXITING)
		signal->origin = LP_SIGNAL_BY_NAMESPACE;
	else if (address == LP_SEND_SIG_PRIV ||
		 (code != LP_SI_USER && code != LP_SI_QUEUE && code != LP_SI_TKILL))
		signal->origin = LP_SIGNAL_BY_KERNEL;
	BPF_CORE_READ_INTO(&signal->comm, sender, group_leader, comm);
}

/*
 * TP_PROTO(int sig, struct kernel_siginfo *info, struct task_struct *task, int group, int result).
 * The receiver cannot act on the signal before this program has run, as the sender holds a lock
 * that it needs.
 */
SEC("raw_tracepoint/signal_generate")
int lp_signal_generate(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[2];
	__u32 number = (__u32)ctx->args[0], result = (__u32)ctx->args[4], sort = LP_SIGNAL_OTHER;
	struct lp_process *process;

	if (result == LP_SIGNAL_IGNORED || result == LP_SIGNAL_PENDING ||
	    (number < 32 && LP_SIGNALS_HARMLESS >> number & 1))
		return 0;
	process = lp_profiled((__u32)BPF_CORE_READ(task, tgid));
	if (!process)
		return 0;
	if (number == 9)
		sort = LP_SIGNAL_KILL;
	else if (number < 32 && LP_SIGNALS_REQUEST >> number & 1)
		sort = LP_SIGNAL_REQUEST;
	lp_signal_fill(&process->ending.signals[sort], number, (void *)ctx->args[1]);
	return 0;
}

/* A thread that a signal ends in its poll gets no further than this after the wait, in ns. */
#define LP_INTERRUPTED_NS 1000000

/*
 * Returns whether the iteration has only begun. Without hooks on polls, each wait in a poll may
 * have been interrupted, and callbacks are known from samples only.
 */
static __always_inline bool lp_has_done_nothing(const struct lp_loop *loop)
{
	return !lp_polls_unhooked() ||
	       lp_age(bpf_ktime_get_ns(), loop->iteration_start_ns) < LP_INTERRUPTED_NS;
}

/* Notes what a thread's loop does as its process ends, if no other loop of the process did more. */
__weak __noinline int lp_note_activity(__u32 pid, __u32 tid)
{
	struct lp_process *process = bpf_map_lookup_elem(&processes, &pid);
	struct lp_ending *ending;
	struct lp_loop *loop;
	__u32 slot, activity = LP_ACTIVITY_NONE;
	__u64 since = 0;

	loop = lp_loop_of(tid, &slot);
	if (!process || !loop)
		return 0;
	ending = &process->ending;
	if (loop->interrupted_ns && loop->iteration_start_ns && !loop->start_ns &&
	    !loop->iteration_callbacks && lp_has_done_nothing(loop)) {
		/* The signal that ends the process has ended the poll. */
		activity = LP_ACTIVITY_IDLE;
		since = loop->interrupted_ns;
	} else if (loop->start_ns || loop->iteration_start_ns) {
		activity = LP_ACTIVITY_BUSY;
		since = loop->start_ns ? loop->start_ns : loop->iteration_start_ns;
	} else if (loop->poll_start_ns) {
		activity = LP_ACTIVITY_IDLE;
		since = loop->poll_start_ns;
	}
	if (ending->tid && (activity < ending->activity ||
			    (activity == ending->activity && since >= ending->since_ns)))
		return 0;
	ending->tid = tid;
	ending->activity = activity;
	ending->since_ns = since;
	return 0;
}

static __always_inline void lp_report_end(struct lp_process *process, struct task_struct *task,
					  __u32 pid)
{
	struct lp_event_process_end *event = lp_event_reserve(sizeof(*event));

	if (!event)
		return;
	lp_event_fill(&event->event, LP_EVENT_PROCESS_END, sizeof(*event), bpf_ktime_get_ns(),
		      LP_NO_LOOP, pid);
	event->ending = process->ending;
	event->started_ns = BPF_CORE_READ(task, group_leader, start_time);
	event->status = BPF_CORE_READ(task, exit_code);
	event->out_of_memory = BPF_CORE_READ(task, signal, oom_mm) != NULL;
	bpf_ringbuf_submit(event, 0);
}

SEC("raw_tracepoint/sched_process_exit")
int lp_process_exit(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 id = bpf_get_current_pid_tgid();
	struct lp_process *process = lp_profiled(id >> 32);
	bool last = process && !BPF_CORE_READ(task, signal, live.counter);

	/* A thread may also end alone, long before its process. */
	if (process && (last || BPF_CORE_READ(task, signal, flags) & LP_SIGNAL_GROUP_EXIT))
		lp_note_activity(id >> 32, (__u32)id);
	/*
	 * Threads that exit at the same time on several CPUs may each find that no other thread is
	 * alive. Each records the end, and user space takes the first record: so each also notes
	 * what the loop of the main thread does.
	 */
	if (last && (__u32)id != id >> 32)
		lp_note_activity(id >> 32, id >> 32);
	lp_end_loop((__u32)id);
	/* The last thread has the status of the process. */
	if (last)
		lp_report_end(process, task, id >> 32);
	return 0;
}

static __always_inline void lp_exec(struct bpf_raw_tracepoint_args *ctx, bool all)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	bool known = bpf_map_lookup_elem(&processes, &pid) != NULL;

	/* The thread that execs gets the ID of the group leader; its loop is registered under
	 * the old ID. */
	lp_end_loop((__u32)ctx->args[1]);
	lp_end_loop(pid);
	bpf_map_delete_elem(&processes, &pid);
	if (known || all)
		lp_report_process(LP_PROCESS_EXEC, pid, 0);
}

/* TP_PROTO(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm) */
SEC("?raw_tracepoint/sched_process_exec")
int lp_process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	lp_exec(ctx, false);
	return 0;
}

/* -a and -s: every process that execs may be a new target. */
SEC("?raw_tracepoint/sched_process_exec")
int lp_any_exec(struct bpf_raw_tracepoint_args *ctx)
{
	lp_exec(ctx, true);
	return 0;
}

/*
 * TP_PROTO(struct task_struct *parent, struct task_struct *child). Only forks of targets are
 * reported.
 */
SEC("?raw_tracepoint/sched_process_fork")
int lp_process_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx->args[1];
	__u32 parent = bpf_get_current_pid_tgid() >> 32, pid;

	if (!lp_may_be_profiled(parent))
		return 0;
	pid = BPF_CORE_READ(child, pid);
	/* a new thread is no new process */
	if (pid == (__u32)BPF_CORE_READ(child, tgid))
		lp_report_process(LP_PROCESS_FORK, pid, parent);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
