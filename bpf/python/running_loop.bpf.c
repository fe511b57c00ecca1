// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The beginning and the end of a loop, at the function by which it becomes the running one. */
#include "loop/common.bpf.h"
#include "object.bpf.h"
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

	if (!process || process->layout.python.none == object ||
	    process->facts.python.loop_type == type || !lp_may_change(process, bpf_ktime_get_ns()))
		return 0;
	process->facts.python.loop_type = type;
	event = lp_event_reserve(sizeof(*event));
	if (!event)
		return 0;
	lp_event_fill(&event->event, LP_EVENT_POLLER, sizeof(*event), bpf_ktime_get_ns(),
		      LP_NO_LOOP, pid);
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
	loop->outside = PT_REGS_PARM2(ctx) == loop->layout.python.none;
	loop->stopped_ns = loop->outside ? now : 0;
	if (loop->outside)
		return 0;
	loop->iteration_start_ns = now;
	if (loop->kind == LP_LOOP_UVLOOP)
		loop->base_frame = lp_top_frame(&loop->layout.python.offsets, loop->thread_state);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
