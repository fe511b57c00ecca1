/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The functions of CPython among which ../runtime.bpf.h chooses. */
#ifndef LP_BPF_PYTHON_RUNTIME_BPF_H
#define LP_BPF_PYTHON_RUNTIME_BPF_H

#include "loop/common.bpf.h"
#include "object.bpf.h"
#include "uvloop.bpf.h"

/*
 * Copies the name object of the task whose step has just ended. A read at the beginning of every
 * step would make each a fifth more expensive. The task may have been freed by now: this shows as
 * a reference count of 0, or as a name that is neither a str nor an int. Then the name that user
 * space read during the stall is used instead.
 */
static __always_inline void lp_read_task_name(const struct lp_loop *loop, __u8 *name)
{
	__u64 address = loop->task + loop->layout.python.offsets.task_coro + 8, object = 0;
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

/* Fills in the name of the task whose step has just ended, as an object that user space decodes. */
static __always_inline void lp_python_copy_task_name(const struct lp_loop *loop, __u32 slot,
						     struct lp_event_slow *event)
{
	const struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	const struct lp_python *python = &loop->layout.python;
	__u64 type;

	event->string_ascii = python->offsets.string_ascii;
	event->string_wide = python->offsets.string_wide;
	event->int_digit = python->offsets.ob_digit;
	if (stall && stall->named_ns == loop->start_ns)
		__builtin_memcpy(event->task_name, stall->task_name, LP_NAME_BYTES);
	else
		lp_read_task_name(loop, event->task_name);
	__builtin_memcpy(&type, event->task_name + 8, sizeof(type));
	event->name_is_int = type == python->int_type;
	event->name_is_string = type == python->string_type;
}

/* Resolves the addresses of the GIL and of the flag for garbage collection, once a loop. */
static __always_inline void lp_python_find_lock(struct lp_loop *loop)
{
	const struct lp_python *python = &loop->layout.python;
	__u64 address = python->thread_base;
	__u32 i;

	for (i = 0; i < LP_CHAIN_STEPS && i < python->gil_steps; i++)
		address = lp_read_u64(address + python->thread_offsets[i]);
	loop->gil = address ? address + python->gil_offset : 0;
	address = python->thread_base;
	if (!python->collecting_in_runtime)
		address = lp_read_u64(address + python->interpreter_head);
	loop->collecting = address ? address + python->collecting_offset : 0;
}

/* Returns whether the call of the running callback has not returned yet. */
static __always_inline bool lp_python_callback_active(const struct lp_loop *loop)
{
	return lp_context_active(loop);
}

/* Returns the innermost frame of the loop's thread; 0: it has none. */
static __always_inline __u64 lp_python_loop_frame(const struct lp_loop *loop)
{
	return lp_top_frame(&loop->layout.python.offsets, loop->thread_state);
}

/* Returns whether the object at this address is a loop that runs. */
static __always_inline bool lp_python_object_runs(__u64 object)
{
	return lp_uv_runs(object);
}

/* Returns the descriptor that the loop at this address polls, plus 1; 0: not known. */
static __always_inline __u32 lp_python_object_descriptor(__u64 object)
{
	return lp_uv_descriptor(object);
}

/*
 * Returns the state of the thread that holds the lock. Up to 3.11 the chain of pointers leads to
 * the state of the current thread, which is that of the holder; from 3.12 on it leads to the last
 * holder, which still is the holder while another thread waits.
 */
static __always_inline __u64 lp_python_lock_holder(const struct lp_loop *loop)
{
	return lp_thread_state(&loop->layout.python);
}

/*
 * Returns an identity of what a thread runs. The state of a new thread may reuse the memory of one
 * that has ended: the code that it runs is part of the identity, too.
 */
static __always_inline __u64 lp_python_holder_identity(const struct lp_loop *loop,
						       __u64 thread_state)
{
	const struct lp_python_offsets *offsets = &loop->layout.python.offsets;
	__u64 code = thread_state ? lp_read_u64(lp_top_frame(offsets, thread_state) +
						offsets->f_executable) &
					    ~offsets->tag_mask
				  : 0;

	return (thread_state ^ code * LP_HASH_PRIME) & ~offsets->tag_mask;
}

/*
 * Returns the id of the thread in its own PID namespace, or 0. User space gets the address of the
 * state, at which there may be the state of another thread by then.
 */
static __always_inline __u32 lp_python_holder_thread(const struct lp_loop *loop, __u64 thread_state)
{
	const struct lp_python_offsets *offsets = &loop->layout.python.offsets;
	__u64 address = thread_state + offsets->native_thread_id;
	__u32 id = 0;

	/* Before 3.11 the C library knows it. */
	if (offsets->native_thread_id == LP_NO_FIELD)
		address = lp_read_u64(thread_state + offsets->thread_id) + LP_PTHREAD_TID;
	bpf_probe_read_user(&id, sizeof(id), (void *)address);
	return id;
}

/* The limit of the threads among whose states that of the current thread is searched. */
#define LP_THREADS_SEARCHED 64

/*
 * Returns the state of the current thread, which may not hold the lock, or 0: the thread has no
 * state, or not among the newest ones. Its pthread_self() is the base of its thread-local storage.
 */
static __always_inline __u64 lp_python_current_state(const struct lp_loop *loop)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	const struct lp_python *python = &loop->layout.python;
	__u64 state = lp_thread_state(python), self = BPF_CORE_READ(task, thread.fsbase);
	__u32 i;

	if (!self)
		return 0;
	if (state && lp_read_u64(state + python->offsets.thread_id) == self)
		return state;
	state = lp_read_u64(python->thread_base + python->interpreter_head);
	state = state ? lp_read_u64(state + python->threads_head) : 0;
	for (i = 0; i < LP_THREADS_SEARCHED && state; i++) {
		if (lp_read_u64(state + python->offsets.thread_id) == self)
			return state;
		state = lp_read_u64(state + python->thread_next);
	}
	return 0;
}

/* In walk.bpf.h, observe.bpf.c and end_step.bpf.c. */
int lp_python_end_step(__u32 slot);
int lp_python_walk(__u32 slot, __u64 thread_state, __u32 most);
int lp_python_observe(__u32 slot, __u64 now, __u32 certain);
int lp_python_polls_itself(__u32 slot);
int lp_python_poll_begins(__u32 slot);
__u64 lp_python_iteration_begun(__u32 slot, __u64 now, __u32 on_cpu);

#endif /* LP_BPF_PYTHON_RUNTIME_BPF_H */
