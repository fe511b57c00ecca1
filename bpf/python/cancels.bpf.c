// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * --cancels: who cancelled a task. Each call of Task.cancel() is stored, and reported once the task
 * ends as cancelled: most tasks that a timeout cancels go on.
 */
#include "loop/common.bpf.h"
#include "object.bpf.h"
#include "walk.bpf.h"
#include "finding.bpf.h"

/* Number of words of a stack frame that are searched for the task. */
#define LP_CANCEL_STACK_WORDS 12
/* A call that is passed on to another task is made within this time. */
#define LP_PASSED_ON_NS 10000000
/* So many earlier ones are examined for each new one; some may be those of other processes. */
#define LP_CANCELS_TIDIED 4
/* The highest bit of a number of arguments (PY_VECTORCALL_ARGUMENTS_OFFSET). */
#define LP_ARGUMENTS_OFFSET (1ULL << 63)
/* A default name of a task, "Task-7", has its number there. */
#define LP_TASK_NUMBER 5

/* Distinguishes the task from an earlier one at the same address, by its name. */
static __always_inline __u64 lp_task_name_mark(const struct lp_python *python, __u64 task)
{
	__u64 name = lp_read_u64(task + python->offsets.task_coro + 8);
	__u32 digit = 0;

	/* 3.12 and later: the number of a task without a name of its own */
	if (lp_read_u64(name + LP_OBJECT_TYPE) == python->int_type) {
		bpf_probe_read_user(&digit, sizeof(digit),
				    (void *)(name + python->offsets.ob_digit));
		return digit;
	}
	return name ^ lp_read_u64(name + python->offsets.string_ascii + LP_TASK_NUMBER);
}

static __always_inline __u32 lp_task_state(const struct lp_process *process, __u64 task)
{
	__u32 state = ~0U;

	bpf_probe_read_user(&state, sizeof(state),
			    (void *)(task + process->facts.python.lifecycle.offsets.fut_state));
	return state;
}

/*
 * Copies a frame of the caller, and notes whether it is the innermost one of the outer call, at the
 * same instruction. Returns whether another frame follows.
 */
__weak __noinline int lp_cancel_frame(__u32 number, __u64 outer_frame, __u64 outer_instruction)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	const struct lp_python_offsets *offsets;
	__u64 frame, instruction;
	int more;

	if (!work || !process)
		return 0;
	offsets = &process->layout.python.offsets;
	frame = work->frame;
	more = lp_finding_frame(number, 0);
	instruction = lp_scratch_u64(work, offsets->frame_instr_ptr);
	if (offsets->frame_owner == LP_NO_FIELD)
		instruction = (__u32)instruction;
	if (frame && frame == outer_frame && instruction == outer_instruction)
		work->inside = 1;
	return more;
}

/* Copies the stack of the caller. Returns whether the outer call goes on. */
__weak __noinline int lp_cancel_walk(__u32 number, __u64 outer_frame, __u64 outer_instruction)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	__u32 i;

	if (!work || !process)
		return 0;
	work->inside = 0;
	work->frame = lp_top_frame(&process->layout.python.offsets,
				   lp_thread_state(&process->layout.python));
	for (i = 0; i < LP_CANCEL_FRAMES; i++)
		if (!lp_cancel_frame(number, outer_frame, outer_instruction))
			return work->inside;
	work->event.flags |= LP_FINDING_CUT;
	return work->inside;
}

/* Stores this call as the outer one of its thread, or notes that it is made inside of that one. */
__weak __noinline int lp_cancel_nest(__u32 number, __u64 stack_level)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct lp_outer_cancel outer = {}, *known;
	const struct lp_python_offsets *offsets;
	bool inside = false;

	if (!work || !process)
		return 0;
	offsets = &process->layout.python.offsets;
	known = bpf_map_lookup_elem(&outer_cancels, &tid);
	if (known && known->stack_level > stack_level &&
	    lp_age(work->cancel.time_ns, known->time_ns) < LP_PASSED_ON_NS)
		inside = lp_cancel_walk(number, known->frame, known->instruction);
	else
		lp_cancel_walk(number, 0, 0);
	if (inside) {
		work->cancel.passed_on = known->parked;
		return 0;
	}
	outer.time_ns = work->cancel.time_ns;
	outer.stack_level = stack_level;
	outer.frame = lp_top_frame(offsets, lp_thread_state(&process->layout.python));
	outer.instruction = work->event.frames[0].instruction;
	outer.parked = work->cancel.parked;
	bpf_map_update_elem(&outer_cancels, &tid, &outer, BPF_ANY);
	return 0;
}

/* Reads what identifies the task, and where its coroutine is suspended. */
__weak __noinline int lp_cancel_task(__u32 number, __u64 task)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();
	const struct lp_python_offsets *offsets;
	__u32 bytes;

	if (!work || !process)
		return 0;
	offsets = &process->layout.python.offsets;
	work->cancel.time_ns = bpf_ktime_get_ns();
	work->cancel.coroutine = lp_read_u64(task + offsets->task_coro);
	work->cancel.name = lp_task_name_mark(&process->layout.python, task);
	work->cancel.parked.code = 0;
	work->cancel.parked.instruction = 0;
	work->cancel.passed_on = work->cancel.parked;
	bytes = offsets->cr_head_bytes & (LP_SCRATCH_BYTES - 1);
	if (!bpf_probe_read_user(work->scratch, bytes, (void *)work->cancel.coroutine) &&
	    lp_scratch_u64(work, LP_OBJECT_TYPE) == process->layout.python.coroutine_type)
		lp_finding_park(work, offsets, work->cancel.coroutine, &work->cancel.parked);
	return 0;
}

/* message: the only argument of cancel(), or 0. */
__weak __noinline int lp_cancel_message(__u32 number, __u64 message)
{
	struct lp_finding_work *work = lp_finding_of(number);
	struct lp_process *process = lp_current_process();

	if (!work || !process)
		return 0;
	work->cancel.message.bytes = 0;
	if (message && lp_read_u64(message + LP_OBJECT_TYPE) == process->layout.python.string_type)
		lp_read_text(&process->layout.python.offsets, message, &work->cancel.message,
			     work->cancel.message_data, LP_MESSAGE_BYTES, false);
	return 0;
}

static __always_inline struct lp_cancel *lp_cancel_of(__u64 task)
{
	struct lp_object_key key = {};

	key.object = task;
	key.pid = bpf_get_current_pid_tgid() >> 32;
	return task ? bpf_map_lookup_elem(&cancels, &key) : NULL;
}

/*
 * Returns whether the stored cancellation is of this task, and is still requested: a timeout takes
 * its own back, by Task.uncancel().
 */
__weak __noinline int lp_cancel_is_of(__u64 task)
{
	struct lp_process *process = lp_current_process();
	struct lp_cancel *cancel = lp_cancel_of(task);
	const struct lp_task_offsets *offsets;
	__u32 requests = 0;

	if (!process || !cancel)
		return 0;
	offsets = &process->facts.python.lifecycle.offsets;
	if (cancel->coroutine != lp_read_u64(task + process->layout.python.offsets.task_coro) ||
	    cancel->name != lp_task_name_mark(&process->layout.python, task))
		return 0;
	if (offsets->task_num_cancels_requested == LP_NO_FIELD)
		return 1;
	bpf_probe_read_user(&requests, sizeof(requests),
			    (void *)(task + offsets->task_num_cancels_requested));
	return requests > 0;
}

/*
 * Returns whether a stored cancellation is of no use any more: its process or its task has ended,
 * or the task goes on. The tasks of another process cannot be read here. A task that has ended as
 * cancelled may not be reported yet.
 */
__weak __noinline int lp_cancel_is_over(__u64 task, __u32 pid)
{
	struct lp_process *process = bpf_map_lookup_elem(&processes, &pid);
	__u32 state;

	if (!process)
		return 1;
	if (pid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	state = lp_task_state(process, task);
	return (state != LP_FUTURE_PENDING && state != LP_FUTURE_CANCELLED) ||
	       !lp_cancel_is_of(task);
}

/* Counts a stored cancellation of the process with this number, or one that is removed. */
static __always_inline void lp_hold_cancel(__u32 number, int count)
{
	struct lp_holding *own = number ? lp_holding_of(number) : NULL;
	struct lp_holding *all = lp_holding_of(0);

	/* a process that has replaced its program has a new element, which starts from 0 */
	if (own && (count > 0 || own->cancels))
		__sync_fetch_and_add(&own->cancels, count);
	if (all)
		__sync_fetch_and_add(&all->cancels, count);
}

static __always_inline bool lp_may_hold_cancel(__u32 number)
{
	struct lp_holding *own = number ? lp_holding_of(number) : NULL;
	struct lp_holding *all = lp_holding_of(0);

	return !own || !all || lp_may_hold(own->cancels, all->cancels, LP_MAX_CANCELS);
}

static __always_inline void lp_cancel_remove(const struct lp_object_key *key)
{
	__u32 pid = key->pid;
	struct lp_process *process = bpf_map_lookup_elem(&processes, &pid);

	if (!bpf_map_delete_elem(&cancels, key))
		lp_hold_cancel(process ? process->holding : 0, -1);
}

/* Removes the stored cancellations that are over, of the next ones in turn. */
__weak __noinline int lp_cancels_tidy(void)
{
	struct lp_object_key key = {};
	__u32 i;

	for (i = 0; i < LP_CANCELS_TIDIED; i++) {
		if (bpf_map_pop_elem(&cancel_turns, &key))
			return 0;
		if (!bpf_map_lookup_elem(&cancels, &key))
			continue;
		if (lp_cancel_is_over(key.object, key.pid))
			lp_cancel_remove(&key);
		else
			bpf_map_push_elem(&cancel_turns, &key, 0);
	}
	return 0;
}

/* Inserts the cancellation of a task, or replaces an earlier one. */
static __always_inline void lp_cancel_insert(__u64 task, const struct lp_cancel *cancel)
{
	struct lp_process *process = lp_current_process();
	__u32 number = process ? process->holding : 0;
	struct lp_object_key key = {};

	key.object = task;
	key.pid = bpf_get_current_pid_tgid() >> 32;
	if (bpf_map_lookup_elem(&cancels, &key)) {
		bpf_map_update_elem(&cancels, &key, cancel, BPF_ANY);
		return;
	}
	if (!lp_may_hold_cancel(number)) {
		lp_limit(number, LP_LIMITED_EVENTS);
		lp_lose(LP_LOST_FINDINGS);
	} else if (bpf_map_update_elem(&cancels, &key, cancel, BPF_NOEXIST)) {
		lp_lose(LP_LOST_FINDINGS);
	} else {
		lp_hold_cancel(number, 1);
		bpf_map_push_elem(&cancel_turns, &key, 0);
	}
}

__weak __noinline int lp_cancel_store(__u64 task, __u64 message, __u64 stack_level)
{
	struct lp_finding_work *work;
	__u32 number = 0;

	lp_cancels_tidy();
	if (bpf_map_pop_elem(&free_findings, &number)) {
		lp_lose(LP_LOST_FINDINGS);
		return 0;
	}
	work = lp_finding_of(number);
	if (!work)
		return 0;
	work->event.flags = 0;
	work->event.depth = 0;
	lp_cancel_task(number, task);
	lp_cancel_message(number, message);
	lp_cancel_nest(number, stack_level);
	work->cancel.depth = work->event.depth;
	work->cancel.cut = work->event.flags & LP_FINDING_CUT;
	__builtin_memcpy(work->cancel.frames, work->event.frames, sizeof(work->cancel.frames));
	lp_cancel_insert(task, &work->cancel);
	lp_finding_end(number);
	return 0;
}

/* The message that cancel() was called with, or 0: an array, its length and names of arguments. */
static __always_inline __u64 lp_cancel_argument(__u64 array, __u64 count, __u64 names)
{
	count &= ~LP_ARGUMENTS_OFFSET;
	if (names)
		/* ob_size follows the head of a tuple */
		count += lp_read_u64(names + LP_STRING_LENGTH);
	return count == 1 ? lp_read_u64(array) : 0;
}

/* Task.cancel(self, msg=None); 3.8 has no message. */
SEC("?uprobe")
int lp_task_cancel(struct pt_regs *ctx)
{
	struct lp_process *process = lp_current_process();
	__u64 message = 0;

	if (!process)
		return 0;
	process->probe_hits++;
	/* attached before the layout of tasks is known */
	if (!process->facts.python.lifecycle.task_type ||
	    lp_task_state(process, PT_REGS_PARM1(ctx)) != LP_FUTURE_PENDING)
		return 0;
	if (process->facts.python.lifecycle.cancel_arguments == 2)
		message = lp_cancel_argument(PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx),
					     PT_REGS_PARM4(ctx));
	else if (process->facts.python.lifecycle.cancel_arguments == 3)
		message = lp_cancel_argument(PT_REGS_PARM3(ctx), PT_REGS_PARM4(ctx),
					     PT_REGS_PARM5(ctx));
	return lp_cancel_store(PT_REGS_PARM1(ctx), message, PT_REGS_SP(ctx));
}

/* The type of the exception that is being raised. */
static __always_inline __u64 lp_raised_type(const struct lp_process *process)
{
	__u64 raised = lp_read_u64(lp_thread_state(&process->layout.python) +
				   process->facts.python.lifecycle.current_exception);

	return process->facts.python.lifecycle.exception_is_type
		       ? raised
		       : lp_read_u64(raised + LP_OBJECT_TYPE);
}

/* Returns the cancelled task in whose step PyErr_ExceptionMatches() is called. */
static __always_inline __u64 lp_cancelled_task(const struct pt_regs *ctx)
{
	volatile __u64 candidates[] = { ctx->bx, ctx->bp, ctx->r12, ctx->r13, ctx->r14, ctx->r15 };
	__u64 stack[LP_CANCEL_STACK_WORDS] = {}, sp = PT_REGS_SP(ctx);
	__u32 i;

	for (i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (lp_cancel_is_of(candidates[i]))
			return candidates[i];
	bpf_probe_read_user(stack, sizeof(stack), (void *)sp);
	for (i = 0; i < LP_CANCEL_STACK_WORDS; i++)
		if (lp_cancel_is_of(stack[i]))
			return stack[i];
	return 0;
}

static __always_inline void lp_report_cancelled_time(__u64 task, __u64 cancelled_ns)
{
	struct lp_event_noticed *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	__u64 now = bpf_ktime_get_ns();

	if (!event) {
		lp_lose(LP_LOST_RING);
		return;
	}
	lp_event_fill(&event->event, LP_EVENT_NOTICED, sizeof(*event), now, LP_NO_LOOP,
		      bpf_get_current_pid_tgid() >> 32);
	event->handle = task;
	event->late_ns = lp_elapsed(now, cancelled_ns);
	bpf_ringbuf_submit(event, 0);
}

#define LP_CANCELLED_ERROR "CancelledError"

__weak __noinline int lp_report_cancelled(__u64 task)
{
	struct lp_cancel *cancel = lp_cancel_of(task);
	struct lp_event_raw_finding *event;
	struct lp_object_key key = {};
	struct lp_finding_work *work;
	int number;

	if (!cancel)
		return 0;
	key.object = task;
	key.pid = bpf_get_current_pid_tgid() >> 32;
	number = lp_finding_begin(LP_FINDING_CANCELLED, task);
	work = number < 0 ? NULL : lp_finding_of(number);
	if (work) {
		event = &work->event;
		lp_finding_task(number, task);
		event->parked = cancel->parked;
		event->message = cancel->message;
		__builtin_memcpy(event->message_data, cancel->message_data, LP_MESSAGE_BYTES);
		__builtin_memcpy(event->exception_type, LP_CANCELLED_ERROR,
				 sizeof(LP_CANCELLED_ERROR));
		event->flags |= cancel->cut;
		event->depth = cancel->depth;
		__builtin_memcpy(event->frames, cancel->frames, sizeof(cancel->frames));
		event->loop_depth = cancel->passed_on.code != 0;
		event->loop_frames[0] = cancel->passed_on;
		lp_finding_send(number);
		lp_report_cancelled_time(task, cancel->time_ns);
		lp_finding_end(number);
	}
	lp_cancel_remove(&key);
	return 0;
}

/* Removes the cancellation of a task that has not ended as cancelled. */
__weak __noinline int lp_cancel_drop(__u64 task)
{
	struct lp_object_key key = {};

	key.object = task;
	key.pid = bpf_get_current_pid_tgid() >> 32;
	lp_cancel_remove(&key);
	return 0;
}

/*
 * A step of a task ends with an exception, and calls PyErr_ExceptionMatches(CancelledError). Where
 * that call was not found: Task.__del__(self), of every task.
 */
SEC("?uprobe")
int lp_task_cancelled(struct pt_regs *ctx)
{
	struct lp_process *process = lp_current_process();
	__u64 first = PT_REGS_PARM1(ctx), task = 0;

	if (!process)
		return 0;
	process->probe_hits++;
	if (lp_cancel_of(first)) {
		if (lp_cancel_is_of(first) && lp_task_state(process, first) == LP_FUTURE_CANCELLED)
			return lp_report_cancelled(first);
		return lp_cancel_drop(first);
	}
	if (lp_raised_type(process) == first)
		task = lp_cancelled_task(ctx);
	return task ? lp_report_cancelled(task) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
