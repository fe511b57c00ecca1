/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The end of a loop, which may run again later or not. */
#ifndef LP_BPF_LOOP_LOOP_END_BPF_H
#define LP_BPF_LOOP_LOOP_END_BPF_H

#include "common.bpf.h"
#include "loop.bpf.h"

/*
 * Removes the loop from the map of owners: another loop object may be created at the same address.
 */
static __always_inline void lp_disown_loop(struct lp_loop *loop)
{
	struct lp_object_key key = {};

	if (!lp_config.wrong_thread || !loop->owned)
		return;
	key.object = loop->owned;
	key.pid = loop->pid;
	bpf_map_delete_elem(&owners, &key);
	loop->owned = 0;
}

/* Ends the callback and the iteration that are under way. */
static __always_inline void lp_loop_pause(struct lp_loop *loop, __u32 slot, __u64 now)
{
	if (loop->start_ns)
		lp_callback_end(loop, slot, now);
	if (loop->iteration_start_ns) {
		lp_iteration_end(loop, now);
		loop->iteration_start_ns = 0;
		loop->iterations++;
	}
	lp_disown_loop(loop);
	/* An object that is created while no loop runs may reuse the address of this task. */
	loop->task = 0;
	loop->poll_start_ns = 0;
	lp_iteration_reset(loop);
}

/*
 * Ends the loop of a thread: the thread exits, an exec replaces its program, or a loop of another
 * kind begins in it.
 */
__weak __noinline int lp_end_loop(__u32 tid)
{
	__u32 *found = bpf_map_lookup_elem(&loop_slots, &tid);
	struct lp_event *event;
	struct lp_loop *loop;
	__u64 now;
	__u32 slot;

	if (!found)
		return 0;
	slot = *found;
	loop = bpf_map_lookup_elem(&loops, &slot);
	if (!loop)
		return 0;
	now = bpf_ktime_get_ns();
	lp_loop_pause(loop, slot, now);
	bpf_map_delete_elem(&loop_slots, &tid);
	lp_index_thread(tid, 0, false);
	event = lp_event_reserve(sizeof(*event));
	if (!event)
		return 0;
	lp_event_fill(event, LP_EVENT_LOOP_END, sizeof(*event), now, slot, loop->pid);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

#endif /* LP_BPF_LOOP_LOOP_END_BPF_H */
