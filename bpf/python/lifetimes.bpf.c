// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Probes that are attached only where an option asks for them, as every task, coroutine or
 * exception hits them: they record where these objects come from and how long tasks live.
 */
#include "loop/common.bpf.h"
#include "object.bpf.h"
#include "callable.bpf.h"
#include "identify.bpf.h"
#include "walk.bpf.h"
#include "finding.bpf.h"

#define LP_ORIGIN_STEPS 12

/*
 * The bytes that may wait in the ring buffer before user space is woken. It also polls the ring
 * buffer now and then without a wakeup.
 */
#define LP_RING_UNWOKEN_BYTES (LP_RING_BYTES / 8)

/* Stores the innermost frames of the current thread as the origin of an object. */
static __always_inline void lp_store_origin(struct lp_process *process, __u64 object, bool inside)
{
	const struct lp_python_offsets *offsets = &process->layout.python.offsets;
	struct lp_object_key key = {};
	struct lp_origin origin = {};
	__u64 frame, code, instruction;
	__u32 i, depth = 0;
	__u8 owner = 0;

	key.object = object;
	key.pid = bpf_get_current_pid_tgid() >> 32;
	origin.type = lp_read_u64(object + LP_OBJECT_TYPE);
	frame = lp_top_frame(offsets, lp_thread_state(&process->layout.python));
	for (i = 0; i < LP_ORIGIN_STEPS && depth < LP_ORIGIN_FRAMES; i++) {
		if (!frame)
			break;
		code = lp_read_u64(frame + offsets->f_executable) & ~offsets->tag_mask;
		if (offsets->frame_owner != LP_NO_FIELD)
			bpf_probe_read_user(&owner, sizeof(owner),
					    (void *)(frame + offsets->frame_owner));
		if (inside) {
			/* the coroutine's own frame, which has not begun */
			inside = false;
		} else if (offsets->frame_owner == LP_NO_FIELD || owner < offsets->first_shim) {
			instruction = lp_read_u64(frame + offsets->frame_instr_ptr);
			/* up to 3.10: f_lasti, an int */
			if (offsets->frame_owner == LP_NO_FIELD)
				instruction = (__u32)instruction;
			if (!lp_is_init_shim(offsets, code, instruction)) {
				origin.frames[depth].code = code;
				origin.frames[depth].instruction = instruction;
				depth++;
			}
		}
		frame = lp_read_u64(frame + offsets->frame_previous);
	}
	bpf_map_update_elem(&origins, &key, &origin, BPF_ANY);
}

/* Task.__init__(self, ...) */
SEC("?uprobe")
int lp_task_created(struct pt_regs *ctx)
{
	struct lp_process *process = lp_current_process();
	__u64 task = PT_REGS_PARM1(ctx);
	struct lp_object_key key = {};
	struct lp_life life = {};

	if (!process)
		return 0;
	process->probe_hits++;
	if (lp_config.origins)
		lp_store_origin(process, task, false);
	if (!lp_config.lifetimes)
		return 0;
	key.object = task;
	key.pid = bpf_get_current_pid_tgid() >> 32;
	life.created_ns = bpf_ktime_get_ns();
	life.end_ns = life.created_ns;
	if (bpf_map_update_elem(&task_lifetimes, &key, &life, BPF_ANY))
		lp_lose(LP_LOST_LIFETIMES);
	return 0;
}

static __always_inline __u32 lp_outcome(const struct lp_process *process, __u64 task)
{
	__u32 state = 0;

	bpf_probe_read_user(&state, sizeof(state),
			    (void *)(task + process->facts.python.lifecycle.offsets.fut_state));
	if (state == LP_FUTURE_PENDING)
		return LP_OUTCOME_DESTROYED;
	if (state == LP_FUTURE_CANCELLED)
		return LP_OUTCOME_CANCELLED;
	return lp_read_u64(task + process->facts.python.lifecycle.offsets.fut_exception)
		       ? LP_OUTCOME_RAISED
		       : LP_OUTCOME_RETURNED;
}

/* The callback slot of a task that ended before its first step: what it would have run. */
static __always_inline __u32 lp_unbegun_callback(struct lp_loop *loop, __u32 slot, __u64 task)
{
	struct lp_callable running = loop->callable;
	__u32 callback = 0;

	__builtin_memset(&loop->callable, 0, sizeof(loop->callable));
	lp_callable_task(loop, task, false, &loop->callable);
	if (loop->callable.identity)
		callback = lp_callback_slot(loop, slot, &loop->callable);
	loop->callable = running;
	return callback;
}

/* Task.__del__(self): the fields of the task are still intact. */
SEC("?uprobe")
int lp_task_ended(struct pt_regs *ctx)
{
	struct lp_process *process = lp_current_process();
	struct lp_event_task_end *event;
	struct lp_object_key key = {};
	__u32 slot = LP_NO_LOOP;
	struct lp_loop *loop;
	struct lp_life *life;
	__u64 now;

	key.object = PT_REGS_PARM1(ctx);
	key.pid = bpf_get_current_pid_tgid() >> 32;
	if (process)
		process->probe_hits++;
	life = bpf_map_lookup_elem(&task_lifetimes, &key);
	if (!process || !life)
		return 0;
	now = bpf_ktime_get_ns();
	loop = lp_current_loop(&slot);
	if (loop && loop->start_ns && loop->task == key.object) {
		/* The last step is not counted yet, as the loop has not begun another callback. */
		life->running_ns += lp_elapsed(now, loop->start_ns);
		if (loop->queue_delay_ns != LP_NO_QUEUE_DELAY)
			life->queued_ns += loop->queue_delay_ns;
		life->callback = loop->callback;
		life->end_ns = now;
		life->steps++;
	}
	if (loop && !life->callback)
		life->callback = lp_unbegun_callback(loop, slot, key.object);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (event) {
		lp_event_fill(&event->event, LP_EVENT_TASK_END, sizeof(*event), now,
			      loop ? slot : LP_NO_LOOP, key.pid);
		event->task = key.object;
		event->created_ns = life->created_ns;
		event->end_ns = life->end_ns;
		event->running_ns = life->running_ns;
		event->queued_ns = life->queued_ns;
		event->steps = life->steps;
		event->callback = life->callback;
		event->outcome = lp_outcome(process, key.object);
		/* A wakeup of user space for each task would cost as much again as everything
		 * else here. */
		bpf_ringbuf_submit(event, bpf_ringbuf_query(&events, LP_RING_UNREAD) <
							  LP_RING_UNWOKEN_BYTES
						  ? LP_RING_NO_WAKEUP
						  : 0);
	} else {
		lp_lose(LP_LOST_RING);
	}
	bpf_map_delete_elem(&task_lifetimes, &key);
	return 0;
}

/* The return of the function that creates coroutines. */
SEC("?uprobe")
int lp_coroutine_created(struct pt_regs *ctx)
{
	struct lp_process *process = lp_current_process();
	__u64 coroutine = PT_REGS_RC(ctx);

	if (process)
		process->probe_hits++;
	if (process && coroutine &&
	    lp_read_u64(coroutine + LP_OBJECT_TYPE) == process->layout.python.coroutine_type)
		lp_store_origin(process, coroutine, process->facts.python.lifecycle.created_inside);
	return 0;
}

/* Parts of the messages of exceptions that asyncio's Python code raises. */
#define LP_WORD_EVENT 0x6f6c20746e657645 /* "Event lo[op is closed]" */
#define LP_WORD_THERE 0x7369206572656854 /* "There is[ no current event loop]" */
#define LP_WORD_DIFFERENT 0x6e65726566666964 /* "...[bound to a ]differen[t event loop]" */
#define LP_DIFFERENT_LENGTH 20

/* The kind of finding that the message of a RuntimeError stands for, or LP_FINDING_KINDS. */
static __always_inline __u32 lp_kind_of_message(const struct lp_process *process, __u64 message)
{
	__u64 length = lp_read_u64(message + LP_STRING_LENGTH);
	__u64 text = message + process->layout.python.offsets.string_ascii, word;

	if (lp_read_u64(message + LP_OBJECT_TYPE) != process->layout.python.string_type ||
	    length < LP_DIFFERENT_LENGTH)
		return LP_FINDING_KINDS;
	word = lp_read_u64(text);
	if (word == LP_WORD_EVENT)
		return LP_FINDING_CLOSED_LOOP;
	if (word == LP_WORD_THERE)
		return LP_FINDING_NO_RUNNING_LOOP;
	if (lp_read_u64(text + length - LP_DIFFERENT_LENGTH) == LP_WORD_DIFFERENT)
		return LP_FINDING_OTHER_LOOP;
	return LP_FINDING_KINDS;
}

/* BaseException.__new__(type, args, kwargs), or in 3.14 its vectorcall(type, args, ...) */
SEC("?uprobe")
int lp_exception_made(struct pt_regs *ctx)
{
	struct lp_process *process = lp_current_process();
	__u64 message, arguments;
	__u32 kind;

	if (!process)
		return 0;
	process->probe_hits++;
	if (PT_REGS_PARM1(ctx) != process->facts.python.lifecycle.runtime_error)
		return 0;
	arguments = PT_REGS_PARM2(ctx);
	if (!process->facts.python.lifecycle.array_arguments)
		arguments += process->facts.python.lifecycle.tuple_items;
	message = lp_read_u64(arguments);
	kind = lp_kind_of_message(process, message);
	if (kind == LP_FINDING_NO_RUNNING_LOOP)
		return lp_report_asking();
	return kind == LP_FINDING_KINDS ? 0 : lp_report_stack(kind);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
