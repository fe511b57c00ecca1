// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Threads that exit, which ends their loops. For -a and -s also processes that are forked, that
 * execute a program and that exit.
 */
#include "loop/common.bpf.h"
#include "loop/loop.bpf.h"
#include "loop/loop_end.bpf.h"

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
