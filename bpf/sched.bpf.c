// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Off the CPU: blocked, waiting for the GIL, or waiting for a CPU.  A thread that
 * runs no loop costs an array look-up at each end of a context switch, a loop that
 * polls as much; only one that stops within a callback or an iteration is looked at.
 */
#include "loop/common.bpf.h"
#include "python/object.bpf.h"
#include "loop/loop.bpf.h"
#include "python/callable.bpf.h"
#include "python/identify.bpf.h"
#include "loop/stall.bpf.h"
#include "loop/thread.bpf.h"
#include "python/walk.bpf.h"
#include "loop/resource.bpf.h"
#include "loop/wait.bpf.h"
#include "python/observe.bpf.h"
#include "loop/native.bpf.h"

/*
 * The loop's thread, which is current, stops running.  Returns whether a walked
 * stack is to be sent.
 */
__noinline int lp_switch_out(__u32 slot, __u32 preempted)
{
	struct lp_stall *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_wait *wait;
	__u32 state, seen;
	bool late, told;
	__u64 now;

	if (!stall || !loop)
		return 0;
	wait = &stall->wait;
	if (wait->off_ns || wait->since_ns)
		lp_settle(slot);
	if (!lp_segment_of(loop) || loop->reporting)
		return 0;
	now = bpf_ktime_get_ns();
	if (!loop->gil)
		lp_find_gil(loop);
	state = lp_task_state();
	wait->syscall = 0;
	if (preempted || !state) {
		seen = LP_SEEN_RUN_QUEUE;
	} else {
		lp_read_syscall(slot);
		if (state & (LP_TASK_STOPPED | LP_TASK_TRACED))
			wait->syscall = LP_SYSCALL_STOPPED;
		seen = lp_waits_for_gil(loop, wait) ? LP_SEEN_GIL : LP_SEEN_BLOCKED;
	}
	late = lp_age(now, lp_segment_of(loop)) >= loop->late_ns;
	if (late || seen == LP_SEEN_BLOCKED) {
		lp_walk(slot, loop->thread_state);
		if (loop->sampled && !lp_observe(slot, now, seen != LP_SEEN_RUN_QUEUE))
			return 0;
	}
	told = late && !lp_is_flood(loop->start_ns ? &loop->telling : &loop->telling_iterations,
				    now, lp_age(now, lp_segment_of(loop)));
	wait->seen = seen;
	wait->segment_ns = lp_segment_of(loop);
	wait->iteration_ns = loop->iteration_start_ns;
	wait->run_delay_ns = lp_run_delay();
	wait->run_time_ns = lp_run_time();
	wait->delayed = lp_task_delayed();
	wait->migrations = lp_migrations();
	wait->block = LP_BLOCKS;
	wait->since_ns = now;
	if (stall->iteration_ns != loop->iteration_start_ns) {
		stall->iteration_ns = loop->iteration_start_ns;
		stall->iteration_blocked_ns = 0;
		stall->iteration_gil_ns = 0;
		stall->iteration_run_queue_ns = 0;
	}
	lp_account_begin(&stall->account.account, wait->segment_ns);
	if (seen == LP_SEEN_BLOCKED)
		return lp_wait_blocked(slot, now, told);
	if (seen == LP_SEEN_GIL)
		return lp_wait_gil(slot, now, told);
	if (!told)
		return 0;
	lp_walked_for(stall, loop, slot, LP_SEEN_RUN_QUEUE, wait->segment_ns, now);
	return 1;
}

static __always_inline void lp_switch_in(__u32 slot)
{
	struct lp_stall *stall = bpf_map_lookup_elem(&stalls, &slot);
	__u64 now;

	if (!stall || !stall->wait.since_ns)
		return;
	now = bpf_ktime_get_ns();
	stall->wait.off_ns = lp_elapsed(now, stall->wait.since_ns);
	stall->wait.end_ns = now;
	stall->wait.since_ns = 0;
}

SEC("?tp_btf/sched_switch")
int BPF_PROG(lp_sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct lp_stall *stall;
	__u32 slot = 0;

	if (lp_loop_of(prev->pid, &slot) && lp_switch_out(slot, preempt) &&
	    lp_may_send_stack(slot, bpf_ktime_get_ns())) {
		stall = bpf_map_lookup_elem(&stalls, &slot);
		if (stall) {
			lp_report_native(ctx, slot, stall->walked.event.pid);
			lp_tell_walked(stall);
		}
	}
	if (lp_loop_of(next->pid, &slot))
		lp_switch_in(slot);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
