// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Reports slow callbacks, for all programs at which a callback may end. */
#include "loop/common.bpf.h"
#include "loop/loop.bpf.h"
#include "runtime.bpf.h"

/* This function is not inlined, as it runs for slow callbacks only: the hot path stays short. */
__noinline int lp_report_slow(__u32 slot, __u64 now)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_event_slow *event;
	__u64 duration;

	if (!loop || !lp_is_span(now, loop->start_ns))
		return 0;
	duration = now - loop->start_ns;
	lp_end_wait(slot);
	loop->slow_callbacks++;
	loop->slow_in_iteration++;
	loop->slow_ns += duration;
	if (!lp_rate_limit_allows(&loop->rate_limit, now, duration, LP_REPORTS_A_SECOND) ||
	    !lp_may_report(slot, now, duration)) {
		loop->suppressed++;
		loop->suppressed_ns += duration;
		lp_drop_segment(slot, loop->start_ns);
		return 0;
	}
	loop->reported_in_iteration++;
	lp_report_segment(slot, loop->start_ns, now, 0);
	event = lp_event_reserve(sizeof(*event));
	if (!event)
		return 0;
	lp_event_fill(&event->event, LP_EVENT_SLOW, sizeof(*event), now, slot, loop->pid);
	event->event.reserved = loop->detected_segment_ns == loop->start_ns ? LP_STALL_BEGAN_BEFORE
									    : 0;
	event->start_ns = loop->start_ns;
	event->task = loop->task;
	event->queue_delay_ns = loop->queue_delay_ns;
	event->iteration = loop->iterations;
	event->callback = loop->callback;
	event->position = loop->position;
	lp_copy_task_name(loop, slot, event);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
