// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Loop boundaries: an iteration ends where its loop polls and begins where the
 * poll returns.
 *
 * fentry and fexit cost only the callers of the poll calls.  A syscall
 * tracepoint puts every system call of the host on the slow path (measured on
 * 6.18: 60 to 100 ns for a pair of them, 270 ns for the raw tracepoints that all
 * system calls pass), so those are attached only where the kernel refuses
 * fentry, and only for the calls that the loops make.
 */
#define LP_DEFINE_MAPS
#include "loop/common.bpf.h"
#include "loop/awake.bpf.h"
#include "loop/loop.bpf.h"
#include "loop/stall.bpf.h"
#include "loop/thread.bpf.h"
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

/*
 * Returns whether the poll is no boundary of the loop: a callback makes it, or the thread does
 * outside of the loop.
 */
static __always_inline bool lp_is_foreign_poll(struct lp_loop *loop, __u32 slot, __u32 descriptor,
					       bool waits)
{
	bool known = descriptor && loop->poll_descriptor == descriptor;

	if (loop->own_descriptor) {
		/* No probe reports a new Loop in sample mode, and the new one may have the same
		 * descriptor. */
		if ((!known || (waits && (lp_config.sampling || lp_config.bursts))) &&
		    !lp_polls_own(slot, descriptor))
			return true;
		loop->outside = 0;
		/* The frames on the stack are only those of the function that runs the loop. */
		if (!loop->base_frame || (waits && (lp_config.sampling || lp_config.bursts)))
			loop->base_frame = lp_loop_frame(loop);
		return false;
	}
	if (loop->sampled) {
		if ((!known || loop->outside) && !lp_polls_itself(loop, slot)) {
			/* the thread may run a loop of another kind by now */
			if (descriptor && !known && lp_config.sampling)
				lp_unknown_poller();
			return true;
		}
		loop->outside = 0;
		return false;
	}
	return loop->outside || (loop->start_ns && !known && lp_callback_active(loop));
}

/*
 * descriptor: the epoll descriptor plus 1, or 0 where it is not known. A callback may poll on its
 * own (time.sleep up to 3.10, a database driver), which is no boundary. Only the loop polls its
 * own epoll descriptor, so that nothing has to be read from the target once the descriptor is
 * known.
 *
 * waits: whether the call may sleep. A poll with a timeout of 0 (callbacks are ready) is an
 * instant: the next iteration begins where the last one ends, and the clock is read once.
 */
static __always_inline int lp_poll_enter(__u32 descriptor, bool waits)
{
	struct lp_loop *loop;
	__u64 now, busy;
	__u32 slot;

	loop = lp_current_loop(&slot);
	if (!loop) {
		if (lp_config.sampling)
			lp_unknown_poller();
		return 0;
	}
	if (lp_is_foreign_poll(loop, slot, descriptor, waits))
		return 0;
	if (!loop->own_descriptor)
		loop->poll_descriptor = descriptor;
	/* A callback that a sample discovers from here on has begun after now. */
	if (lp_may_be_sampled())
		lp_sampling_disable(loop);
	now = bpf_ktime_get_ns();
	if (lp_config.inner && loop->start_ns)
		lp_end_step(loop, slot);
	if (loop->start_ns)
		lp_callback_end(loop, slot, now);
	if (lp_may_be_sampled())
		lp_sampling_enable(loop);
	busy = lp_iteration_end(loop, now);
	if (busy >= loop->threshold_ns && busy >= loop->slow_ns &&
	    busy - loop->slow_ns >= loop->threshold_ns)
		lp_report_slow_iteration(slot, now);
	loop->slow_ns = 0;
	if (lp_config.bursts && !loop->sampled && !loop->trace_ns)
		lp_trace_end(loop, now);
	else if (lp_config.bursts && loop->sampled && loop->trace_ns)
		lp_trace_begin(loop, now);
	if (!waits && !loop->reported_in_iteration) {
		loop->iterations++;
		loop->slow_in_iteration = 0;
		loop->iteration_callbacks = 0;
		loop->iteration_start_ns = now;
		return 0;
	}
	/* The descriptors that waited for a slow callback are known when the poll returns. */
	if (loop->reported_in_iteration)
		lp_report_iteration(slot, now, busy);
	loop->iteration_start_ns = 0;
	loop->poll_start_ns = now;
	return 0;
}

static __always_inline int lp_poll_exit(long ready)
{
	struct lp_loop *loop;
	__u64 now, idle;
	__u32 slot;

	loop = lp_current_loop(&slot);
	if (!loop || !loop->poll_start_ns)
		return 0;
	now = bpf_ktime_get_ns();
	idle = lp_elapsed(now, loop->poll_start_ns);
	loop->idle_ns += idle;
	/* The loop was polling when the probes were attached: no callback has run since without
	 * them. */
	if (lp_config.bursts && loop->sampled && loop->trace_ns)
		lp_trace_begin(loop, loop->trace_ns > loop->poll_start_ns ? loop->trace_ns
									  : loop->poll_start_ns);
	if (loop->watched && ready > 0)
		lp_record_ready(slot);
	if (loop->reported_in_iteration)
		lp_report_poll(slot, now, idle, ready);
	loop->iterations++;
	loop->slow_in_iteration = 0;
	loop->reported_in_iteration = 0;
	loop->iteration_callbacks = 0;
	loop->interrupted_ns = ready < 0 ? loop->poll_start_ns : 0;
	loop->poll_start_ns = 0;
	loop->iteration_start_ns = now;
	return 0;
}

/* One row a poll system call, by its kernel function. */
#define LP_POLL(name)                                                                              \
	SEC("?fentry/__x64_sys_" #name)                                                            \
	int lp_enter_##name(void *ctx)                                                             \
	{                                                                                          \
		return lp_poll_enter(0, true);                                                     \
	}                                                                                          \
	SEC("?fexit/__x64_sys_" #name)                                                             \
	int BPF_PROG(lp_exit_##name, const struct pt_regs *regs, long result)                      \
	{                                                                                          \
		return lp_poll_exit(result);                                                       \
	}

LP_POLL(epoll_wait)
LP_POLL(epoll_pwait)
LP_POLL(epoll_pwait2)
LP_POLL(poll)
LP_POLL(ppoll)
LP_POLL(select)
LP_POLL(pselect6)
LP_POLL(io_uring_enter)

/*
 * The same with the descriptor, where the kernel's BTF knows struct pt_regs: in
 * that of 5.10 it is only a forward declaration, and the verifier refuses to read.
 */
#define LP_POLL_DESCRIPTOR(name, waits)                                                            \
	SEC("?fentry/__x64_sys_" #name)                                                            \
	int BPF_PROG(lp_epoll_##name, const struct pt_regs *regs)                                  \
	{                                                                                          \
		return lp_poll_enter((__u32)regs->di + 1, waits);                                  \
	}

/* the fourth argument: a time in milliseconds, or (epoll_pwait2) a pointer to one */
LP_POLL_DESCRIPTOR(epoll_wait, (int)regs->r10 != 0)
LP_POLL_DESCRIPTOR(epoll_pwait, (int)regs->r10 != 0)
LP_POLL_DESCRIPTOR(epoll_pwait2, true)

/*
 * The records of these tracepoints: events/syscalls/NAME/format in tracefs, which
 * says that the number takes 8 bytes.  The kernel writes 4 of them, and leaves what
 * was on its stack in the rest (kernel/trace/trace_syscalls.c: perf_call_bpf_enter).
 */
struct lp_sys_enter_record {
	__u64 common;
	__s32 number;
	__s32 unwritten;
	__u64 arguments[6];
};

struct lp_sys_exit_record {
	__u64 common;
	__s32 number;
	__s32 unwritten;
	__s64 result;
};

/* Attached to each poll call's own tracepoint by the session, which knows their names. */
SEC("?tracepoint/syscalls/sys_enter_epoll_wait")
int lp_sys_enter(struct lp_sys_enter_record *record)
{
	__u32 descriptor = 0;
	bool waits = true;

	switch (record->number) {
	case LP_SYSCALL_EPOLL_WAIT:
	case LP_SYSCALL_EPOLL_PWAIT:
		waits = (int)record->arguments[3] != 0;
		descriptor = (__u32)record->arguments[0] + 1;
		break;
	case LP_SYSCALL_EPOLL_PWAIT2: /* The timeout is behind a pointer. */
		descriptor = (__u32)record->arguments[0] + 1;
		break;
	default:
		break;
	}
	return lp_poll_enter(descriptor, waits);
}

/* The kernel refuses a program that reads more arguments than the call has. */
SEC("?tracepoint/syscalls/sys_enter_poll")
int lp_sys_other(void *record)
{
	return lp_poll_enter(0, true);
}

SEC("?tracepoint/syscalls/sys_exit_epoll_wait")
int lp_sys_exit(struct lp_sys_exit_record *record)
{
	return lp_poll_exit(record->result);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
