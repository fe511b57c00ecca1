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

/* Reads the names of a callable seen for the first time, while it is alive. */
__noinline int lp_report_name(__u32 slot, __u32 callback)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	const struct lp_python_offsets *offsets;
	const struct lp_callable *callable;
	struct lp_event_name *event;
	__u64 code, name;

	if (!loop)
		return -1;
	callable = &loop->callable;
	offsets = &loop->python.offsets;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		lp_lose(LP_LOST_RING);
		return -1;
	}
	__builtin_memset(&event->first_line, 0,
			 sizeof(*event) - __builtin_offsetof(struct lp_event_name, first_line));
	lp_event_fill(&event->event, LP_EVENT_NAME, sizeof(*event), bpf_ktime_get_ns(), slot,
		      loop->pid);
	event->identity = callable->identity | callable->kind;
	event->callback = callback;
	event->kind = callable->kind;
	if (callable->kind == LP_CALLBACK_BUILTIN) {
		lp_read_c_text(lp_read_u64(callable->identity + LP_METHODDEF_NAME),
			       &event->qualname, event->qualname_data, LP_QUALNAME_BYTES);
		lp_read_c_text(
			lp_read_u64(lp_read_u64(callable->owner + LP_OBJECT_TYPE) + LP_TYPE_NAME),
			&event->owner, event->owner_data, sizeof(event->owner_data));
	} else if (callable->owner) {
		lp_read_c_text(lp_read_u64(callable->owner + LP_TYPE_NAME), &event->qualname,
			       event->qualname_data, LP_QUALNAME_BYTES);
	} else {
		code = callable->identity;
		name = callable->check;
		if (!name)
			name = lp_read_u64(code + offsets->code_name);
		bpf_probe_read_user(&event->first_line, sizeof(event->first_line),
				    (void *)(code + offsets->code_first_line));
		lp_read_text(offsets, name, &event->qualname, event->qualname_data,
			     LP_QUALNAME_BYTES, false);
		lp_read_text(offsets, lp_read_u64(code + offsets->code_filename), &event->filename,
			     event->filename_data, LP_FILENAME_BYTES, true);
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * The slot of a callable that the loop's own cache does not know.  Slot 0
 * ("other") is used when there is none left; that is counted.
 */
__noinline int lp_find_callback(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_callback_value value = {}, *found;
	const struct lp_callable *callable;
	struct lp_callback_key key = {};

	if (!loop)
		return 0;
	callable = &loop->callable;
	key.identity = callable->identity | callable->kind;
	key.loop = slot;
	found = bpf_map_lookup_elem(&callback_slots, &key);
	if (found && found->check == callable->check)
		return found->callback;
	/* another name at the same address: a code object was freed and a new one made */
	value.check = callable->check;
	if (bpf_map_pop_elem(&free_callbacks, &value.callback)) {
		lp_lose(LP_LOST_CALLBACKS);
		return 0;
	}
	if (lp_report_name(slot, value.callback) ||
	    bpf_map_update_elem(&callback_slots, &key, &value, BPF_ANY)) {
		/* not named now: try again with its next run */
		bpf_map_push_elem(&free_callbacks, &value.callback, 0);
		lp_lose(LP_LOST_CALLBACKS);
		return 0;
	}
	return value.callback;
}

static __always_inline __u32 lp_callback_slot(struct lp_loop *loop, __u32 slot,
					      const struct lp_callable *callable)
{
	__u64 identity = callable->identity | callable->kind;
	struct lp_cache_entry *entry = &loop->cache[(callable->identity >> 4) % LP_CACHE_ENTRIES];
	struct lp_task_entry *task;
	__u32 callback;

	if (callable->callback)
		return callable->callback;
	if (entry->identity == identity && entry->check == callable->check) {
		callback = entry->callback;
	} else {
		callback = lp_find_callback(slot);
		if (callback) {
			entry->identity = identity;
			entry->check = callable->check;
			entry->callback = callback;
		}
	}
	if (callable->task && callback) {
		task = &loop->tasks[(callable->task >> 4) % LP_TASK_ENTRIES];
		task->task = callable->task;
		task->callback = callback;
	}
	return callback;
}

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
	loop->python = process->python;
	lp_event_fill(&event->event, LP_EVENT_LOOP, sizeof(*event), loop->born_ns, slot, pid);
	event->tid = tid;
	event->reserved = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	if (!lp_index_thread(tid, slot, true))
		lp_lose(LP_LOST_LOOPS);
	return bpf_map_update_elem(&loop_slots, &tid, &slot, BPF_ANY);
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
	ready = bpf_map_lookup_elem(&ready_times, &key);
	if (ready) {
		delay = now - *ready;
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

	loop = lp_current_loop(&slot);
	if (!loop) {
		if (lp_adopt())
			return 0;
		loop = lp_current_loop(&slot);
		if (!loop)
			return 0;
		loop->stack_level = level;
	}
	if (level != loop->stack_level) {
		/* a nested Context.run, or the loop was started anew from another depth */
		process = bpf_map_lookup_elem(&processes, &loop->pid);
		if (!process || (loop->start_ns && lp_context_active(loop)) ||
		    !lp_is_dispatch(process, loop->thread_state))
			return 0;
		loop->stack_level = level;
	}
	now = bpf_ktime_get_ns();
	if (loop->start_ns)
		lp_callback_end(loop, slot, now);
	if (!loop->wall_start_ns)
		loop->wall_start_ns = now;
	/* it runs, even if nobody saw it start */
	loop->outside = 0;

	__builtin_memset(&loop->callable, 0, sizeof(loop->callable));
	lp_identify(loop, slot, lp_read_u64(PT_REGS_PARM2(ctx)), &loop->callable);
	callback = 0;
	if (loop->callable.identity)
		callback = lp_callback_slot(loop, slot, &loop->callable);
	else
		lp_lose(LP_LOST_IDENTITY);

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
