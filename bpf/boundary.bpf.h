/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Loop boundaries: an iteration ends where its loop polls and begins where the poll returns. In
 * trace mode hooks on the system calls notice both (poll.bpf.c), in sample mode the scheduler does
 * (sleep.bpf.c).
 */
#ifndef LP_BPF_BOUNDARY_BPF_H
#define LP_BPF_BOUNDARY_BPF_H

#include "loop/common.bpf.h"
#include "loop/awake.bpf.h"
#include "loop/loop.bpf.h"
#include "runtime.bpf.h"

/* Of a poll whose result is not known, as in sample mode. */
#define LP_READY_UNKNOWN (-1)

/* In boundary.bpf.c. */
int lp_report_iteration(__u32 slot, __u64 now, __u64 busy);
int lp_report_poll(__u32 slot, __u64 now, __u64 poll_ns, long ready);
int lp_report_slow_iteration(__u32 slot, __u64 now);
int lp_unknown_poller(void);
int lp_polls_own(__u32 slot, __u32 descriptor);
int lp_polled_descriptor(void);

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
			if (descriptor && lp_config.sampling)
				lp_unknown_poller();
			return true;
		}
		loop->outside = 0;
		return false;
	}
	return loop->outside || (loop->start_ns && !known && lp_callback_active(loop));
}

/* Ends the callback and the iteration that are under way, of a loop that is about to poll. */
static __always_inline __u64 lp_iteration_close(struct lp_loop *loop, __u32 slot, __u64 now)
{
	__u64 busy;

	/* A callback that a sample discovers from here on has begun after now. */
	if (lp_may_be_sampled())
		lp_sampling_disable(loop);
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
	return busy;
}

/* Resets what is counted of one iteration, and begins the next one. */
static __always_inline void lp_iteration_open(struct lp_loop *loop, __u64 now)
{
	loop->iterations++;
	loop->slow_in_iteration = 0;
	loop->reported_in_iteration = 0;
	loop->iteration_callbacks = 0;
	loop->iteration_start_ns = now;
}

/*
 * Begins a poll of the loop. descriptor: see lp_poll_enter().
 *
 * waits: whether the call may sleep. A poll with a timeout of 0 (callbacks are ready) is an
 * instant: the next iteration begins where the last one ends, and the clock is read once.
 */
static __always_inline void lp_poll_begin(struct lp_loop *loop, __u32 slot, __u32 descriptor,
					  bool waits)
{
	__u64 now, busy;

	if (!loop->own_descriptor)
		loop->poll_descriptor = descriptor;
	now = bpf_ktime_get_ns();
	busy = lp_iteration_close(loop, slot, now);
	if (lp_config.bursts && !loop->sampled && !loop->trace_ns)
		lp_trace_end(loop, now);
	else if (lp_config.bursts && loop->sampled && loop->trace_ns)
		lp_trace_begin(loop, now);
	if (!waits && !loop->reported_in_iteration) {
		lp_iteration_open(loop, now);
		return;
	}
	/* The descriptors that waited for a slow callback are known when the poll returns. */
	if (loop->reported_in_iteration)
		lp_report_iteration(slot, now, busy);
	loop->iteration_start_ns = 0;
	loop->poll_start_ns = now;
}

/*
 * Ends the loop's poll at now. ready: the number of descriptors that it returns, a negative errno,
 * or LP_READY_UNKNOWN.
 */
static __always_inline void lp_poll_end(struct lp_loop *loop, __u32 slot, __u64 now, long ready)
{
	__u64 idle = lp_elapsed(now, loop->poll_start_ns);

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
	loop->interrupted_ns = ready < 0 ? loop->poll_start_ns : 0;
	loop->poll_start_ns = 0;
	lp_iteration_open(loop, now);
}

#endif /* LP_BPF_BOUNDARY_BPF_H */
