// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Sample mode: follows callbacks without a probe at their beginning. The stack of a thread that is
 * late or blocked shows which callback is running: it has the frame of the Handle's _run. All
 * handles of an iteration exist before its first one runs, so that different callbacks have
 * different addresses.
 */
#include "loop/common.bpf.h"
#include "loop/loop.bpf.h"
#include "loop/stall.bpf.h"
#include "identify.bpf.h"
#include "object.bpf.h"
#include "runtime.bpf.h"
#include "uvloop_callable.bpf.h"
#include "walk.bpf.h"

/* Limit of the frames between the poll and the loop's own frame: those of the selector. */
#define LP_SELECTOR_FRAMES 8

/*
 * Estimates when one callback ended and the next began: halfway between the last sample of the
 * former and now. A callback that was sampled at the beginning of a wait lasted until the end of
 * the wait, which most callbacks end soon after: without hooks on polls that is the estimate.
 */
static __always_inline __u64 lp_observed_boundary(const struct lp_loop *loop,
						  const struct lp_wait *wait, __u64 now)
{
	__u64 last = loop->last_sampled_ns;

	if (lp_polls_unhooked()) {
		if (last == loop->waited_until_ns && last > loop->iteration_start_ns &&
		    last >= loop->start_ns && last < now)
			return last;
	} else if (wait->segment_ns == loop->start_ns && wait->end_ns > last) {
		last = wait->end_ns;
	}
	if (last < loop->iteration_start_ns)
		last = loop->iteration_start_ns;
	else if (last)
		last += lp_age(now, last) / 2;
	/* The end of a callback is not before its beginning. */
	if (last < loop->start_ns)
		last = loop->start_ns;
	return last && last < now ? last : now;
}

/*
 * run_forever has returned: the thread's time is not the loop's from now on. Its last iteration
 * lasted until the end of its last callback, at boundary, if a sample has shown one.
 */
static __always_inline void lp_observe_outside(struct lp_loop *loop, __u64 boundary)
{
	if (loop->iteration_start_ns && loop->iteration_callbacks) {
		lp_iteration_end(loop, boundary);
		loop->iterations++;
	}
	loop->outside = 1;
	loop->iteration_start_ns = 0;
	lp_iteration_reset(loop);
}

/* Begins a callback that a sample has discovered; loop->callable says what it is. */
static __always_inline void lp_observe_begin(struct lp_loop *loop, __u64 boundary, __u32 callback)
{
	loop->callback = callback;
	loop->task = loop->callable.task;
	loop->queue_delay_ns = LP_NO_QUEUE_DELAY;
	/*
	 * With start_ns, it is the one that was running when the loop was discovered, which is
	 * counted already. With bursts any other callback counts only if it is slow.
	 */
	if (!loop->start_ns) {
		loop->position = loop->iteration_callbacks++;
		loop->callbacks += !lp_config.bursts || boundary == loop->detected_segment_ns;
	}
	loop->start_ns = boundary;
}

/* Without hooks on polls, the end of a step may be noticed after its task is freed. */
static __always_inline void lp_note_task_name(const struct lp_loop *loop,
					      struct lp_wait_state *stall)
{
	stall->named_ns = 0;
	if (!loop->task || !lp_polls_unhooked())
		return;
	lp_read_task_name(loop, stall->task_name);
	stall->named_ns = loop->start_ns;
}

/* Ends the callback that the last sample showed. Returns the estimated end. */
static __always_inline __u64 lp_observe_end(struct lp_loop *loop, const struct lp_wait *wait,
					    __u32 slot, __u64 now)
{
	__u64 boundary = lp_observed_boundary(loop, wait, now);

	/* A callback that was running when the loop was discovered, and has no name yet, is the
	 * same one. */
	if (loop->start_ns && (loop->callback || boundary > loop->start_ns))
		lp_callback_end(loop, slot, boundary);
	return boundary;
}

/*
 * Returns whether a callback was running when its probe was detached or its loop was discovered,
 * and no sample has identified it since: its handle is not known.
 */
static __always_inline bool lp_has_cut_callable(const struct lp_loop *loop)
{
	return loop->cut && loop->start_ns;
}

/*
 * Returns whether a handle, 0 for none, is that of the cut callback. callback: the slot of the
 * handle's callable, which is in loop->callable. As the slot may belong to another callable by now,
 * the task is compared as well if it is known. The loop has no cut callback afterwards.
 */
static __always_inline bool lp_is_cut_callable(struct lp_loop *loop, __u64 handle, __u32 callback)
{
	bool has = lp_has_cut_callable(loop);

	loop->cut = 0;
	if (!has || !handle || (loop->task && loop->callable.task != loop->task))
		return false;
	/* --inner: the slot is that of what the task awaited when its step began, or of what it
	 * awaits now. */
	if (callback != loop->callback && !(lp_config.inner && loop->task))
		return false;
	loop->task = loop->callable.task;
	return true;
}

/*
 * Returns whether a handle is the one that the last sample has observed, and still runs. Its memory
 * may belong to another handle by now, which runs another object. stall->object: what the handle
 * runs; 0 if that cannot be read; None if the handle was cancelled while it runs.
 */
static __always_inline bool lp_is_last_handle(const struct lp_loop *loop,
					      const struct lp_wait_state *stall, __u64 handle)
{
	return handle && handle == loop->last_handle && loop->start_ns &&
	       (!stall->object || stall->object == stall->last_object ||
		stall->object == loop->layout.python.none);
}

/*
 * uvloop: no Python frame has the handle. But the one that was taken from the ready queue last can
 * still be read where it was in the queue, and is running if the thread is in its context;
 * callbacks of timers, descriptors and streams are identified by the outermost frame.
 */
__noinline int lp_uv_observe(__u32 slot, __u64 now)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 boundary, observed, entered = 0;
	struct lp_uv_handle_object *handle;
	bool found, running;
	__u32 callback = 0;

	if (!stall || !loop)
		return 0;
	/* Too large for the stack, which 5.10 counts through all callers. */
	handle = (struct lp_uv_handle_object *)stall->scratch;
	running = lp_uv_runs(loop->object);
	found = running && lp_uv_popped(loop, handle, &observed) &&
		lp_uv_entered(loop, handle->context, &entered);
	if (!found) {
		lp_uv_entered(loop, 0, &entered);
		/* without the loop's own frame, the outermost one is none of a callback */
		observed = stall->outer_code && loop->base_frame ? stall->outer_code ^ entered : 0;
	}
	if (!running)
		observed = 0;
	stall->object = found ? handle->argument : 0;
	if (lp_is_last_handle(loop, stall, observed)) {
		loop->last_sampled_ns = now;
		return 1;
	}
	stall->last_object = stall->object;
	if (observed)
		callback = found ? lp_uv_identify(loop, slot, observed, handle, true)
				 : lp_uv_identify_code(loop, slot, stall->outer_code);
	if (lp_is_cut_callable(loop, observed, callback)) {
		loop->last_handle = observed;
		loop->last_sampled_ns = now;
		return 1;
	}
	boundary = lp_observe_end(loop, &stall->wait, slot, now);
	loop->last_handle = observed;
	loop->last_sampled_ns = now;
	if (!running) {
		lp_observe_outside(loop, boundary);
		return 0;
	}
	/* libuv itself, or uvloop between two callbacks */
	if (!observed)
		return 1;
	lp_observe_begin(loop, boundary, callback);
	lp_note_task_name(loop, stall);
	return 1;
}

/*
 * Reads what the handle runs that the last walk has found, and returns whether it is that of the
 * last sample. Any other will be. A function of its own, as 5.10 adds up the stacks of all callers.
 */
__noinline int lp_found_last_handle(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);

	if (!stall || !loop || !stall->handle)
		return 0;
	stall->object = lp_read_u64(stall->handle + loop->layout.python.offsets.handle_callback);
	if (lp_is_last_handle(loop, stall, stall->handle))
		return 1;
	stall->last_object = stall->object;
	return 0;
}

/*
 * Handles the result of a walk of the current thread: begins the callback that it shows, if that
 * is another than before. Returns 0 if the loop is not running any more.
 *
 * certain: the thread is in a system call, so that its stack is consistent. At any other
 * instruction the interpreter may be about to push a frame (3.11: the cframe is entered before it
 * has one), so that only two samples in a row without the loop's frame mean that the loop has
 * ended. While the interpreter is finalised, the thread has no frame.
 */
__noinline int lp_python_observe(__u32 slot, __u64 now, __u32 certain)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 boundary;
	__u32 flags, callback = 0;

	if (!stall || !loop)
		return 0;
	if (loop->kind == LP_LOOP_UVLOOP)
		return lp_uv_observe(slot, now);
	flags = stall->walked.flags;
	if (lp_found_last_handle(slot)) {
		loop->outside_samples = 0;
		loop->last_sampled_ns = now;
		return 1;
	}
	if (!stall->handle && flags & (LP_STACK_CUT | LP_STACK_UNREADABLE) && !stall->frameless)
		return 1;
	if (!stall->handle && !(flags & LP_STACK_TO_LOOP) && !certain && !loop->outside_samples++)
		return 1;
	loop->outside_samples = 0;
	if (stall->handle && lp_has_cut_callable(loop))
		callback = lp_identify_callback(loop, slot, stall->object, true);
	if (lp_is_cut_callable(loop, stall->handle, callback)) {
		loop->last_handle = stall->handle;
		loop->last_sampled_ns = now;
		return 1;
	}
	boundary = lp_observe_end(loop, &stall->wait, slot, now);
	loop->last_handle = stall->handle;
	loop->last_sampled_ns = now;
	if (!stall->handle) {
		if (flags & LP_STACK_TO_LOOP)
			return 1;
		lp_observe_outside(loop, boundary);
		return 0;
	}
	callback = lp_identify_callback(loop, slot, stall->object, true);
	/* The stack could not be read at this instruction: the next sample tries again. */
	if (!callback && !loop->callable.identity) {
		loop->last_handle = 0;
		return 1;
	}
	lp_observe_begin(loop, boundary, callback);
	lp_note_task_name(loop, stall);
	return 1;
}

/* PyFloatObject.ob_fval, the same in 3.8 to 3.15 */
#define LP_FLOAT_VALUE 16
/* of a double: the bits of its fraction, and the exponent of a number whose last bit is 1 */
#define LP_FRACTION_BITS 52
#define LP_EXPONENT_OF_ONES 1075

/* Converts a number of seconds, the bits of a double, to ns; 0: not from 1 s to 2^32 s. */
static __always_inline __u64 lp_ns_of_seconds(__u64 bits)
{
	__u64 digits = (bits & ((1ULL << LP_FRACTION_BITS) - 1)) | 1ULL << LP_FRACTION_BITS;
	__u64 shift = LP_EXPONENT_OF_ONES - (bits >> LP_FRACTION_BITS), seconds, fraction;

	/* the sign is the highest bit of the exponent, whose difference wraps around then */
	if (shift > LP_FRACTION_BITS || shift < 21)
		return 0;
	seconds = digits >> shift;
	fraction = digits & ((1ULL << shift) - 1);
	/* 32 bits of the fraction are less than a nanosecond, and a product of 30 bits fits */
	if (shift > 32) {
		fraction >>= shift - 32;
		shift = 32;
	}
	return seconds * 1000000000ULL + (fraction * 1000000000ULL >> shift);
}

/*
 * Returns the begin of an iteration that has not stored the time after its poll. A thread on the
 * CPU is in a poll that returns at once: the iteration before it has ended. But after the poll it
 * may wait for the GIL for long, and be on the CPU between two of these waits.
 */
static __always_inline __u64 lp_begun_without_time(const struct lp_loop *loop,
						   const struct lp_wait *wait, __u64 now,
						   __u32 on_cpu)
{
	bool waits = wait->reason == LP_SAMPLE_GIL &&
		     wait->iteration_ns == loop->iteration_start_ns;

	return on_cpu && !waits ? now : 0;
}

/*
 * Returns when the iteration that runs has begun, by the local variable in which the frame of
 * _run_once stores the time after its poll; 0: not known. The stack of the current thread was just
 * walked. on_cpu: see lp_iteration_renew().
 */
__noinline __u64 lp_python_iteration_begun(__u32 slot, __u64 now, __u32 on_cpu)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 value;

	if (!stall || !loop)
		return 0;
	if (loop->kind == LP_LOOP_UVLOOP) {
		value = lp_uv_iteration_begun(loop);
	} else if (!loop->facts.python.end_time) {
		/* of a loop of another library: another callback than in the last sample */
		return loop->last_sampled_ns > loop->iteration_start_ns &&
				       stall->handle != loop->last_handle
			       ? loop->last_sampled_ns + lp_age(now, loop->last_sampled_ns) / 2
			       : 0;
	} else {
		/* between two calls of _run_once */
		if (!stall->once_frame)
			return stall->walked.flags & LP_STACK_TO_LOOP
				       ? lp_begun_without_time(loop, &stall->wait, now, on_cpu)
				       : 0;
		value = lp_read_u64(stall->once_frame + loop->facts.python.end_time) &
			~loop->layout.python.offsets.tag_mask;
		/* the loop is in its poll, or has not stored the time yet */
		if (!value)
			return lp_begun_without_time(loop, &stall->wait, now, on_cpu);
		value = lp_ns_of_seconds(lp_read_u64(value + LP_FLOAT_VALUE));
	}
	return value ? value - loop->facts.python.clock_shift : 0;
}

/* uvloop: notes which iteration follows the poll that begins. */
__noinline int lp_python_poll_begins(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);

	if (loop && loop->kind == LP_LOOP_UVLOOP && loop->facts.python.uvloop.loop_count)
		loop->turn = lp_uv_turn(loop, lp_read_u64(loop->object + LP_UV_LOOP_UV));
	return 0;
}

/* Sample mode: returns whether the loop itself polls, and not a callback. */
__noinline int lp_python_polls_itself(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	const struct lp_python_offsets *offsets;
	struct lp_process *process;
	__u64 frame, code;
	__u32 i;

	if (!loop)
		return 0;
	process = bpf_map_lookup_elem(&processes, &loop->pid);
	if (!process || (!process->facts.python.code.run_once && !loop->facts.python.run_once_code))
		return 0;
	offsets = &loop->layout.python.offsets;
	frame = lp_top_frame(offsets, loop->thread_state);
	for (i = 0; i < LP_SELECTOR_FRAMES && frame; i++) {
		code = lp_read_u64(frame + offsets->f_executable) & ~offsets->tag_mask;
		if (code == process->facts.python.code.dispatch)
			return 0;
		if (lp_is_loop_code(loop, process->facts.python.code.run_once, code))
			return 1;
		frame = lp_read_u64(frame + offsets->frame_previous);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
