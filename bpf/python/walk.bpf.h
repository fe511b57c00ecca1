/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The Python stack of a thread of the current process, as (code object,
 * instruction) pairs: from the innermost frame out to the loop's own.  User space
 * makes names and lines of them.
 */
#ifndef LP_BPF_PYTHON_WALK_BPF_H
#define LP_BPF_PYTHON_WALK_BPF_H

#include "loop/common.bpf.h"
#include "object.bpf.h"

/* Of a frame, up to the last field that is read (3.8: f_lasti at 104). */
#define LP_FRAME_BYTES 112
/*
 * Frames without Python code lie in between, a damaged chain may be a circle, and in
 * sample mode the loop's own frame is looked for beyond those that are kept.
 */
#define LP_WALK_STEPS 512

static __always_inline struct lp_wait_state *lp_wait_state_of(__u32 slot)
{
	return bpf_map_lookup_elem(&stalls, &slot);
}

/* A field of the frame in the scratch area, wherever the offsets say that it is. */
static __always_inline __u64 lp_frame_field(const struct lp_wait_state *stall, __u16 offset)
{
	__u32 at = offset & (LP_SCRATCH_BYTES - 8);
	__u64 value;

	__builtin_memcpy(&value, stall->scratch + at, sizeof(value));
	return value;
}

/* Has the frame Python code of its own?  Others lie between C and Python. */
static __always_inline bool lp_frame_is_python(const struct lp_wait_state *stall,
					       const struct lp_python_offsets *offsets)
{
	return offsets->frame_owner == LP_NO_FIELD ||
	       stall->scratch[offsets->frame_owner & (LP_SCRATCH_BYTES - 1)] < offsets->first_shim;
}

/* Is this the loop's own code, or that of its class? */
static __always_inline bool lp_is_loop_code(const struct lp_loop *loop, __u64 run_once, __u64 code)
{
	return code &&
	       (code == run_once || code == loop->run_once_code || code == loop->forever_code);
}

static __always_inline void lp_store_frame(struct lp_event_raw_stack *walked, __u64 code,
					   __u64 instruction)
{
	__u32 depth = walked->depth & (LP_STACK_FRAMES - 1);

	walked->frames[depth].code = code;
	walked->frames[depth].instruction = instruction;
	walked->stack = (walked->stack ^ code) * LP_HASH_PRIME;
	walked->stack = (walked->stack ^ instruction) * LP_HASH_PRIME;
	walked->depth++;
}

/*
 * One frame; returns whether there is another one.  A function of its own, with all
 * that it knows in the map: so the verifier looks at it once, instead of once a turn
 * of the loop, which alone would take longer than attaching may.
 */
__weak __noinline int lp_walk_frame(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_wait_state *stall = lp_wait_state_of(slot);
	const struct lp_python_offsets *offsets;
	struct lp_event_raw_stack *walked;
	__u64 code, instruction;

	if (!loop || !stall || !stall->frame)
		return 0;
	offsets = &loop->python.offsets;
	walked = &stall->walked;
	if (bpf_probe_read_user(stall->scratch, LP_FRAME_BYTES, (void *)stall->frame)) {
		walked->flags |= LP_STACK_UNREADABLE;
		return 0;
	}
	code = lp_frame_field(stall, offsets->f_executable) & ~offsets->tag_mask;
	instruction = lp_frame_field(stall, offsets->frame_instr_ptr);
	/* up to 3.10: f_lasti, an int */
	if (offsets->frame_owner == LP_NO_FIELD)
		instruction = (__u32)instruction;
	if (code && code == stall->dispatch_code) {
		/* the callback's own frame is gone, or not there yet */
		if (!walked->depth)
			lp_store_frame(walked, code, instruction);
		/* its only argument, self */
		stall->handle = lp_read_u64(stall->frame + offsets->frame_localsplus) &
				~offsets->tag_mask;
		walked->flags |= LP_STACK_TO_LOOP;
		return 0;
	}
	if (lp_is_loop_code(loop, stall->run_once_code, code)) {
		walked->flags |= LP_STACK_TO_LOOP;
		return 0;
	}
	if (stall->frame == stall->base_frame) {
		/* the callback is no Python function, and has called none */
		if (!walked->depth)
			lp_store_frame(walked, code, instruction);
		walked->flags |= LP_STACK_TO_LOOP;
		return 0;
	}
	if (lp_frame_is_python(stall, offsets)) {
		stall->outer_code = code;
		if (walked->depth < LP_STACK_FRAMES) {
			lp_store_frame(walked, code, instruction);
		} else {
			walked->flags |= LP_STACK_CUT;
			if (!loop->sampled)
				return 0;
		}
	}
	stall->frame = lp_frame_field(stall, offsets->frame_previous);
	return stall->frame != 0;
}

/*
 * Walks into stall->walked: frames, depth, flags, and as its name a hash (FNV-1a,
 * by words) of all frames.  Stops at the frame that dispatches callbacks, whose
 * Handle it keeps in stall->handle, or that polls.  One read of the target a frame.
 */
__weak __noinline int lp_walk(__u32 slot, __u64 thread_state)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_wait_state *stall = lp_wait_state_of(slot);
	struct lp_process *process;
	__u32 i;

	if (!loop || !stall)
		return 0;
	stall->handle = 0;
	stall->walked.depth = 0;
	stall->walked.flags = LP_STACK_UNREADABLE;
	process = bpf_map_lookup_elem(&processes, &loop->pid);
	if (!process)
		return 0;
	stall->dispatch_code = process->dispatch_code;
	stall->run_once_code = process->run_once_code;
	stall->base_frame = loop->base_frame;
	stall->outer_code = 0;
	stall->frame = lp_top_frame(&loop->python.offsets, thread_state);
	stall->walked.stack = LP_HASH_BASIS;
	stall->walked.thread_state = thread_state;
	stall->walked.flags = stall->frame ? 0 : LP_STACK_UNREADABLE;
	for (i = 0; i < LP_WALK_STEPS; i++)
		if (!lp_walk_frame(slot))
			return 0;
	stall->walked.flags |= LP_STACK_CUT;
	return 0;
}

/* Sends what was walked last.  Its head has been filled by lp_walked_for. */
static __always_inline void lp_report_walked(struct lp_wait_state *stall)
{
	__u32 depth = stall->walked.depth, bytes;

	/* so that the verifier of 5.10 knows the bound at the call */
	if (depth > LP_STACK_FRAMES)
		return;
	bytes = __builtin_offsetof(struct lp_event_raw_stack, frames) +
		depth * sizeof(struct lp_frame_reference);
	asm volatile("" : "+r"(bytes));
	if (bytes > sizeof(struct lp_event_raw_stack))
		return;
	stall->walked.event.size = bytes;
	if (bpf_ringbuf_output(&events, &stall->walked, bytes, 0))
		lp_lose(LP_LOST_RING);
}

/* Why it was walked, and for which segment. */
static __always_inline void lp_walked_for(struct lp_wait_state *stall, const struct lp_loop *loop,
					  __u32 slot, __u32 reason, __u64 segment_ns, __u64 now)
{
	lp_event_fill(&stall->walked.event, LP_EVENT_RAW_STACK, 0, now, slot, loop->pid);
	stall->walked.segment_ns = segment_ns;
	stall->walked.reason = reason;
	stall->walked.syscall = 0;
	stall->walked.resource.kind = LP_RESOURCE_NONE;
	if (!loop->start_ns)
		stall->walked.flags |= LP_STACK_GAP;
}

#endif /* LP_BPF_PYTHON_WALK_BPF_H */
