/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Beginning and end of callbacks and iterations, for loops of every runtime. */
#ifndef LP_BPF_LOOP_LOOP_BPF_H
#define LP_BPF_LOOP_LOOP_BPF_H

#include "common.bpf.h"

int lp_end_wait(__u32 slot);
int lp_drop_segment(__u32 slot, __u64 segment_ns);
int lp_report_segment(__u32 slot, __u64 segment_ns, __u64 now, __u32 flags);
int lp_report_slow(__u32 slot, __u64 now);

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
	if (duration >= loop->threshold_ns && loop->eager_start_ns == start)
		callback = loop->eager_callback;
	stats = bpf_map_lookup_elem(&callback_stats, &callback);
	if (stats) {
		/* With bursts, histograms contain traced callbacks only: late ones found by
		 * samples, of which a preempted loop has many, would bias them to slow. The first
		 * burst begins when the loop is found, within its first callback. */
		if (!lp_config.bursts || !loop->sampled || loop->detected_segment_ns == start)
			lp_count(&stats->run, duration);
		else
			loop->callbacks += duration >= loop->threshold_ns;
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

/* Resets what was counted of an iteration that no poll has ended. */
static __always_inline void lp_iteration_reset(struct lp_loop *loop)
{
	loop->iteration_callbacks = 0;
	loop->slow_in_iteration = 0;
	loop->reported_in_iteration = 0;
	loop->slow_ns = 0;
}

#endif /* LP_BPF_LOOP_LOOP_BPF_H */
