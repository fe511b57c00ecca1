/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Sample mode: no probe tells when a callback begins.  What is seen on the stack
 * of a thread that is late, or that blocks, tells which one runs: the Handle whose
 * _run is there.  All handles of an iteration exist before its first one runs, so
 * that another one has another address.
 */
#ifndef LP_OBSERVE_BPF_H
#define LP_OBSERVE_BPF_H

/*
 * Between the last time that something else was seen and now.  What was seen to
 * begin a wait was there until its end.
 */
static __always_inline __u64 lp_seen_boundary(const struct lp_loop *loop,
					      const struct lp_wait *wait, __u64 now)
{
	__u64 last = loop->seen_ns;

	if (wait->segment_ns == loop->start_ns && wait->end_ns > last)
		last = wait->end_ns;
	if (last < loop->iteration_start_ns)
		return loop->iteration_start_ns;
	return last + (now - last) / 2;
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
__weak __noinline int lp_observe(__u32 slot, __u64 now, __u32 settled)
{
	struct lp_stall *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 boundary, handle;
	__u32 flags;

	if (!stall || !loop)
		return 0;
	handle = stall->handle;
	flags = stall->walked.flags;
	if (handle && handle == loop->seen_handle && loop->start_ns) {
		loop->seen_ns = now;
		return 1;
	}
	if (!handle && flags & (LP_STACK_CUT | LP_STACK_UNREADABLE))
		return 1;
	if (!handle && !(flags & LP_STACK_TO_LOOP) && !settled && !loop->seen_outside++)
		return 1;
	loop->seen_outside = 0;
	if (lp_config.bursts && loop->cut && lp_is_cut_one(loop, slot, handle)) {
		loop->seen_handle = handle;
		loop->seen_ns = now;
		return 1;
	}
	boundary = lp_seen_boundary(loop, &stall->wait, now);
	/* in the moment when its probe goes a callback may begin with it */
	if (lp_config.bursts && boundary < loop->start_ns)
		boundary = loop->start_ns;
	/* one that ran when the loop was found, and was not known by name yet, is the same */
	if (loop->start_ns && (loop->callback || boundary > loop->start_ns))
		lp_callback_end(loop, slot, boundary);
	loop->seen_handle = handle;
	loop->seen_ns = now;
	if (!handle) {
		if (flags & LP_STACK_TO_LOOP)
			return 1;
		/* run_forever has returned */
		loop->outside = 1;
		loop->iteration_start_ns = 0;
		loop->iteration_callbacks = 0;
		loop->slow_in_iteration = 0;
		loop->told_in_iteration = 0;
		loop->slow_ns = 0;
		return 0;
	}
	loop->callback = lp_identify_callback(
		loop, slot, lp_read_u64(handle + loop->python.offsets.handle_callback));
	loop->task = loop->callable.task;
	loop->queue_delay_ns = LP_NO_QUEUE_DELAY;
	/* else it is the one that ran when the loop was found, and counts already */
	if (!loop->start_ns) {
		loop->position = loop->iteration_callbacks++;
		/* with bursts it is the number of those that are in the histograms */
		if (!lp_config.bursts)
			loop->callbacks++;
	}
	loop->start_ns = boundary;
	return 1;
}

#endif /* LP_OBSERVE_BPF_H */
