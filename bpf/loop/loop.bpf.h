/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Beginning and end of callbacks and iterations, for loops of every runtime. */
#ifndef LP_BPF_LOOP_LOOP_BPF_H
#define LP_BPF_LOOP_LOOP_BPF_H

#include "common.bpf.h"

/*
 * Copies the name object of the task whose step has just ended. A read at the beginning of every
 * step would make each a fifth more expensive. The task may have been freed by now: this shows as
 * a reference count of 0, or as a name that is neither a str nor an int. Then the name that user
 * space read during the stall is used instead.
 */
static __always_inline void lp_read_task_name(const struct lp_loop *loop, __u8 *name)
{
	__u64 address = loop->task + loop->python.offsets.task_coro + 8, object = 0;
	__u32 references = 0;

	__builtin_memset(name, 0, LP_NAME_BYTES);
	bpf_probe_read_user(&references, sizeof(references), (void *)loop->task);
	bpf_probe_read_user(&object, sizeof(object), (void *)address);
	if (!references || !object)
		return;
	/* A str or an int takes 32 bytes at least; a larger read may cross into an unmapped
	 * page. */
	if (bpf_probe_read_user(name, LP_NAME_BYTES, (void *)object) &&
	    bpf_probe_read_user(name, 96, (void *)object) &&
	    bpf_probe_read_user(name, 64, (void *)object))
		bpf_probe_read_user(name, 32, (void *)object);
}

int lp_drop_segment(__u32 slot, __u64 segment_ns);
int lp_report_segment(__u32 slot, __u64 segment_ns, __u64 now, __u32 flags);

/* Not inlined: it runs once a slow callback, and keeps the hot path short. */
__weak __noinline int lp_report_slow(__u32 slot, __u64 now)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_event_slow *event;
	__u64 type, duration;

	if (!loop || !lp_is_span(now, loop->start_ns))
		return 0;
	duration = now - loop->start_ns;
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
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		lp_lose(LP_LOST_RING);
		return 0;
	}
	lp_event_fill(&event->event, LP_EVENT_SLOW, sizeof(*event), now, slot, loop->pid);
	event->start_ns = loop->start_ns;
	event->task = loop->task;
	event->queue_delay_ns = loop->queue_delay_ns;
	event->iteration = loop->iterations;
	event->callback = loop->callback;
	event->position = loop->position;
	event->string_ascii = loop->python.offsets.string_ascii;
	event->string_wide = loop->python.offsets.string_wide;
	event->int_digit = loop->python.offsets.ob_digit;
	lp_read_task_name(loop, event->task_name);
	__builtin_memcpy(&type, event->task_name + 8, sizeof(type));
	event->name_is_int = type == loop->python.int_type;
	event->name_is_string = type == loop->python.string_type;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Not inlined: the verifier checks the search for a bucket once instead of once a path. */
__weak __noinline __u32 lp_slot_of(__u64 ns)
{
	return lp_histogram_slot(ns);
}

static __always_inline void lp_count(struct lp_histogram *histogram, __u64 ns)
{
	lp_histogram_put(histogram, lp_slot_of(ns), ns);
}

/*
 * The callbacks that took most of an iteration's time: eight entries, indexed by the callback's
 * slot modulo eight. Of several callbacks with the same index the longest one is stored.
 */
static __always_inline void lp_top_add(struct lp_loop *loop, __u32 callback, __u64 duration)
{
	struct lp_top_entry *top = &loop->top[callback % LP_TOP_ENTRIES];

	if (top->iteration != loop->iterations || top->callback != callback || !top->count) {
		if (top->iteration == loop->iterations && top->total_ns > duration)
			return;
		top->iteration = loop->iterations;
		top->callback = callback;
		top->count = 0;
		top->total_ns = 0;
	}
	top->count++;
	top->total_ns += duration;
}

/* --lifetimes: counts a step of a task. */
static __always_inline void lp_count_lifetime(struct lp_loop *loop, __u64 duration, __u64 now)
{
	struct lp_object_key key = {};
	struct lp_life *life;

	key.object = loop->task;
	key.pid = loop->pid;
	life = bpf_map_lookup_elem(&task_lifetimes, &key);
	if (!life)
		return;
	life->running_ns += duration;
	if (loop->queue_delay_ns != LP_NO_QUEUE_DELAY)
		life->queued_ns += loop->queue_delay_ns;
	life->callback = loop->callback;
	life->end_ns = now;
	life->steps++;
}

/* Returns whether samples, which interrupt this program, may change the loop's callback. */
static __always_inline bool lp_may_be_sampled(void)
{
	return lp_config.sampling || lp_config.bursts;
}

/* Keeps samples from reading or changing the loop until lp_sampling_enable(). */
static __always_inline void lp_sampling_disable(struct lp_loop *loop)
{
	*(volatile __u32 *)&loop->reporting = 1;
}

static __always_inline void lp_sampling_enable(struct lp_loop *loop)
{
	*(volatile __u32 *)&loop->reporting = 0;
}

/*
 * Ends the running callback: adds it to its histogram and reports it if it was slow. A sample may
 * interrupt this function and end the callback as well, so that the start is read only once.
 */
static __always_inline void lp_callback_end(struct lp_loop *loop, __u32 slot, __u64 now)
{
	__u64 start = *(volatile __u64 *)&loop->start_ns, duration;
	__u32 callback = loop->callback;
	struct lp_callback_stats *stats;

	if (!start)
		return;
	if (!lp_is_span(now, start)) {
		*(volatile __u64 *)&loop->start_ns = 0;
		return;
	}
	duration = now - start;
	stats = bpf_map_lookup_elem(&callback_stats, &callback);
	if (stats) {
		/* With bursts, histograms contain traced callbacks only: late ones found by
		 * samples would bias them to slow. */
		if (!lp_config.bursts || !loop->sampled)
			lp_count(&stats->run, duration);
		if (duration >= loop->threshold_ns)
			stats->slow++;
	}
	if (lp_config.lifetimes && loop->task)
		lp_count_lifetime(loop, duration, now);
	if (duration < loop->threshold_ns) {
		lp_top_add(loop, callback, duration);
		*(volatile __u64 *)&loop->start_ns = 0;
	} else {
		/* No sample may read or end the segment again while it is being reported. */
		lp_sampling_disable(loop);
		lp_report_slow(slot, now);
		*(volatile __u64 *)&loop->start_ns = 0;
		lp_sampling_enable(loop);
	}
}

/*
 * Bursts: begins to time every callback, as the probe is attached already. The caller makes sure
 * that no callback is running whose beginning was not traced.
 */
static __always_inline void lp_trace_begin(struct lp_loop *loop, __u64 now)
{
	loop->traced_until_ns = 0;
	loop->traced_since_ns = now;
	loop->sampled = 0;
}

/*
 * Bursts: callbacks are followed by samples from now on. The caller makes sure that none is
 * running.
 */
static __always_inline void lp_trace_end(struct lp_loop *loop, __u64 now)
{
	loop->traced_until_ns = now;
	loop->context = 0;
	loop->last_handle = 0;
	loop->last_sampled_ns = now;
	loop->sampled = 1;
}

/* Ends the iteration under way, if there is one; returns its busy time in ns. */
static __always_inline __u64 lp_iteration_end(struct lp_loop *loop, __u64 now)
{
	__u64 start = *(volatile __u64 *)&loop->iteration_start_ns, busy;

	if (!start)
		return 0;
	busy = lp_elapsed(now, start);
	loop->busy_ns += busy;
	lp_count(&loop->iteration, busy);
	return busy;
}

#endif /* LP_BPF_LOOP_LOOP_BPF_H */
