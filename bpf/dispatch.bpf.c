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

/* What a callback is told apart by. */
struct lp_callable {
	__u64 identity; /* address of code, method definition or type */
	__u64 check; /* address of the qualified name, where there is one */
	__u64 task;
	__u64 owner; /* builtins: the object it is bound to */
	__u32 kind;
	__u32 callback; /* its slot, where that is known already; else 0 */
};

/* The head of the callable; two words follow the object header in all that matter here. */
struct lp_callable_head {
	__u64 references;
	__u64 type;
	__u64 first;
	__u64 second;
};

enum lp_role {
	LP_ROLE_NONE,
	LP_ROLE_STEP,
	LP_ROLE_WAKEUP,
	LP_ROLE_PARTIAL,
	LP_ROLE_CYTHON,
	LP_ROLE_WAKEUP_METHOD,
};

#define LP_ROLE_NAME_BYTES 32

/*
 * What wraps something else is told by its name, since neither the wrappers of
 * _asyncio nor functools.partial are exported.  A name here is a prefix.
 */
static const struct lp_role_name {
	char name[LP_ROLE_NAME_BYTES];
	__u32 role;
} lp_role_names[] = {
	{ "TaskStepMethWrapper", LP_ROLE_STEP }, /* 3.8 to 3.11 */
	{ "_asyncio.TaskStepMethWrapper", LP_ROLE_STEP }, /* 3.12 and later */
	{ "TaskWakeupMethWrapper", LP_ROLE_WAKEUP }, /* 3.8, 3.9 */
	{ "task_wakeup", LP_ROLE_WAKEUP_METHOD }, /* a builtin's name, 3.10 and later */
	{ "functools.partial", LP_ROLE_PARTIAL },
	{ "cython_function_or_method", LP_ROLE_CYTHON },
	{ "_cython_", LP_ROLE_CYTHON }, /* _cython_3_0_11.cython_function_or_method */
};

/* The role of a C string in the target; LP_ROLE_NONE for all but the names above. */
static __noinline int lp_role_of(__u64 name)
{
	char text[LP_ROLE_NAME_BYTES] = {};
	__u32 i, j;

	if (bpf_probe_read_user_str(text, sizeof(text), (void *)name) <= 0)
		return LP_ROLE_NONE;
	for (i = 0; i < sizeof(lp_role_names) / sizeof(lp_role_names[0]); i++) {
		for (j = 0; j < LP_ROLE_NAME_BYTES; j++) {
			if (!lp_role_names[i].name[j])
				return lp_role_names[i].role;
			if (lp_role_names[i].name[j] != text[j])
				break;
		}
	}
	return LP_ROLE_NONE;
}

/* A type seen for the first time. Returns whether it has a role, so that the caller looks again. */
static __noinline int lp_learn_type(__u32 slot, __u64 type)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	int role = lp_role_of(lp_read_u64(type + LP_TYPE_NAME));

	if (!loop)
		return 0;
	if (role == LP_ROLE_STEP)
		loop->step_types[0] = type;
	else if (role == LP_ROLE_WAKEUP)
		loop->step_types[1] = type;
	else if (role == LP_ROLE_PARTIAL)
		loop->partial_type = type;
	else if (role == LP_ROLE_CYTHON)
		loop->cython_type = type;
	else
		return 0;
	return 1;
}

static __always_inline void lp_callable_function(const struct lp_python_offsets *offsets,
						 __u64 function, struct lp_callable *callable)
{
	callable->identity = lp_read_u64(function + offsets->function_code);
	callable->check = lp_read_u64(function + offsets->function_qualname);
	callable->kind = LP_CALLBACK_FUNCTION;
}

/*
 * A task that has ended makes room for another at the same address, often with its
 * coroutine at the same address too, so that an address alone proves nothing.  But
 * - a task that was stepped last is the same one still: to make another, some other
 *   callback would have had to run in between;
 * - a task is never woken up before its first step, and at that step it was looked
 *   at (but for eager tasks, which begin to run inside their constructor).
 */
static __always_inline bool lp_task_known(const struct lp_loop *loop, __u64 task, bool wakeup,
					  struct lp_callable *callable)
{
	const struct lp_task_entry *entry = &loop->tasks[(task >> 4) % LP_TASK_ENTRIES];

	if (entry->task != task)
		return false;
	if (task != loop->task && (!wakeup || loop->python.eager_tasks))
		return false;
	callable->identity = task;
	callable->callback = entry->callback;
	return true;
}

/* The code that a task steps: its coroutine's. */
static __always_inline void lp_callable_task(struct lp_loop *loop, __u64 task, bool wakeup,
					     struct lp_callable *callable)
{
	const struct lp_python_offsets *offsets = &loop->python.offsets;
	__u32 code_at, name_at, bytes;
	__u64 coroutine, type;

	callable->task = task;
	callable->kind = LP_CALLBACK_TASK;
	if (lp_task_known(loop, task, wakeup, callable))
		return;
	coroutine = lp_read_u64(task + offsets->task_coroutine);
	bytes = offsets->coroutine_bytes & (LP_SCRATCH_BYTES - 1);
	if (bpf_probe_read_user(loop->scratch, bytes, (void *)coroutine))
		return;
	type = *(__u64 *)(loop->scratch + LP_OBJECT_TYPE);
	if (type != loop->python.coroutine_type && type != loop->python.generator_type) {
		/* a coroutine of Cython's or somebody's own awaitable: told by its class */
		callable->identity = type;
		callable->owner = type;
		return;
	}
	code_at = offsets->coroutine_code & (LP_SCRATCH_BYTES - 8);
	name_at = offsets->coroutine_qualname & (LP_SCRATCH_BYTES - 8);
	callable->identity = *(__u64 *)(loop->scratch + code_at) & ~offsets->tag_mask;
	callable->check = *(__u64 *)(loop->scratch + name_at);
}

/* Finds out what args[0] is.  Unwraps partials, at most three deep. */
static __always_inline void lp_identify(struct lp_loop *loop, __u32 slot, __u64 object,
					struct lp_callable *callable)
{
	const struct lp_python *python = &loop->python;
	struct lp_callable_head head;
	__u64 learned_from = 0;
	int i;

	for (i = 0; i < 5; i++) {
		if (bpf_probe_read_user(&head, sizeof(head), (void *)object))
			return;
		if (head.type == loop->step_types[0]) {
			lp_callable_task(loop, head.first, false, callable);
			return;
		}
		if (head.type == loop->step_types[1]) {
			lp_callable_task(loop, head.first, true, callable);
			return;
		}
		if (head.type == python->builtin_type || head.type == loop->cython_type) {
			if (head.first == loop->wakeup_method) {
				lp_callable_task(loop, head.second, true, callable);
				return;
			}
			callable->identity = head.first;
			callable->owner = head.second;
			callable->kind = LP_CALLBACK_BUILTIN;
			return;
		}
		if (head.type == python->method_type) {
			lp_callable_function(&python->offsets, head.first, callable);
			/* bound to something that is no Python function: its address tells it */
			if (!callable->identity)
				callable->identity = head.first;
			return;
		}
		if (head.type == python->function_type) {
			lp_callable_function(&python->offsets, object, callable);
			return;
		}
		if (head.type == loop->partial_type) {
			object = head.first;
			continue;
		}
		if (head.type == learned_from)
			break;
		learned_from = head.type;
		/* known as an instance's class already? then there is nothing to learn */
		if (loop->cache[(head.type >> 4) % LP_CACHE_ENTRIES].identity ==
			    (head.type | LP_CALLBACK_INSTANCE) ||
		    !lp_learn_type(slot, head.type))
			break;
	}
	callable->identity = head.type;
	callable->owner = head.type;
	callable->kind = LP_CALLBACK_INSTANCE;
}

/* Reads the names of a callable seen for the first time, while it is alive. */
static __noinline int lp_report_name(__u32 slot, __u32 callback, const struct lp_callable *callable)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	const struct lp_python_offsets *offsets;
	struct lp_event_name *event;
	__u64 code, name;

	if (!loop || !callable)
		return -1;
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
		lp_read_c_text(lp_read_u64(callable->identity + LP_METHODDEF_NAME), &event->qualname,
			       event->qualname_data, LP_QUALNAME_BYTES);
		lp_read_c_text(lp_read_u64(lp_read_u64(callable->owner + LP_OBJECT_TYPE) +
					   LP_TYPE_NAME),
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
		lp_read_text(offsets, lp_read_u64(code + offsets->code_filename),
			     &event->filename, event->filename_data, LP_FILENAME_BYTES, true);
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * The slot of a callable that the loop's own cache does not know.  Slot 0
 * ("other") is used when there is none left; that is counted.
 */
static __noinline __u32 lp_find_callback(__u32 slot, const struct lp_callable *callable)
{
	struct lp_callback_value value = {}, *found;
	struct lp_callback_key key = {};

	if (!callable)
		return 0;
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
	if (lp_report_name(slot, value.callback, callable) ||
	    bpf_map_update_elem(&callback_slots, &key, &value, BPF_ANY)) {
		/* not named now: try again with its next run */
		bpf_map_push_elem(&free_callbacks, &value.callback, 0);
		lp_lose(LP_LOST_CALLBACKS);
		return 0;
	}
	return value.callback;
}

static __always_inline bool lp_cached(const struct lp_loop *loop,
				      const struct lp_callable *callable)
{
	const struct lp_cache_entry *entry =
		&loop->cache[(callable->identity >> 4) % LP_CACHE_ENTRIES];

	return entry->identity == (callable->identity | callable->kind);
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
		callback = lp_find_callback(slot, callable);
		if (callback) {
			entry->identity = identity;
			entry->check = callable->check;
			entry->callback = callback;
		}
	}
	if (callable->task) {
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
static __noinline int lp_adopt(void)
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
	struct lp_callable callable = {};
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

	lp_identify(loop, slot, lp_read_u64(PT_REGS_PARM2(ctx)), &callable);
	if (callable.kind == LP_CALLBACK_BUILTIN && !loop->wakeup_method &&
	    !lp_cached(loop, &callable) &&
	    lp_role_of(lp_read_u64(callable.identity + LP_METHODDEF_NAME)) ==
		    LP_ROLE_WAKEUP_METHOD) {
		loop->wakeup_method = callable.identity;
		callable.task = callable.owner;
		callable.owner = 0;
		lp_callable_task(loop, callable.task, true, &callable);
	}
	callback = 0;
	if (callable.identity)
		callback = lp_callback_slot(loop, slot, &callable);
	else
		lp_lose(LP_LOST_IDENTITY);

	loop->callback = callback;
	loop->task = callable.task;
	loop->context = PT_REGS_PARM1(ctx);
	loop->position = loop->iteration_callbacks++;
	loop->callbacks++;
	loop->queue_delay_ns = LP_NO_QUEUE_DELAY;
	if (queue) {
		loop->queue_delay_ns = lp_queue_delay(loop, now);
		delays = bpf_map_lookup_elem(&queue_stats, &callback);
		if (delays && loop->queue_delay_ns != LP_NO_QUEUE_DELAY)
			lp_histogram_add(&delays->delay, loop->queue_delay_ns);
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
