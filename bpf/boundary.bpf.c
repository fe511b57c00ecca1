// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Reports of iterations, and what is read of a loop to know its polls: for boundary.bpf.h. */
#include "loop/common.bpf.h"
#include "loop/awake.bpf.h"
#include "loop/loop.bpf.h"
#include "loop/stall.bpf.h"
#include "loop/thread.bpf.h"
#include "boundary.bpf.h"
#include "runtime.bpf.h"

/*
 * First delay between two reports of a polling thread that is not known to run a loop; it grows
 * from report to report.
 */
#define LP_POLLER_STEP_NS 10000000ULL
#define LP_POLLER_STEP_MAX_NS 1000000000ULL

__noinline int lp_report_iteration(__u32 slot, __u64 now, __u64 busy)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_event_iteration_end *event;

	if (!loop)
		return 0;
	event = lp_event_reserve(sizeof(*event));
	if (!event)
		return 0;
	lp_event_fill(&event->event, LP_EVENT_ITERATION_END, sizeof(*event), now, slot, loop->pid);
	event->iteration = loop->iterations;
	event->busy_ns = busy;
	event->callbacks = loop->iteration_callbacks;
	event->slow = loop->slow_in_iteration;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

__noinline int lp_report_poll(__u32 slot, __u64 now, __u64 poll_ns, long ready)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_event_poll_return *event;

	if (!loop)
		return 0;
	event = lp_event_reserve(sizeof(*event));
	if (!event)
		return 0;
	lp_event_fill(&event->event, LP_EVENT_POLL_RETURN, sizeof(*event), now, slot, loop->pid);
	event->iteration = loop->iterations;
	event->poll_ns = poll_ns;
	event->ready = ready;
	event->reserved = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Reports an iteration that is slow even without the time of its slow callbacks. */
__noinline int lp_report_slow_iteration(__u32 slot, __u64 now)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_event_slow_iteration *event;
	struct lp_top_entry *top;
	__u64 own;
	__u32 i;

	if (!loop || !stall || !lp_is_span(now, loop->iteration_start_ns))
		return 0;
	own = lp_age(now - loop->iteration_start_ns, loop->slow_ns);
	lp_end_wait(slot);
	if (!lp_rate_limit_allows(&loop->iteration_rate_limit, now, own, LP_REPORTS_A_SECOND) ||
	    !lp_may_report(slot, now, own)) {
		loop->suppressed_iterations++;
		return 0;
	}
	/* The iteration was delayed before its first callback, and had none. */
	if (stall->account.account.segment_ns == loop->iteration_start_ns &&
	    stall->reported_ns != loop->iteration_start_ns)
		lp_report_segment(slot, loop->iteration_start_ns, now, LP_SEGMENT_GAP);
	lp_report_iteration_cpu_waits(slot, loop->iteration_start_ns, now);
	event = lp_event_reserve(sizeof(*event));
	if (!event)
		return 0;
	lp_event_fill(&event->event, LP_EVENT_SLOW_ITERATION, sizeof(*event), now, slot, loop->pid);
	event->event.reserved =
		loop->detected_segment_ns == loop->iteration_start_ns ? LP_STALL_BEGAN_BEFORE : 0;
	event->start_ns = loop->iteration_start_ns;
	event->iteration = loop->iterations;
	event->slow_ns = loop->slow_ns;
	event->blocked_ns = event->gil_ns = event->run_queue_ns = 0;
	if (stall->iteration_ns == loop->iteration_start_ns) {
		event->blocked_ns = stall->iteration_blocked_ns;
		event->gil_ns = stall->iteration_gil_ns;
		event->run_queue_ns = stall->iteration_run_queue_ns;
	}
	event->callbacks = loop->iteration_callbacks;
	event->in_progress = 0;
	for (i = 0; i < LP_TOP_ENTRIES; i++) {
		top = &loop->top[i];
		event->top[i] = *top;
		if (top->iteration != loop->iterations)
			event->top[i].count = 0;
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Sample mode: reports a polling thread that is not known to run a loop, ever less often. */
__weak __noinline int lp_unknown_poller(void)
{
	__u64 id = bpf_get_current_pid_tgid(), now;
	__u32 pid = id >> 32, tid = id;
	struct lp_poller *known, poller = { .step_ns = LP_POLLER_STEP_NS };
	struct lp_event_poller *event;
	struct lp_process *process;

	if (!lp_may_be_profiled(pid))
		return 0;
	process = bpf_map_lookup_elem(&processes, &pid);
	if (!process)
		return 0;
	now = bpf_ktime_get_ns();
	known = bpf_map_lookup_elem(&pollers, &tid);
	if (known) {
		if (now < known->next_ns)
			return 0;
		poller.step_ns = known->step_ns < LP_POLLER_STEP_MAX_NS ? known->step_ns * 2
									: known->step_ns;
	}
	/* The table of threads is full: the next poll tries again. */
	if (!lp_may_change(process, now))
		return 0;
	poller.next_ns = now + poller.step_ns;
	bpf_map_update_elem(&pollers, &tid, &poller, BPF_ANY);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 0; /* it will poll again */
	lp_event_fill(&event->event, LP_EVENT_POLLER, sizeof(*event), now, LP_NO_LOOP, pid);
	event->tid = tid;
	event->reserved = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * The epoll descriptor of the poll call that the thread is in, plus 1, for kernels
 * whose BTF does not let it be read from the call itself; 0: it polls none.
 */
__weak __noinline int lp_polled_descriptor(void)
{
	struct pt_regs registers = {};

	lp_user_registers(&registers);
	if (registers.orig_ax == LP_SYSCALL_EPOLL_WAIT ||
	    registers.orig_ax == LP_SYSCALL_EPOLL_PWAIT ||
	    registers.orig_ax == LP_SYSCALL_EPOLL_PWAIT2)
		return (int)registers.di + 1;
	return 0;
}

/*
 * Returns whether this is the poll of a loop whose descriptor is known. Another loop may have been
 * created at the same address, with another descriptor.
 */
__weak __noinline int lp_polls_own(__u32 slot, __u32 descriptor)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);

	if (!loop)
		return 0;
	if (!descriptor)
		descriptor = lp_polled_descriptor();
	if (!descriptor)
		return 0;
	if (!lp_object_runs(loop)) {
		/* The thread may run another loop by now, which mostly gets the same descriptor. */
		if (lp_config.sampling)
			lp_unknown_poller();
		return loop->poll_descriptor == descriptor;
	}
	if (loop->poll_descriptor == descriptor)
		return 1;
	if (lp_object_descriptor(loop) != descriptor)
		return 0;
	loop->poll_descriptor = descriptor;
	loop->base_frame = 0;
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
