// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Callbacks of asyncio loops, from entry uprobes alone.
 *
 * Every Handle._run of asyncio calls Context.run, whose C function is
 * context_run(self, args, nargs, kwnames); args[0] is what runs.  A callback
 * ends where the next begins or where its loop polls: a return probe would cost
 * as much again, and is unsafe under seccomp on kernels from 6.11 on.
 *
 * lp_context_run is the hot path: it runs once a callback and is kept to two to
 * four small reads of the target, array look-ups and one clock reading.  A read
 * is the dearest of these: bpf_probe_read_user opens and closes the kernel's
 * guard of user memory (SMAP) each time.
 */
#define LP_DEFINE_MAPS
#include "common.bpf.h"
#include "python.bpf.h"
#include "loop.bpf.h"
#include "callable.bpf.h"
#include "identify.bpf.h"
#include "stall.bpf.h"

/*
 * Is this call of Context.run the loop's own, made by Handle._run?  Asked only
 * where the stack pointer is not the one of the last dispatch.
 */
static __always_inline bool lp_is_dispatch(struct lp_process *process, __u64 thread_state)
{
	const struct lp_python_offsets *offsets = &process->python.offsets;
	__u64 frame = lp_top_frame(offsets, thread_state);
	__u64 code = lp_read_u64(frame + offsets->frame_code) & ~offsets->tag_mask;

	if (!code)
		return false;
	if (code == process->dispatch_code)
		return true;
	if (!lp_is_handle_run(offsets, code))
		return false;
	process->dispatch_code = code;
	return true;
}

/* A thread that dispatches for the first time becomes a loop. */
__noinline int lp_adopt(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 pid = id >> 32, tid = id, slot = 0;
	struct lp_process *process = bpf_map_lookup_elem(&processes, &pid);
	struct lp_event_loop *event;
	struct lp_loop *loop;
	__u64 thread_state;
	__u32 *known;

	if (!process)
		return -1;
	process->probe_hits++;
	known = bpf_map_lookup_elem(&loop_slots, &tid);
	if (known)
		return lp_index_thread(tid, *known, true) ? 0 : -1;
	thread_state = lp_thread_state(&process->python);
	if (!lp_is_dispatch(process, thread_state))
		return -1;
	if (bpf_map_pop_elem(&free_loops, &slot)) {
		lp_lose(LP_LOST_LOOPS);
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
	loop->pid = pid;
	loop->tid = tid;
	loop->born_ns = bpf_ktime_get_ns();
	loop->thread_state = thread_state;
	loop->threshold_ns = process->threshold_ns;
	loop->late_ns = process->late_ns;
	loop->python = process->python;
	loop->sampled = lp_config.bursts;
	loop->trace_ns = lp_config.bursts ? loop->born_ns : 0;
	lp_event_fill(&event->event, LP_EVENT_LOOP, sizeof(*event), loop->born_ns, slot, pid);
	event->tid = tid;
	event->reserved = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	if (!lp_index_thread(tid, slot, true))
		lp_lose(LP_LOST_LOOPS);
	return bpf_map_update_elem(&loop_slots, &tid, &slot, BPF_ANY);
}

/* A callback that another thread had put into the loop's queue runs at last. */
static __always_inline void lp_tell_noticed(const struct lp_loop *loop, __u64 handle, __u64 now,
					    __u64 late_ns)
{
	struct lp_event_noticed *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		lp_lose(LP_LOST_RING);
		return;
	}
	lp_event_fill(&event->event, LP_EVENT_NOTICED, sizeof(*event), now, LP_NO_LOOP, loop->pid);
	event->handle = handle;
	event->late_ns = late_ns;
	bpf_ringbuf_submit(event, 0);
}

/* Who dispatches a handle runs its loop. */
static __always_inline void lp_own_loop(struct lp_loop *loop, __u64 handle)
{
	struct lp_process *process = bpf_map_lookup_elem(&processes, &loop->pid);
	struct lp_object_key key = {};
	__u32 tid = loop->tid;

	if (!process)
		return;
	key.object = lp_read_u64(handle + process->lifecycle.handle_loop);
	key.pid = loop->pid;
	if (loop->owned == key.object)
		return;
	bpf_map_update_elem(&owners, &key, &tid, BPF_ANY);
	loop->owned = key.object;
}

/* When the handle that is about to run was made ready; LP_NO_QUEUE_DELAY if nobody saw it. */
static __always_inline __u64 lp_queue_delay(struct lp_loop *loop, __u64 now)
{
	const struct lp_python_offsets *offsets = &loop->python.offsets;
	__u64 frame = lp_top_frame(offsets, loop->thread_state);
	struct lp_ready_key key = {};
	struct lp_process *process;
	__u64 type, *ready, delay;

	key.pid = loop->pid;
	/* Handle._run's only argument, self */
	key.handle = lp_read_u64(frame + offsets->frame_locals) & ~offsets->tag_mask;
	if (lp_config.wrong_thread && !loop->position)
		lp_own_loop(loop, key.handle);
	ready = bpf_map_lookup_elem(&ready_times, &key);
	/* from a burst before: the handle that was here then ran while nobody looked */
	if (ready && lp_config.bursts && (*ready & ~LP_READY_FOREIGN) < loop->traced_since_ns) {
		bpf_map_delete_elem(&ready_times, &key);
		return LP_NO_QUEUE_DELAY;
	}
	if (ready) {
		delay = now - (*ready & ~LP_READY_FOREIGN);
		if (lp_config.wrong_thread && *ready & LP_READY_FOREIGN)
			lp_tell_noticed(loop, key.handle, now, delay);
		bpf_map_delete_elem(&ready_times, &key);
		return delay;
	}
	process = bpf_map_lookup_elem(&processes, &key.pid);
	type = lp_read_u64(key.handle + LP_OBJECT_TYPE);
	if (process && type && process->handle_types[0] != type && process->handle_types[1] != type)
		process->handle_types[process->handle_types[0] ? 1 : 0] = type;
	return LP_NO_QUEUE_DELAY;
}

static __always_inline int lp_dispatch(struct pt_regs *ctx, bool queue)
{
	struct lp_process *process;
	struct lp_queue_stats *delays;
	struct lp_loop *loop;
	__u64 now, level = PT_REGS_SP(ctx);
	__u32 slot, callback;
	bool unseen = false;

	loop = lp_current_loop(&slot);
	if (!loop) {
		if (lp_adopt())
			return 0;
		loop = lp_current_loop(&slot);
		if (!loop)
			return 0;
		loop->stack_level = level;
	}
	loop->probe_hits++;
	if (lp_config.bursts) {
		unseen = loop->sampled;
		/* the burst has not begun for this thread, or is over for it */
		if (unseen && !loop->trace_ns)
			return 0;
	}
	if (level != loop->stack_level) {
		/* a nested Context.run, or the loop was started anew from another depth */
		process = bpf_map_lookup_elem(&processes, &loop->pid);
		if (!process || (loop->start_ns && !unseen && lp_context_active(loop)) ||
		    !lp_is_dispatch(process, loop->thread_state))
			return 0;
		loop->stack_level = level;
	}
	now = bpf_ktime_get_ns();
	if (loop->start_ns)
		lp_callback_end(loop, slot, now);
	else if (!unseen && loop->iteration_start_ns &&
		 now - loop->iteration_start_ns >= loop->threshold_ns &&
		 !lp_is_flood(&loop->telling_iterations, now, now - loop->iteration_start_ns))
		/* it was held up before its first callback, as by the GIL */
		lp_report_account(slot, loop->iteration_start_ns, now, LP_ACCOUNT_GAP);
	if (!loop->wall_start_ns)
		loop->wall_start_ns = now;
	/* it runs, even if nobody saw it start; from here on its callbacks are seen */
	loop->outside = 0;
	if (unseen)
		lp_trace_begin(loop, now);
	else if (!lp_config.bursts)
		loop->sampled = 0; /* else user space may end the burst in this moment */

	callback = lp_identify_callback(loop, slot, lp_read_u64(PT_REGS_PARM2(ctx)));
	loop->callback = callback;
	loop->task = loop->callable.task;
	loop->context = PT_REGS_PARM1(ctx);
	loop->position = loop->iteration_callbacks++;
	loop->callbacks++;
	loop->queue_delay_ns = LP_NO_QUEUE_DELAY;
	if (queue) {
		loop->queue_delay_ns = lp_queue_delay(loop, now);
		delays = bpf_map_lookup_elem(&queue_stats, &callback);
		if (delays && loop->queue_delay_ns != LP_NO_QUEUE_DELAY)
			lp_count(&delays->delay, loop->queue_delay_ns);
	}
	loop->start_ns = now;
	return 0;
}

SEC("?uprobe")
int lp_context_run(struct pt_regs *ctx)
{
	return lp_dispatch(ctx, false);
}

SEC("?uprobe")
int lp_context_queue(struct pt_regs *ctx)
{
	return lp_dispatch(ctx, true);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
