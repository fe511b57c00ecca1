/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Functions that all ways to dispatch a callback share. */
#ifndef LP_BPF_PYTHON_DISPATCH_BPF_H
#define LP_BPF_PYTHON_DISPATCH_BPF_H

#include "loop/common.bpf.h"
#include "loop/loop.bpf.h"
#include "loop/stall.bpf.h"
#include "callable.bpf.h"
#include "identify.bpf.h"
#include "object.bpf.h"

/*
 * Returns whether Handle._run, and so the loop itself, makes this call of Context.run. Checked
 * only if the stack pointer differs from the last dispatch.
 */
static __always_inline bool lp_is_dispatch(struct lp_process *process, __u64 thread_state)
{
	const struct lp_python_offsets *offsets = &process->layout.python.offsets;
	__u64 frame = lp_top_frame(offsets, thread_state);
	__u64 code = lp_read_u64(frame + offsets->f_executable) & ~offsets->tag_mask;

	if (!code)
		return false;
	if (code == process->facts.python.code.dispatch)
		return true;
	if (!lp_is_handle_run(offsets, code))
		return false;
	process->facts.python.code.dispatch = code;
	return true;
}

/* Fills the loop of the current thread, whose slot was free. It measures from now on. */
static __always_inline void lp_loop_begin(struct lp_loop *loop, const struct lp_process *process,
					  __u64 thread_state, __u32 kind)
{
	__u64 id = bpf_get_current_pid_tgid();

	loop->holding = process->holding;
	loop->pid = id >> 32;
	loop->tid = id;
	loop->created_ns = bpf_ktime_get_ns();
	/* The loop is dispatching already: the rest of the current iteration is measured. */
	loop->wall_start_ns = loop->created_ns;
	loop->iteration_start_ns = loop->created_ns;
	loop->thread_state = thread_state;
	loop->threshold_ns = process->threshold_ns;
	loop->late_ns = process->late_ns;
	loop->layout.python = process->layout.python;
	loop->kind = kind;
	loop->facts.python.uvloop = process->facts.python.uvloop;
	loop->sampled = lp_config.bursts;
	loop->trace_ns = lp_config.bursts ? loop->created_ns : 0;
}

/* Registers a thread that dispatches for the first time as a loop. */
__weak __noinline int lp_loop_detect(__u32 kind)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 pid = id >> 32, tid = id, slot = 0;
	struct lp_process *process = bpf_map_lookup_elem(&processes, &pid);
	struct lp_event_loop *event;
	struct lp_loop *loop;
	__u64 thread_state;
	__u32 *known;

	if (!process || lp_stopped)
		return -1;
	process->probe_hits++;
	known = bpf_map_lookup_elem(&loop_slots, &tid);
	if (known)
		return lp_index_thread(tid, *known, true) ? 0 : -1;
	thread_state = lp_thread_state(&process->layout.python);
	if (kind == LP_LOOP_ASYNCIO && !lp_is_dispatch(process, thread_state))
		return -1;
	if (!lp_may_hold_loop(process->holding)) {
		lp_refuse_loop(tid, process->holding, true);
		return -1;
	}
	/* The process has reported too many at once: a dispatch in a later period tries again. */
	if (!lp_may_change(process, bpf_ktime_get_ns()))
		return -1;
	if (bpf_map_pop_elem(&free_loops, &slot)) {
		lp_refuse_loop(tid, process->holding, false);
		return -1;
	}
	loop = bpf_map_lookup_elem(&loops, &slot);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!loop || !event) {
		if (event)
			bpf_ringbuf_discard(event, 0);
		else
			lp_lose(LP_LOST_RING);
		bpf_map_push_elem(&free_loops, &slot, 0);
		return -1;
	}
	lp_hold_loop(process->holding, 1);
	lp_loop_begin(loop, process, thread_state, kind);
	lp_event_fill(&event->event, LP_EVENT_LOOP, sizeof(*event), loop->created_ns, slot, pid);
	event->tid = tid;
	event->kind = kind;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	if (!lp_index_thread(tid, slot, true))
		lp_lose(LP_LOST_LOOPS);
	return bpf_map_update_elem(&loop_slots, &tid, &slot, BPF_ANY);
}

/* Reports that a callback, which another thread had put into the loop's queue, begins to run. */
static __always_inline void lp_report_noticed(const struct lp_loop *loop, __u64 handle, __u64 now,
					      __u64 late_ns)
{
	struct lp_event_noticed *event = lp_event_reserve(sizeof(*event));

	if (!event)
		return;
	lp_event_fill(&event->event, LP_EVENT_NOTICED, sizeof(*event), now, LP_NO_LOOP, loop->pid);
	event->handle = handle;
	event->late_ns = late_ns;
	bpf_ringbuf_submit(event, 0);
}

/* Registers the current thread as the one that runs the handle's loop. */
static __always_inline void lp_own_loop(struct lp_loop *loop, __u64 object)
{
	struct lp_object_key key = {};
	__u32 tid = loop->tid;

	if (!object || loop->owned == object)
		return;
	key.object = object;
	key.pid = loop->pid;
	bpf_map_update_elem(&owners, &key, &tid, BPF_ANY);
	loop->owned = object;
}

/* Stores the type of a handle, which the first one that runs shows. */
static __always_inline void lp_learn_handle(struct lp_process *process, __u64 handle)
{
	__u64 type = lp_read_u64(handle + LP_OBJECT_TYPE);

	if (type && process->facts.python.handle_types[0] != type &&
	    process->facts.python.handle_types[1] != type)
		process->facts.python.handle_types[process->facts.python.handle_types[0] ? 1 : 0] =
			type;
}

/*
 * --queue: computes the delay of the handle that is about to run, since it became ready. object:
 * its loop; 0 if the loop is asyncio's own.
 */
static __always_inline void lp_take_queue_delay(struct lp_loop *loop, __u64 handle, __u64 object,
						__u64 now)
{
	struct lp_process *process = bpf_map_lookup_elem(&processes, &loop->pid);
	__u32 callback = loop->callback;
	struct lp_queue_stats *delays;
	struct lp_ready_key key = {};
	__u64 *ready, delay;

	if (!process)
		return;
	if (lp_config.wrong_thread && !loop->position)
		lp_own_loop(
			loop,
			object ? object
			       : lp_read_u64(handle + process->facts.python.lifecycle.handle_loop));
	key.pid = loop->pid;
	key.handle = handle;
	ready = bpf_map_lookup_elem(&ready_times, &key);
	if (!ready) {
		if (!object)
			lp_learn_handle(process, handle);
		return;
	}
	/* The time is of an earlier burst: the handle at this address ran while no probe was
	 * attached. */
	if (lp_config.bursts && (*ready & ~LP_READY_FOREIGN) < loop->traced_since_ns) {
		bpf_map_delete_elem(&ready_times, &key);
		return;
	}
	delay = lp_elapsed(now, *ready & ~LP_READY_FOREIGN);
	if (lp_config.wrong_thread && *ready & LP_READY_FOREIGN)
		lp_report_noticed(loop, handle, now, delay);
	bpf_map_delete_elem(&ready_times, &key);
	loop->queue_delay_ns = delay;
	delays = bpf_map_lookup_elem(&queue_stats, &callback);
	if (delays)
		lp_count(&delays->delay, delay);
}

/*
 * Returns whether the thread is in a burst. *unobserved: the callback before began while its probe
 * was not attached.
 */
static __always_inline bool lp_is_traced(struct lp_loop *loop, bool *unobserved)
{
	loop->probe_hits++;
	*unobserved = lp_config.bursts && loop->sampled;
	return !*unobserved || loop->trace_ns;
}

/* Ends the callback before, if there is one; the caller identifies the one that begins. */
static __always_inline void lp_callback_change(struct lp_loop *loop, __u32 slot, __u64 now,
					       bool unobserved)
{
	if (lp_config.inner && loop->start_ns)
		lp_python_end_step(slot);
	if (loop->start_ns)
		lp_callback_end(loop, slot, now);
	else if (!unobserved && loop->iteration_start_ns &&
		 lp_elapsed(now, loop->iteration_start_ns) >= loop->threshold_ns &&
		 !lp_rate_limit_exceeded(&loop->iteration_rate_limit, now,
					 lp_age(now, loop->iteration_start_ns))) {
		/* The iteration was delayed before its first callback, for example by the GIL. */
		lp_end_wait(slot);
		lp_report_segment(slot, loop->iteration_start_ns, now, LP_SEGMENT_GAP);
	}
	/* The loop runs, even if its start was missed; from here on its callbacks are observed. */
	loop->outside = 0;
	/* Neither was the return of its poll observed, if the loop was discovered at that moment. */
	if (!loop->iteration_start_ns && !loop->poll_start_ns) {
		loop->iteration_start_ns = now;
		loop->iterations++;
	}
	if (unobserved)
		lp_trace_begin(loop, now);
	else if (!lp_config.bursts)
		loop->sampled = 0; /* Otherwise user space may end the burst at this moment. */
}

static __always_inline void lp_callback_begin(struct lp_loop *loop, __u32 callback, __u64 context)
{
	loop->callback = callback;
	loop->task = loop->callable.task;
	loop->context = context;
	loop->position = loop->iteration_callbacks++;
	loop->callbacks++;
	loop->queue_delay_ns = LP_NO_QUEUE_DELAY;
}

#endif /* LP_BPF_PYTHON_DISPATCH_BPF_H */
