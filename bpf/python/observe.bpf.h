/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Sample mode: no probe tells when a callback begins.  What is seen on the stack
 * of a thread that is late, or that blocks, tells which one runs: the Handle whose
 * _run is there.  All handles of an iteration exist before its first one runs, so
 * that another one has another address.
 */
#ifndef LP_BPF_PYTHON_OBSERVE_BPF_H
#define LP_BPF_PYTHON_OBSERVE_BPF_H

#include "loop/common.bpf.h"
#include "loop/loop.bpf.h"
#include "identify.bpf.h"
#include "object.bpf.h"
#include "walk.bpf.h"

#include "uvloop_callable.bpf.h"

/*
 * Between the last time that something else was seen and now.  What was seen to
 * begin a wait was there until its end.
 */
static __always_inline __u64 lp_observed_boundary(const struct lp_loop *loop,
						  const struct lp_wait *wait, __u64 now)
{
	__u64 last = loop->last_sampled_ns;

	if (wait->segment_ns == loop->start_ns && wait->end_ns > last)
		last = wait->end_ns;
	if (last < loop->iteration_start_ns)
		last = loop->iteration_start_ns;
	else if (last)
		last += lp_age(now, last) / 2;
	/* the callback that ends has a beginning, which is not after its end */
	if (last < loop->start_ns)
		last = loop->start_ns;
	return last && last < now ? last : now;
}

/* run_forever has returned: what the thread does now is no part of the loop. */
static __always_inline void lp_observe_outside(struct lp_loop *loop)
{
	loop->outside = 1;
	loop->iteration_start_ns = 0;
	loop->iteration_callbacks = 0;
	loop->slow_in_iteration = 0;
	loop->reported_in_iteration = 0;
	loop->slow_ns = 0;
}

/* Another callback than before was seen: what it is, is in loop->callable. */
static __always_inline void lp_observe_begin(struct lp_loop *loop, __u64 boundary, __u32 callback)
{
	loop->callback = callback;
	loop->task = loop->callable.task;
	loop->queue_delay_ns = LP_NO_QUEUE_DELAY;
	/* else it is the one that ran when the loop was found, and counts already */
	if (!loop->start_ns) {
		loop->position = loop->iteration_callbacks++;
		loop->callbacks++;
	}
	loop->start_ns = boundary;
}

/* The callback that was seen before has ended somewhere before now. */
static __always_inline __u64 lp_observe_end(struct lp_loop *loop, const struct lp_wait *wait,
					    __u32 slot, __u64 now)
{
	__u64 boundary = lp_observed_boundary(loop, wait, now);

	/* one that ran when the loop was found, and was not known by name yet, is the same */
	if (loop->start_ns && (loop->callback || boundary > loop->start_ns))
		lp_callback_end(loop, slot, boundary);
	return boundary;
}

/*
 * uvloop: no Python frame tells the handle.  But what came out of the ready queue
 * last lies where it was taken from, and is running if the thread is in its context;
 * which timers, descriptors and streams call is told by the outermost frame.
 */
__weak __noinline int lp_uv_observe(__u32 slot, __u64 now)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 boundary, observed, entered = 0;
	struct lp_uv_handle_object *handle;
	bool found, running;

	if (!stall || !loop)
		return 0;
	/* too much for the stack, which 5.10 counts through all callers */
	handle = (struct lp_uv_handle_object *)stall->scratch;
	running = lp_uv_runs(loop->object);
	found = running && lp_uv_popped(loop, handle, &observed) &&
		lp_uv_entered(loop, handle->context, &entered);
	if (!found) {
		lp_uv_entered(loop, 0, &entered);
		observed = stall->outer_code ? stall->outer_code ^ entered : 0;
	}
	if (!running)
		observed = 0;
	if (observed && observed == loop->last_handle && loop->start_ns) {
		loop->last_sampled_ns = now;
		return 1;
	}
	boundary = lp_observe_end(loop, &stall->wait, slot, now);
	loop->last_handle = observed;
	loop->last_sampled_ns = now;
	if (!running) {
		lp_observe_outside(loop);
		return 0;
	}
	/* libuv itself, or uvloop between two callbacks */
	if (!observed)
		return 1;
	lp_observe_begin(loop, boundary,
			 found ? lp_uv_identify(loop, slot, observed, handle)
			       : lp_uv_identify_code(loop, slot, stall->outer_code));
	return 1;
}

/*
 * The callback that ran when its probe went is known but for its handle.  Is this it?
 * What it is called by may have another's slot in the table by now, so both are asked.
 */
static __always_inline bool lp_is_cut_one(struct lp_loop *loop, __u32 slot, __u64 handle)
{
	__u32 callback;

	loop->cut = 0;
	if (!handle || !loop->start_ns)
		return false;
	callback = lp_identify_callback(loop, slot,
					lp_read_u64(handle + loop->python.offsets.handle_callback));
	return callback == loop->callback && loop->callable.task == loop->task;
}

/*
 * After a walk of the current thread: begins the callback that it shows, if that
 * is another than before.  Returns 0 if the loop does not run at all any more.
 *
 * settled: the thread is in a system call, and its stack as it should be.  At any
 * other instruction the interpreter may be about to push a frame (3.11: the cframe
 * is entered before it has one), so that a stack without the loop must be seen twice
 * in a row to be believed.
 */
__weak __noinline int lp_observe(__u32 slot, __u64 now, __u32 certain)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 boundary, handle;
	__u32 flags, callback;

	if (!stall || !loop)
		return 0;
	if (loop->kind == LP_LOOP_UVLOOP)
		return lp_uv_observe(slot, now);
	handle = stall->handle;
	flags = stall->walked.flags;
	if (handle && handle == loop->last_handle && loop->start_ns) {
		loop->last_sampled_ns = now;
		return 1;
	}
	if (!handle && flags & (LP_STACK_CUT | LP_STACK_UNREADABLE))
		return 1;
	if (!handle && !(flags & LP_STACK_TO_LOOP) && !certain && !loop->outside_samples++)
		return 1;
	loop->outside_samples = 0;
	boundary = lp_observe_end(loop, &stall->wait, slot, now);
	loop->last_handle = handle;
	loop->last_sampled_ns = now;
	if (!handle) {
		if (flags & LP_STACK_TO_LOOP)
			return 1;
		lp_observe_outside(loop);
		return 0;
	}
	callback = lp_identify_callback(loop, slot,
					lp_read_u64(handle + loop->python.offsets.handle_callback));
	/* the stack could not be read at this instruction: the next sample reads it */
	if (!callback && !loop->callable.identity) {
		loop->last_handle = 0;
		return 1;
	}
	lp_observe_begin(loop, boundary, callback);
	return 1;
}

#endif /* LP_BPF_PYTHON_OBSERVE_BPF_H */
