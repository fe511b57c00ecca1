/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The stack of the last walk, which is in stall->walked: its head is filled, and it is sent. */
#ifndef LP_BPF_LOOP_WALKED_BPF_H
#define LP_BPF_LOOP_WALKED_BPF_H

#include "common.bpf.h"

/* Sends the stack of the last walk, whose head lp_walked_for has filled. */
static __always_inline void lp_report_walked(struct lp_wait_state *stall)
{
	__u32 depth = stall->walked.depth, bytes;

	/* Lets the verifier of 5.10 know the bound at the call. */
	if (depth > LP_STACK_FRAMES)
		return;
	bytes = __builtin_offsetof(struct lp_event_raw_stack, frames) +
		depth * sizeof(struct lp_raw_frame);
	asm volatile("" : "+r"(bytes));
	if (bytes > sizeof(struct lp_event_raw_stack))
		return;
	stall->walked.event.size = bytes;
	if (bpf_ringbuf_output(&events, &stall->walked, bytes, 0))
		lp_lose(LP_LOST_RING);
}

/* Fills the head of the stack: the reason of the walk, and the segment that it belongs to. */
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

#endif /* LP_BPF_LOOP_WALKED_BPF_H */
