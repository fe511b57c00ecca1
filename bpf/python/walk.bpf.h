/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Walks the Python stack of a thread of the current process, as (code object, instruction) pairs,
 * from the innermost frame out to the loop's own. User space resolves names and lines.
 */
#ifndef LP_BPF_PYTHON_WALK_BPF_H
#define LP_BPF_PYTHON_WALK_BPF_H

#include "loop/common.bpf.h"
#include "object.bpf.h"

/* Bytes of a frame up to the end of the last field that is read (3.8: f_lasti at 104). */
#define LP_FRAME_BYTES 112
/*
 * Limits of a walk, in steps and in groups of steps: there are frames without Python code in
 * between, a damaged chain may be circular, and in sample mode the walk continues to the loop's own
 * frame when the array of frames is full.  The verifier checks a group once, and each pass of both
 * loops.
 */
#define LP_WALK_STEPS 32
#define LP_WALK_GROUPS 16

static __always_inline struct lp_wait_state *lp_wait_state_of(__u32 slot)
{
	return bpf_map_lookup_elem(&stalls, &slot);
}

/* A field of the frame in the scratch area, at an offset that is checked. */
static __always_inline __u64 lp_frame_field(const struct lp_wait_state *stall, __u16 offset)
{
	__u32 at = offset & (LP_SCRATCH_BYTES - 8);
	__u64 value;

	__builtin_memcpy(&value, stall->scratch + at, sizeof(value));
	return value;
}

/* Returns whether the frame has Python code of its own. Others lie between C and Python. */
static __always_inline bool lp_frame_is_python(const struct lp_wait_state *stall,
					       const struct lp_python_offsets *offsets)
{
	return offsets->frame_owner == LP_NO_FIELD ||
	       stall->scratch[offsets->frame_owner & (LP_SCRATCH_BYTES - 1)] < offsets->first_shim;
}

/* Returns whether the code is the loop's own, or that of its class. */
static __always_inline bool lp_is_loop_code(const struct lp_loop *loop, __u64 run_once, __u64 code)
{
	return code && (code == run_once || code == loop->facts.python.run_once_code ||
			code == loop->facts.python.forever_code);
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
 * Visits one frame; returns whether another one follows. All state of the walk is in the map, so
 * that the verifier checks this function once instead of once an iteration of the loop, which
 * alone would take longer than attaching may.
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
	offsets = &loop->layout.python.offsets;
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
		/* The callback's own frame has ended, or has not begun. */
		if (!walked->depth)
			lp_store_frame(walked, code, instruction);
		stall->once_frame = lp_frame_field(stall, offsets->frame_previous);
		/* its only argument, self */
		stall->handle = lp_read_u64(stall->frame + offsets->frame_localsplus) &
				~offsets->tag_mask;
		walked->flags |= LP_STACK_TO_LOOP;
		return 0;
	}
	if (lp_is_loop_code(loop, stall->run_once_code, code)) {
		if (code != loop->facts.python.forever_code)
			stall->once_frame = stall->frame;
		walked->flags |= LP_STACK_TO_LOOP;
		return 0;
	}
	if (stall->frame == stall->base_frame) {
		/* The callback is no Python function, and has called none. */
		if (!walked->depth)
			lp_store_frame(walked, code, instruction);
		walked->flags |= LP_STACK_TO_LOOP;
		return 0;
	}
	if (lp_frame_is_python(stall, offsets) && !lp_is_init_shim(offsets, code, instruction)) {
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

/* Visits a group of frames; returns whether another one follows. */
__weak __noinline int lp_walk_group(__u32 slot, __u32 most)
{
	struct lp_wait_state *stall = lp_wait_state_of(slot);
	__u32 i;

	if (!stall)
		return 0;
	for (i = 0; i < LP_WALK_STEPS; i++) {
		if (stall->walked.depth >= most) {
			stall->walked.flags |= LP_STACK_CUT;
			return 0;
		}
		if (!lp_walk_frame(slot))
			return 0;
	}
	return 1;
}

/*
 * Walks into stall->walked: frames, depth and flags, and as the stack's identity a hash (FNV-1a,
 * by words) of all frames. Stops at the frame that polls, or that dispatches callbacks; the Handle
 * of the latter is stored in stall->handle. One read of the target a frame.
 *
 * most: the number of frames after which the walk stops and marks the stack as cut.
 */
__weak __noinline int lp_python_walk(__u32 slot, __u64 thread_state, __u32 most)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_wait_state *stall = lp_wait_state_of(slot);
	struct lp_process *process;
	__u32 i;

	if (!loop || !stall)
		return 0;
	stall->handle = 0;
	stall->once_frame = 0;
	stall->frameless = 0;
	stall->walked.depth = 0;
	stall->walked.flags = LP_STACK_UNREADABLE;
	process = bpf_map_lookup_elem(&processes, &loop->pid);
	if (!process)
		return 0;
	stall->dispatch_code = process->facts.python.code.dispatch;
	stall->run_once_code = process->facts.python.code.run_once;
	stall->base_frame = loop->base_frame;
	stall->outer_code = 0;
	stall->frame = lp_top_frame(&loop->layout.python.offsets, thread_state);
	stall->walked.stack = LP_HASH_BASIS;
	stall->walked.thread_state = thread_state;
	stall->walked.flags = stall->frame ? 0 : LP_STACK_UNREADABLE;
	stall->frameless = !stall->frame &&
			   lp_is_frameless(&loop->layout.python.offsets, thread_state);
	for (i = 0; i < LP_WALK_GROUPS; i++)
		if (!lp_walk_group(slot, most))
			return 0;
	stall->walked.flags |= LP_STACK_CUT;
	return 0;
}

#endif /* LP_BPF_PYTHON_WALK_BPF_H */
