// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Beginning and end of loops: their own start and stop, threads that exit, and (for -a and -s)
 * processes that fork, exec and exit.
 */
#include "loop/common.bpf.h"
#include "python/object.bpf.h"
#include "loop/loop.bpf.h"
#include "loop/loop_end.bpf.h"

/*
 * Reports that a loop of another class than before begins to run. User space checks whether the
 * process has loaded another kind of loop.
 */
__noinline int lp_report_other_loop(__u64 object)
{
	__u64 id = bpf_get_current_pid_tgid(), type = lp_read_u64(object + LP_OBJECT_TYPE);
	__u32 pid = id >> 32;
	struct lp_process *process = bpf_map_lookup_elem(&processes, &pid);
	struct lp_event_poller *event;

	if (!process || process->python.none == object || process->loop_type == type ||
	    !lp_may_change(process, bpf_ktime_get_ns()))
		return 0;
	process->loop_type = type;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		lp_lose(LP_LOST_RING);
		return 0;
	}
	lp_event_fill(&event->event, LP_EVENT_POLLER, sizeof(*event), bpf_ktime_get_ns(),
		      LP_MAX_LOOPS, pid);
	event->tid = (__u32)id;
	event->reserved = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * _asyncio._set_running_loop(module, loop or None): the first and the last call of run_forever.
 * What the thread does between two loops is neither a callback nor an iteration.
 */
SEC("?uprobe")
int lp_running_loop(struct pt_regs *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	struct lp_loop *loop;
	__u32 slot;

	lp_report_other_loop(PT_REGS_PARM2(ctx));
	loop = lp_current_loop(&slot);
	if (!loop)
		return 0;
	loop->probe_hits++;
	lp_loop_pause(loop, slot, now);
	loop->outside = PT_REGS_PARM2(ctx) == loop->python.none;
	if (loop->outside)
		return 0;
	loop->iteration_start_ns = now;
	if (loop->kind == LP_LOOP_UVLOOP)
		loop->base_frame = lp_top_frame(&loop->python.offsets, loop->thread_state);
	return 0;
}

/* include/uapi/linux/bpf.h */
#define LP_RING_NO_WAKEUP 1 /* BPF_RB_NO_WAKEUP */

static __always_inline void lp_report_process(__u32 action, __u32 pid, __u32 parent)
{
	struct lp_event_process *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		lp_lose(LP_LOST_RING);
		return;
	}
	lp_event_fill(&event->event, LP_EVENT_PROCESS, sizeof(*event), bpf_ktime_get_ns(), 0, pid);
	event->action = action;
	event->parent = parent;
	/* User space is not woken for each, as a host may start thousands of programs a second. */
	bpf_ringbuf_submit(event, lp_config.sampling ? LP_RING_NO_WAKEUP : 0);
}

SEC("raw_tracepoint/sched_process_exit")
int lp_process_exit(void *ctx)
{
	lp_end_loop((__u32)bpf_get_current_pid_tgid());
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
	__u32 parent = bpf_get_current_pid_tgid() >> 32, key = 0, pid;
	struct lp_process_filter *filter = bpf_map_lookup_elem(&process_filter, &key);

	if (!filter || !filter->targets[parent & (LP_FILTER_BYTES - 1)])
		return 0;
	pid = BPF_CORE_READ(child, pid);
	/* a new thread is no new process */
	if (pid == (__u32)BPF_CORE_READ(child, tgid))
		lp_report_process(LP_PROCESS_FORK, pid, parent);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
