/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * --inner: walks from a task's coroutine to those that it awaits. A hash of all of them identifies
 * the callback, instead of the code that the loop steps. BPF does not know which coroutine is the
 * program's: user space decides that once for each chain, by the files of the coroutines.
 *
 * A coroutine has two reads: its head, and the object on top of its stack; up to 3.10, where its
 * frame is an object of its own, it has three.
 */
#ifndef LP_BPF_PYTHON_AWAIT_CHAIN_BPF_H
#define LP_BPF_PYTHON_AWAIT_CHAIN_BPF_H

#include "loop/common.bpf.h"
#include "callable.bpf.h"

/* Limit of the objects of a walk: there are wrappers between coroutines. */
#define LP_AWAIT_OBJECTS 32
/* coroutine_wrapper.cw_coroutine, ags_gen, agt_gen, anextawaitable.wrapped */
#define LP_AWAIT_WRAPPED 16
/* Bytes of a frame that is an object, up to the end of the last field that is read. */
#define LP_AWAIT_FRAME_BYTES 112
/* Limit of the objects on a frame's stack, its locals included. */
#define LP_AWAIT_STACK 4096

static __always_inline struct lp_coroutine_chain *lp_await_chain_of(__u32 slot)
{
	union lp_awaiting *awaiting = bpf_map_lookup_elem(&await_chains, &slot);

	return awaiting ? &awaiting->python : NULL;
}

static __always_inline __u64 lp_await_field(const struct lp_coroutine_chain *chain, __u32 offset)
{
	__u32 at = offset & (LP_AWAIT_SCRATCH - 8);
	__u64 value;

	__builtin_memcpy(&value, chain->scratch + at, sizeof(value));
	return value;
}

/* Returns whether an awaited object of this type wraps another one. Learns types. */
static __always_inline bool lp_await_is_wrapper(struct lp_coroutine_chain *chain, __u64 type)
{
	int role;

	if (type == chain->wrapper_type)
		return true;
	if (type == chain->generator_type || type == chain->other_type)
		return false;
	role = lp_callable_role_of(lp_read_u64(type + LP_TYPE_NAME));
	if (role == LP_CALLABLE_AWAIT_WRAPPER)
		chain->wrapper_type = type;
	else if (role == LP_CALLABLE_ASYNC_GENERATOR)
		chain->generator_type = type;
	else
		chain->other_type = type;
	return role == LP_CALLABLE_AWAIT_WRAPPER;
}

static __always_inline void lp_await_append(struct lp_coroutine_chain *chain, __u64 code,
					    __u64 name)
{
	__u32 depth = chain->depth & (LP_AWAIT_LINKS - 1);

	chain->links[depth].code = code;
	chain->links[depth].name = name;
	chain->hash = (chain->hash ^ code) * LP_HASH_PRIME;
	chain->hash = (chain->hash ^ name) * LP_HASH_PRIME;
	chain->depth++;
}

/*
 * Returns the object that a suspended frame awaits, or 0. The frame is in the scratch
 * area at the offset base, and at the address frame in the target.
 */
static __always_inline __u64 lp_await_top(const struct lp_coroutine_chain *chain,
					  const struct lp_python *python, __u32 base, __u64 frame)
{
	const struct lp_await_offsets *awaits = &python->awaits;
	__u64 end = lp_await_field(chain, base + awaits->frame_stackpointer), first;

	first = awaits->frame_valuestack == LP_NO_FIELD
			? frame + python->offsets.frame_localsplus
			: lp_await_field(chain, base + awaits->frame_valuestack);
	if (awaits->stack_end != LP_STACK_END_ADDRESS) {
		end = (__u32)end;
		if (end > LP_AWAIT_STACK)
			return 0;
		end = first + end * 8;
	}
	end -= 8ULL * awaits->awaited_slot;
	return end >= first ? lp_read_u64(end) & ~python->offsets.tag_mask : 0;
}

/* Visits one object of the walk; returns whether another one follows. */
__weak __noinline int lp_await_visit(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_coroutine_chain *chain = lp_await_chain_of(slot);
	const struct lp_await_offsets *awaits;
	const struct lp_python *python;
	__u64 type, code, frame;
	__u32 bytes, base = 0;
	__u8 state;

	if (!loop || !chain)
		return 0;
	python = &loop->layout.python;
	awaits = &python->awaits;
	bytes = awaits->head_bytes & (LP_AWAIT_SCRATCH - 1);
	if (bpf_probe_read_user(chain->scratch, bytes, (void *)chain->object))
		return 0;
	type = lp_await_field(chain, LP_OBJECT_TYPE);
	if (type != python->coroutine_type && type != python->generator_type) {
		if (lp_await_is_wrapper(chain, type)) {
			chain->object = lp_await_field(chain, LP_AWAIT_WRAPPED);
			return 1;
		}
		if (type != chain->generator_type)
			return 0;
	}
	code = lp_await_field(chain, python->offsets.cr_code) & ~python->offsets.tag_mask;
	lp_await_append(chain, code, lp_await_field(chain, python->offsets.cr_qualname));
	/* A generator that is awaited may also be suspended by a yield: the walk ends at it. */
	if (type == python->generator_type || chain->depth >= LP_AWAIT_LINKS)
		return 0;
	frame = chain->object + awaits->cr_iframe;
	base = awaits->cr_iframe;
	state = chain->scratch[awaits->cr_frame_state & (LP_AWAIT_SCRATCH - 1)];
	if (awaits->frame_is_object) {
		frame = lp_await_field(chain, awaits->cr_iframe);
		base = 0;
		if (!frame ||
		    bpf_probe_read_user(chain->scratch, LP_AWAIT_FRAME_BYTES, (void *)frame))
			return 0;
		if (awaits->state_in_frame)
			state = chain->scratch[awaits->cr_frame_state & (LP_AWAIT_SCRATCH - 1)];
	}
	if (state != awaits->frame_suspended)
		return 0;
	chain->object = lp_await_top(chain, python, base, frame);
	chain->suspended |= chain->object != 0;
	return chain->object != 0;
}

/*
 * Walks the await chain of the task in loop->callable. If the task's own coroutine awaits another
 * one, which none does before its first step, the callback is identified by the chain. A task of a
 * class that is written in Python is not in loop->callable: the caller stores its coroutine in
 * chain->object.
 */
__weak __noinline int lp_await_walk(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_coroutine_chain *chain = lp_await_chain_of(slot);
	__u64 coroutine;
	__u32 i;

	if (!loop || !chain)
		return 0;
	coroutine = chain->object;
	if (loop->callable.task)
		coroutine =
			lp_read_u64(loop->callable.task + loop->layout.python.offsets.task_coro);
	chain->object = coroutine;
	chain->hash = LP_HASH_BASIS;
	chain->depth = 0;
	chain->suspended = 0;
	for (i = 0; i < LP_AWAIT_OBJECTS; i++)
		if (!lp_await_visit(slot))
			break;
	chain->coroutine = chain->suspended ? 0 : coroutine;
	if (chain->depth > 1)
		loop->callable.identity = (chain->hash & ~(LP_IDENTITY_CHAIN | 3)) |
					  LP_IDENTITY_CHAIN;
	return chain->depth;
}

/*
 * The same for a task that is running, whose step a sample has discovered. A running coroutine does
 * not store which one it awaits, but the frames of both are on the stack that was walked last. Up
 * to 3.10 a code object has no qualified name: the links have the name without the class.
 */
__weak __noinline int lp_await_walked(__u32 slot)
{
	struct lp_wait_state *stall = bpf_map_lookup_elem(&stalls, &slot);
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_coroutine_chain *chain = lp_await_chain_of(slot);
	const struct lp_python_offsets *offsets;
	__u32 i, depth, flags;
	__u64 code;

	if (!stall || !loop || !chain)
		return 0;
	offsets = &loop->layout.python.offsets;
	chain->hash = LP_HASH_BASIS;
	chain->depth = 0;
	chain->coroutine = 0;
	depth = stall->walked.depth;
	if (stall->walked.flags & LP_STACK_CUT)
		return 0;
	/* outermost first; frames outside of the task's own coroutine, which run the loop, are left
	 * out */
	for (i = 0; i < LP_STACK_FRAMES && i < depth && chain->depth < LP_AWAIT_LINKS; i++) {
		code = stall->walked.frames[(depth - 1 - i) & (LP_STACK_FRAMES - 1)].code;
		if (!chain->depth && code != loop->callable.identity)
			continue;
		flags = 0;
		bpf_probe_read_user(&flags, sizeof(flags), (void *)(code + offsets->co_flags));
		if (!(flags & LP_CO_AWAITS))
			break;
		lp_await_append(chain, code,
				lp_read_u64(code + (offsets->co_qualname != LP_NO_FIELD
							    ? offsets->co_qualname
							    : offsets->co_name)));
	}
	if (chain->depth > 1)
		loop->callable.identity = (chain->hash & ~(LP_IDENTITY_CHAIN | 3)) |
					  LP_IDENTITY_CHAIN;
	return chain->depth;
}

/* Returns whether loop->callable is identified by its await chain. */
static __always_inline bool lp_await_identifies(const struct lp_callable *callable)
{
	return lp_config.inner && callable->identity & LP_IDENTITY_CHAIN;
}

/* In end_step.bpf.c. */
int lp_python_end_step(__u32 slot);

#endif /* LP_BPF_PYTHON_AWAIT_CHAIN_BPF_H */
