/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A finding: something that got lost, copied while its objects still exist. It is built in an
 * element of the map findings, as it is too big for the stack; functions that are not static take
 * the number of the element, so that the verifier checks each of them once.
 */
#ifndef LP_BPF_PYTHON_FINDING_BPF_H
#define LP_BPF_PYTHON_FINDING_BPF_H

#include "loop/common.bpf.h"
#include "object.bpf.h"
#include "walk.bpf.h"

/*
 * Limit of the steps of a walk: there are frames without Python code in between, and a damaged
 * chain may be circular.
 */
#define LP_FINDING_STEPS 128

static __always_inline struct lp_finding_work *lp_finding_of(__u32 number)
{
	return bpf_map_lookup_elem(&findings, &number);
}

static __always_inline struct lp_process *lp_current_process(void)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	return bpf_map_lookup_elem(&processes, &pid);
}

/* A field of the object in the scratch area, at an offset that is checked. */
static __always_inline __u64 lp_scratch_u64(const struct lp_finding_work *work, __u32 offset)
{
	__u64 value;

	__builtin_memcpy(&value, work->scratch + (offset & (LP_SCRATCH_BYTES - 8)), sizeof(value));
	return value;
}

/* Returns whether the process has sent too many findings in this second. */
static __always_inline bool lp_finding_is_flood(void)
{
	struct lp_process *process = lp_current_process();

	if (!process ||
	    lp_rate_limit_allows(&process->finding, bpf_ktime_get_ns(), 0, LP_FINDINGS_A_SECOND))
		return false;
	lp_lose(LP_LOST_FINDINGS);
	return true;
}

/*
 * Begins a finding; returns its number, or -1. Code that asks for a loop may handle the absence of
 * one, which is no finding: such a request is counted only after this has been checked.
 */
__weak __noinline int lp_finding_begin(__u32 kind, __u64 object)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct lp_finding_work *work;
	struct lp_event_raw_finding *event;
	__u32 number = 0, slot = LP_NO_LOOP;

	if (kind != LP_FINDING_NO_RUNNING_LOOP && lp_finding_is_flood())
		return -1;
	if (bpf_map_pop_elem(&free_findings, &number)) {
		lp_lose(LP_LOST_FINDINGS);
		return -1;
	}
	work = lp_finding_of(number);
	if (!work)
		return -1;
	if (!lp_current_loop(&slot))
		slot = LP_NO_LOOP;
	event = &work->event;
	lp_event_fill(&event->event, LP_EVENT_RAW_FINDING, sizeof(*event), bpf_ktime_get_ns(), slot,
		      id >> 32);
	event->kind = kind;
	event->tid = (__u32)id;
	event->flags = 0;
	event->first_line = 0;
	event->object = object;
	event->task = 0;
	event->parked.code = 0;
	__builtin_memset(&event->origin, 0, sizeof(event->origin));
	event->qualname.bytes = 0;
	event->filename.bytes = 0;
	event->message.bytes = 0;
	event->task_name.bytes = 0;
	event->exception_type[0] = 0;
	event->depth = 0;
	event->loop_depth = 0;
	work->reported = 0;
	return (int)number;
}

/*
 * Names a finding that is about no coroutine by the function in which it happened. The name is
 * copied here, as the process may have ended when user space reads the stack.
 */
__weak __noinline int lp_finding_name_place(__u32 number)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	const struct lp_python_offsets *offsets;
	struct lp_event_raw_finding *event;
	__u64 code;

	if (!work || !process)
		return 0;
	event = &work->event;
	if (event->qualname.bytes || !event->depth)
		return 0;
	offsets = &process->layout.python.offsets;
	code = event->frames[0].code;
	event->flags |= LP_FINDING_NAME_IS_PLACE;
	bpf_probe_read_user(&event->first_line, sizeof(event->first_line),
			    (void *)(code + offsets->co_firstlineno));
	lp_read_text(offsets,
		     lp_read_u64(code + (offsets->co_qualname == LP_NO_FIELD
						 ? offsets->co_name
						 : offsets->co_qualname)),
		     &event->qualname, event->qualname_data, LP_QUALNAME_BYTES, false);
	lp_read_text(offsets, lp_read_u64(code + offsets->co_filename), &event->filename,
		     event->filename_data, LP_FILENAME_BYTES, true);
	return 0;
}

/* Sends a finding and wakes user space at once, as the process may be about to end. */
static __always_inline void lp_finding_send(__u32 number)
{
	struct lp_finding_work *work = lp_finding_of(number);

	lp_finding_name_place(number);
	if (work &&
	    bpf_ringbuf_output(&events, &work->event, sizeof(work->event), LP_RING_FORCE_WAKEUP))
		lp_lose(LP_LOST_RING);
}

static __always_inline void lp_finding_end(__u32 number)
{
	bpf_map_push_elem(&free_findings, &number, 0);
}

/* Copies one frame; returns whether another one follows. */
__weak __noinline int lp_finding_frame(__u32 number, __u32 of_loop)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	const struct lp_python_offsets *offsets;
	struct lp_raw_frame *frame;
	struct lp_event_raw_finding *event;
	__u64 code, instruction;
	__u32 depth;

	if (!work || !process || !work->frame)
		return 0;
	event = &work->event;
	offsets = &process->layout.python.offsets;
	if (bpf_probe_read_user(work->scratch, LP_FRAME_BYTES, (void *)work->frame)) {
		event->flags |= LP_FINDING_CUT;
		return 0;
	}
	code = lp_scratch_u64(work, offsets->f_executable) & ~offsets->tag_mask;
	instruction = lp_scratch_u64(work, offsets->frame_instr_ptr);
	/* up to 3.10: f_lasti, an int */
	if (offsets->frame_owner == LP_NO_FIELD)
		instruction = (__u32)instruction;
	depth = of_loop ? event->loop_depth : event->depth;
	if (code && code == process->facts.python.code.run_once && (depth || !of_loop))
		return 0;
	if ((offsets->frame_owner == LP_NO_FIELD ||
	     work->scratch[offsets->frame_owner & (LP_SCRATCH_BYTES - 1)] < offsets->first_shim) &&
	    !lp_is_init_shim(offsets, code, instruction)) {
		if (depth >= (of_loop ? LP_FINDING_LOOP_FRAMES : LP_FINDING_FRAMES)) {
			event->flags |= LP_FINDING_CUT;
			return 0;
		}
		if (of_loop) {
			frame = &event->loop_frames[depth & (LP_FINDING_LOOP_FRAMES - 1)];
			event->loop_depth++;
		} else {
			frame = &event->frames[depth & (LP_FINDING_FRAMES - 1)];
			event->depth++;
			if (depth == 1)
				work->callers_self =
					lp_read_u64(work->frame + offsets->frame_localsplus) &
					~offsets->tag_mask;
		}
		frame->code = code;
		frame->instruction = instruction;
	}
	work->frame = lp_scratch_u64(work, offsets->frame_previous);
	return work->frame != 0;
}

/*
 * Copies the stack of a thread of this process. The thread must not run meanwhile, which holds as
 * it has no GIL.
 */
__weak __noinline int lp_finding_walk(__u32 number, __u64 thread_state, __u32 of_loop)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	__u32 i;

	if (!work || !process)
		return 0;
	work->frame = lp_top_frame(&process->layout.python.offsets, thread_state);
	for (i = 0; i < LP_FINDING_STEPS; i++)
		if (!lp_finding_frame(number, of_loop))
			break;
	return 0;
}

static __always_inline void lp_finding_own_walk(__u32 number)
{
	struct lp_process *process = lp_current_process();

	if (process)
		lp_finding_walk(number, lp_thread_state(&process->layout.python), 0);
}

/* Copies the frames that created an object, if they were recorded. */
__weak __noinline int lp_finding_origin(__u32 number, __u64 object)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_object_key key = {};
	struct lp_origin *origin;

	key.object = object;
	key.pid = bpf_get_current_pid_tgid() >> 32;
	origin = bpf_map_lookup_elem(&origins, &key);
	if (work && origin && origin->type == lp_read_u64(object + LP_OBJECT_TYPE))
		work->event.origin = *origin;
	return 0;
}

/*
 * Reads the frame in which a coroutine is suspended. The coroutine's head is in the scratch area.
 */
static __always_inline void lp_finding_park(const struct lp_finding_work *work,
					    const struct lp_python_offsets *offsets,
					    __u64 coroutine, struct lp_raw_frame *parked)
{
	__u64 frame;

	/* the frame is embedded since 3.11; before, a pointer to it follows the object's head */
	if (offsets->frame_owner == LP_NO_FIELD)
		frame = lp_scratch_u64(work, 16);
	else
		frame = coroutine + offsets->cr_code - offsets->f_executable;
	if (!frame)
		return;
	parked->code = lp_scratch_u64(work, offsets->cr_code) & ~offsets->tag_mask;
	parked->instruction = lp_read_u64(frame + offsets->frame_instr_ptr);
	if (offsets->frame_owner == LP_NO_FIELD)
		parked->instruction = (__u32)parked->instruction;
}

/* Copies the names of a coroutine, and the frame in which it is suspended. */
__weak __noinline int lp_finding_coroutine(__u32 number, __u64 coroutine)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	const struct lp_python_offsets *offsets;
	struct lp_event_raw_finding *event;
	__u64 code, name, type;
	__u32 bytes;

	if (!work || !process)
		return 0;
	event = &work->event;
	offsets = &process->layout.python.offsets;
	bytes = offsets->cr_head_bytes & (LP_SCRATCH_BYTES - 1);
	if (bpf_probe_read_user(work->scratch, bytes, (void *)coroutine))
		return 0;
	type = lp_scratch_u64(work, LP_OBJECT_TYPE);
	if (type != process->layout.python.coroutine_type &&
	    type != process->layout.python.generator_type) {
		lp_read_c_text(lp_read_u64(type + LP_TYPE_NAME), &event->qualname,
			       event->qualname_data, LP_QUALNAME_BYTES);
		return 0;
	}
	code = lp_scratch_u64(work, offsets->cr_code) & ~offsets->tag_mask;
	name = lp_scratch_u64(work, offsets->cr_qualname);
	lp_finding_park(work, offsets, coroutine, &event->parked);
	bpf_probe_read_user(&event->first_line, sizeof(event->first_line),
			    (void *)(code + offsets->co_firstlineno));
	lp_read_text(offsets, name, &event->qualname, event->qualname_data, LP_QUALNAME_BYTES,
		     false);
	lp_read_text(offsets, lp_read_u64(code + offsets->co_filename), &event->filename,
		     event->filename_data, LP_FILENAME_BYTES, true);
	return 0;
}

/* Copies the name of a task, and its coroutine. */
__weak __noinline int lp_finding_task(__u32 number, __u64 task)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	const struct lp_python_offsets *offsets;
	__u64 coroutine, name, type;
	__u32 digit = 0;

	if (!work || !process)
		return 0;
	offsets = &process->layout.python.offsets;
	work->event.task = task;
	coroutine = lp_read_u64(task + offsets->task_coro);
	name = lp_read_u64(task + offsets->task_coro + 8);
	type = lp_read_u64(name + LP_OBJECT_TYPE);
	if (type == process->layout.python.int_type) {
		/* 3.12 and later: the number of a task without a name of its own. */
		bpf_probe_read_user(&digit, sizeof(digit), (void *)(name + offsets->ob_digit));
		work->event.task_number = digit;
		work->event.flags |= LP_FINDING_NAME_IS_INT;
	} else if (type == process->layout.python.string_type) {
		lp_read_text(offsets, name, &work->event.task_name, work->event.task_name_data,
			     LP_NAME_BYTES, false);
		work->event.flags |= LP_FINDING_NAME_IS_STRING;
	}
	lp_finding_origin(number, task);
	if (coroutine)
		lp_finding_coroutine(number, coroutine);
	return 0;
}

/* Copies the type of an exception, and the first of its arguments that is a str. */
__weak __noinline int lp_finding_exception(__u32 number, __u64 exception)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	struct lp_text type_text;
	__u64 arguments, item;
	__u32 i;

	if (!work || !process)
		return 0;
	lp_read_c_text(lp_read_u64(lp_read_u64(exception + LP_OBJECT_TYPE) + LP_TYPE_NAME),
		       &type_text, work->event.exception_type, LP_TYPE_NAME_BYTES);
	arguments = lp_read_u64(exception + process->facts.python.lifecycle.exception_args);
	for (i = 0; i < 2; i++) {
		/* ob_size follows the head of a tuple */
		if (lp_read_u64(arguments + LP_STRING_LENGTH) <= i)
			return 0;
		item = lp_read_u64(arguments + process->facts.python.lifecycle.tuple_items + i * 8);
		if (lp_read_u64(item + LP_OBJECT_TYPE) != process->layout.python.string_type)
			continue;
		lp_read_text(&process->layout.python.offsets, item, &work->event.message,
			     work->event.message_data, LP_MESSAGE_BYTES, false);
		return 0;
	}
	return 0;
}

/* Reports a finding that consists of its stack only. */
static __always_inline int lp_report_stack(__u32 kind)
{
	int number = lp_finding_begin(kind, 0);

	if (number < 0)
		return 0;
	lp_finding_own_walk(number);
	lp_finding_send(number);
	lp_finding_end(number);
	return 0;
}

/* Returns whether user space has determined that code on the stack catches the exception. */
__weak __noinline int lp_finding_is_expected(__u32 number)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_object_key key = {};

	if (!work)
		return 0;
	key.object = lp_asking_hash(work->event.frames, work->event.depth);
	key.pid = bpf_get_current_pid_tgid() >> 32;
	return bpf_map_lookup_elem(&expected, &key) != NULL;
}

static __always_inline int lp_report_asking(void)
{
	int number = lp_finding_begin(LP_FINDING_NO_RUNNING_LOOP, 0);

	if (number < 0)
		return 0;
	lp_finding_own_walk(number);
	if (!lp_finding_is_expected(number) && !lp_finding_is_flood())
		lp_finding_send(number);
	lp_finding_end(number);
	return 0;
}

#endif /* LP_BPF_PYTHON_FINDING_BPF_H */
