/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * uvloop's objects (uvloop/cbhandles.pxd, uvloop/loop.pxd). The fields that are read here are the
 * same in 0.14 to 0.23; user space checks it by the sizes of the types.
 */
#ifndef LP_BPF_PYTHON_UVLOOP_BPF_H
#define LP_BPF_PYTHON_UVLOOP_BPF_H

#include "loop/common.bpf.h"

struct lp_uv_handle_object {
	__u64 references;
	__u64 type;
	__u64 methods;
	__u64 loop;
	__u64 context;
	__u32 cancelled;
	__u32 padding;
	__u64 name; /* a str, of a C method */
	__u32 callback_type; /* LP_UV_CALLABLE, or how many objects the C method takes, plus 1 */
	__u32 padding2;
	__u64 function; /* the C method */
	__u64 argument; /* the callable, or the self of the C method */
};

_Static_assert(sizeof(struct lp_uv_handle_object) <= LP_SCRATCH_BYTES, "is read into the scratch");

#define LP_UV_CALLABLE 1
#define LP_UV_METHOD 2 /* a C method without further arguments */

struct lp_uv_timer_object {
	__u64 references;
	__u64 type;
	__u64 methods;
	__u64 callback;
	__u64 arguments;
	__u32 cancelled;
	__u32 padding;
	__u64 timer;
	__u64 loop;
	__u64 context;
};

/* Loop */
#define LP_UV_LOOP_UV 24 /* uv_loop_t * */
#define LP_UV_LOOP_CLOSED 48 /* ints */
#define LP_UV_LOOP_RUNNING 56
#define LP_UV_LOOP_READY 96 /* the ready queue, 0.17 and later */
/* uv_loop_t, part of the ABI of all libuv 1.x on Linux */
#define LP_UV_BACKEND 64 /* backend_fd, an int */
#define LP_UV_INTERNAL 40 /* internal_fields; up to libuv 1.38 something else */
#define LP_UV_TIME 544 /* time, in ms: of the last poll, or of a later request for the time */

/* The descriptor that a Loop polls, plus 1; 0: not known. */
static __always_inline __u32 lp_uv_descriptor(__u64 object)
{
	__u64 uv = lp_read_u64(object + LP_UV_LOOP_UV);
	__s32 descriptor = -1;

	if (uv)
		bpf_probe_read_user(&descriptor, sizeof(descriptor), (void *)(uv + LP_UV_BACKEND));
	return descriptor + 1;
}

/* Returns whether there is a Loop at this address that is running. */
static __always_inline bool lp_uv_runs(__u64 object)
{
	__u32 running = 0;

	bpf_probe_read_user(&running, sizeof(running), (void *)(object + LP_UV_LOOP_RUNNING));
	return running == 1;
}

/*
 * Returns whether the handle is one of the loop's own methods that run the ready queue: _on_idle,
 * _on_wake and the like.
 */
static __always_inline bool lp_uv_is_internal(const struct lp_uv_handle_object *handle)
{
	return handle->callback_type == LP_UV_METHOD && handle->argument == handle->loop;
}

/* collections.deque (Modules/_collectionsmodule.c), the same in 3.8 to 3.15 */
#define LP_DEQUE_LEFT_BLOCK 24
#define LP_DEQUE_LEFT_INDEX 40
#define LP_DEQUE_ITEMS 8 /* in a block, after the link to the one before */
#define LP_DEQUE_BLOCK_ITEMS 64

/*
 * Reads the handle that was taken from the ready queue last: popleft leaves the pointer in place.
 * It is lost with an emptied block, once in 64 times.
 */
static __always_inline bool lp_uv_popped(const struct lp_loop *loop,
					 struct lp_uv_handle_object *handle, __u64 *address)
{
	__u64 queue = lp_read_u64(loop->object + LP_UV_LOOP_READY), block, index;

	*address = 0;
	if (!queue)
		return false;
	block = lp_read_u64(queue + LP_DEQUE_LEFT_BLOCK);
	index = lp_read_u64(queue + LP_DEQUE_LEFT_INDEX);
	if (!block || !index || index > LP_DEQUE_BLOCK_ITEMS)
		return false;
	*address = lp_read_u64(block + LP_DEQUE_ITEMS + (index - 1) * 8);
	return *address && !bpf_probe_read_user(handle, sizeof(*handle), (void *)*address) &&
	       handle->type == loop->facts.python.uvloop.handle_type && handle->context &&
	       !lp_uv_is_internal(handle);
}

/*
 * Returns a value that differs between iterations of a Loop, or 0 if there is none: libuv's count
 * of them, or the place in the ready queue of the callback that a sample has seen running.
 */
static __always_inline __u64 lp_uv_turn(const struct lp_loop *loop, __u64 uv)
{
	__u64 queue, block, index;

	if (loop->facts.python.uvloop.loop_count)
		return lp_read_u64(lp_read_u64(uv + LP_UV_INTERNAL) +
				   loop->facts.python.uvloop.loop_count);
	queue = lp_read_u64(loop->object + LP_UV_LOOP_READY);
	block = lp_read_u64(queue + LP_DEQUE_LEFT_BLOCK);
	index = lp_read_u64(queue + LP_DEQUE_LEFT_INDEX);
	if (!loop->start_ns || !index || index > LP_DEQUE_BLOCK_ITEMS ||
	    lp_read_u64(block + LP_DEQUE_ITEMS + (index - 1) * 8) != loop->last_handle)
		return 0;
	return block + index;
}

/*
 * Returns when the iteration that runs has begun, to a millisecond, or 0: it is the one that was
 * running at the last call. A request for the time within the iteration makes it later.
 */
static __always_inline __u64 lp_uv_iteration_begun(struct lp_loop *loop)
{
	__u64 uv = lp_read_u64(loop->object + LP_UV_LOOP_UV), turn, before = loop->turn;

	if (!uv || !lp_uv_runs(loop->object))
		return 0;
	turn = lp_uv_turn(loop, uv);
	loop->turn = turn;
	if (turn && turn == before)
		return 0;
	return lp_read_u64(uv + LP_UV_TIME) * 1000000;
}

#define LP_UV_CONTEXTS 8

/*
 * Returns whether the thread has entered this context, itself or below others. *outer: the
 * outermost context that it has entered, apart from the one in which the loop was started.
 */
static __always_inline bool lp_uv_entered(const struct lp_loop *loop, __u64 wanted, __u64 *outer)
{
	const struct lp_python_offsets *offsets = &loop->layout.python.offsets;
	__u64 context = lp_read_u64(loop->thread_state + offsets->tstate_context), before;
	int i;

	*outer = context;
	for (i = 0; i < LP_UV_CONTEXTS && context; i++) {
		if (wanted && context == wanted)
			return true;
		before = lp_read_u64(context + offsets->ctx_prev);
		if (before)
			*outer = context;
		context = before;
	}
	return false;
}

#endif /* LP_BPF_PYTHON_UVLOOP_BPF_H */
