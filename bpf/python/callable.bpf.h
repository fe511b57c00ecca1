/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The code and the task that a callback runs. Callables are distinguished by addresses; their
 * names are read once, by lp_report_name.
 *
 * Functions that are not static take numbers only: the verifier checks each of them once, instead
 * of once a path that leads there (and 5.10 lets them take no pointers), which halves the time of
 * loading.
 */
#ifndef LP_BPF_PYTHON_CALLABLE_BPF_H
#define LP_BPF_PYTHON_CALLABLE_BPF_H

#include "loop/common.bpf.h"
#include "object.bpf.h"

/*
 * The head of the callable: two words follow the object header in all types that are handled here.
 */
struct lp_callable_head {
	__u64 references;
	__u64 type;
	__u64 first;
	__u64 second;
};

enum lp_callable_role {
	LP_CALLABLE_NONE,
	LP_CALLABLE_STEP,
	LP_CALLABLE_WAKEUP,
	LP_CALLABLE_PARTIAL,
	LP_CALLABLE_CYTHON,
	LP_CALLABLE_WAKEUP_METHOD,
	/* --inner: what a coroutine awaits */
	LP_CALLABLE_AWAIT_WRAPPER,
	LP_CALLABLE_ASYNC_GENERATOR,
};

#define LP_CALLABLE_WORDS 4

/*
 * Wrappers are recognised by the names of their types, since neither those of _asyncio nor
 * functools.partial are exported. A name here is a prefix.
 */
struct lp_callable_name {
	char name[LP_CALLABLE_WORDS * 8];
	__u32 length;
	__u32 role;
};

#define LP_CALLABLE_NAME(name, role)                                                               \
	{                                                                                          \
		name, sizeof(name) - 1, role                                                       \
	}

static const struct lp_callable_name lp_callable_names[] = {
	LP_CALLABLE_NAME("TaskStepMethWrapper", LP_CALLABLE_STEP), /* 3.8 to 3.11 */
	LP_CALLABLE_NAME("_asyncio.TaskStepMethWrapper", LP_CALLABLE_STEP), /* 3.12 and later */
	LP_CALLABLE_NAME("TaskWakeupMethWrapper", LP_CALLABLE_WAKEUP), /* 3.8, 3.9 */
	LP_CALLABLE_NAME("task_wakeup",
			 LP_CALLABLE_WAKEUP_METHOD), /* a builtin's, 3.10 and later */
	LP_CALLABLE_NAME("functools.partial", LP_CALLABLE_PARTIAL),
	LP_CALLABLE_NAME("cython_function_or_method", LP_CALLABLE_CYTHON),
	LP_CALLABLE_NAME("_cython_",
			 LP_CALLABLE_CYTHON), /* _cython_3_0_11.cython_function_or_method */
	/* async_generator_asend, async_generator_athrow; before the name below, which begins alike
	 */
	LP_CALLABLE_NAME("async_generator_a", LP_CALLABLE_AWAIT_WRAPPER),
	LP_CALLABLE_NAME("async_generator", LP_CALLABLE_ASYNC_GENERATOR),
	LP_CALLABLE_NAME("coroutine_wrapper", LP_CALLABLE_AWAIT_WRAPPER),
	LP_CALLABLE_NAME("anext_awaitable", LP_CALLABLE_AWAIT_WRAPPER),
};

static __always_inline bool lp_begins_with(const __u64 *text, const struct lp_callable_name *name)
{
	__u64 word, mask, differences = 0;
	int i, rest;

	/* without a branch a word: the verifier follows each branch to the end */
	for (i = 0; i < LP_CALLABLE_WORDS; i++) {
		rest = (int)name->length - i * 8;
		if (rest <= 0)
			break;
		mask = rest >= 8 ? ~0ULL : (1ULL << (rest * 8)) - 1;
		__builtin_memcpy(&word, name->name + i * 8, sizeof(word));
		differences |= (text[i] ^ word) & mask;
	}
	return !differences;
}

/*
 * The role of a type whose name is this C string in the target; LP_CALLABLE_NONE if no name above
 * matches.
 */
__weak __noinline int lp_callable_role_of(__u64 name)
{
	__u64 text[LP_CALLABLE_WORDS] = {};
	__u32 i;

	if (bpf_probe_read_user_str(text, sizeof(text), (void *)name) <= 0)
		return LP_CALLABLE_NONE;
	for (i = 0; i < sizeof(lp_callable_names) / sizeof(lp_callable_names[0]); i++)
		if (lp_begins_with(text, &lp_callable_names[i]))
			return lp_callable_names[i].role;
	return LP_CALLABLE_NONE;
}

/*
 * Determines the role of a type that is not known yet, stores it if there is one, and returns it.
 */
__weak __noinline int lp_learn_type(__u32 slot, __u64 type)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	int role = lp_callable_role_of(lp_read_u64(type + LP_TYPE_NAME));

	if (!loop)
		return LP_CALLABLE_NONE;
	if (role == LP_CALLABLE_STEP)
		loop->types.python.step_type = type;
	else if (role == LP_CALLABLE_WAKEUP)
		loop->types.python.wakeup_type = type;
	else if (role == LP_CALLABLE_PARTIAL)
		loop->types.python.partial_type = type;
	else if (role == LP_CALLABLE_CYTHON)
		loop->types.python.cython_type = type;
	else
		role = LP_CALLABLE_NONE;
	return role;
}

/* Returns whether a builtin that is not known yet is task_wakeup. */
__weak __noinline int lp_learn_builtin(__u32 slot, __u64 method)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);

	if (!loop || loop->types.python.wakeup_method ||
	    lp_callable_role_of(lp_read_u64(method + LP_METHODDEF_NAME)) !=
		    LP_CALLABLE_WAKEUP_METHOD)
		return 0;
	loop->types.python.wakeup_method = method;
	return 1;
}

static __always_inline bool lp_cached(const struct lp_loop *loop, __u64 identity, __u32 kind)
{
	return loop->cache[(identity >> 4) % LP_CACHE_ENTRIES].identity == (identity | kind);
}

/*
 * Returns whether this is a step of the same task as before. A new task may be created at the
 * address of one that has ended, often with its coroutine at the same address too, so that an
 * address alone proves nothing. But
 *
 * - a task that was stepped last is still the same one: to create another, some other callback
 * would have had to run in between;
 *
 * - a task is never woken up before its first step, and at that step it was identified (except
 * eager tasks, which begin to run inside their constructor).
 */
static __always_inline bool lp_task_known(const struct lp_loop *loop, __u64 task, bool wakeup,
					  struct lp_callable *callable)
{
	const struct lp_task_entry *entry = &loop->tasks[(task >> 4) % LP_TASK_ENTRIES];

	/* What a task awaits differs between its steps, and sample mode sees only a few of them. */
	if (lp_config.inner || entry->task != task || loop->sampled)
		return false;
	if (task != loop->task && (!wakeup || loop->layout.python.eager_tasks))
		return false;
	callable->identity = task;
	callable->callback = entry->callback;
	return true;
}

/*
 * Identifies a task by the code of its coroutine. Returns false if that is none of CPython's own,
 * whose type is in the scratch area then if it could be read.
 */
static __always_inline bool lp_callable_coroutine(struct lp_loop *loop, __u64 coroutine,
						  struct lp_callable *callable)
{
	const struct lp_python_offsets *offsets = &loop->layout.python.offsets;
	__u32 bytes = offsets->cr_head_bytes & (LP_SCRATCH_BYTES - 1);
	__u32 code_at = offsets->cr_code & (LP_SCRATCH_BYTES - 8);
	__u32 name_at = offsets->cr_qualname & (LP_SCRATCH_BYTES - 8);
	__u64 type;

	if (bpf_probe_read_user(loop->scratch, bytes, (void *)coroutine)) {
		*(__u64 *)(loop->scratch + LP_OBJECT_TYPE) = 0;
		return false;
	}
	type = *(__u64 *)(loop->scratch + LP_OBJECT_TYPE);
	if (type != loop->layout.python.coroutine_type &&
	    type != loop->layout.python.generator_type)
		return false;
	callable->identity = *(__u64 *)(loop->scratch + code_at) & ~offsets->tag_mask;
	callable->check = *(__u64 *)(loop->scratch + name_at);
	return true;
}

/* Stores the code that a task steps: its coroutine's. */
static __always_inline void lp_callable_task(struct lp_loop *loop, __u64 task, bool wakeup,
					     struct lp_callable *callable)
{
	__u64 coroutine;

	callable->task = task;
	callable->kind = LP_CALLBACK_TASK;
	if (lp_task_known(loop, task, wakeup, callable))
		return;
	coroutine = lp_read_u64(task + loop->layout.python.offsets.task_coro);
	if (lp_callable_coroutine(loop, coroutine, callable))
		return;
	/* A coroutine of Cython, or an awaitable of another class, is identified by its type. */
	callable->identity = *(__u64 *)(loop->scratch + LP_OBJECT_TYPE);
	callable->owner = callable->identity;
}

/*
 * Identifies a function, or the object that a bound method wraps: mostly a function, but any
 * callable is possible.
 */
static __always_inline void lp_callable_function(struct lp_loop *loop, __u32 slot, __u64 function,
						 struct lp_callable *callable)
{
	const struct lp_python_offsets *offsets = &loop->layout.python.offsets;
	__u32 code_at = offsets->func_code & (LP_SCRATCH_BYTES - 8);
	__u32 name_at = offsets->func_qualname & (LP_SCRATCH_BYTES - 8);
	__u32 bytes = (code_at > name_at ? code_at : name_at) + 8;
	__u64 type;

	if (bytes > LP_SCRATCH_BYTES || bpf_probe_read_user(loop->scratch, bytes, (void *)function))
		return;
	type = *(__u64 *)(loop->scratch + LP_OBJECT_TYPE);
	callable->kind = LP_CALLBACK_FUNCTION;
	if (type == loop->layout.python.function_type) {
		callable->identity = *(__u64 *)(loop->scratch + code_at);
		callable->check = *(__u64 *)(loop->scratch + name_at);
	} else if (type == loop->layout.python.builtin_type ||
		   type == loop->types.python.cython_type) {
		callable->identity = *(__u64 *)(loop->scratch + LP_BUILTIN_METHOD);
		callable->owner = *(__u64 *)(loop->scratch + LP_BUILTIN_SELF);
		callable->kind = LP_CALLBACK_BUILTIN;
	} else {
		/* The cache of known types is asked last. */
		if (!lp_cached(loop, type, LP_CALLBACK_INSTANCE))
			lp_learn_type(slot, type);
		callable->identity = type;
		callable->owner = type;
		callable->kind = LP_CALLBACK_INSTANCE;
	}
}

static __always_inline int lp_callable_role_of_type(const struct lp_loop *loop, __u32 slot,
						    __u64 type)
{
	if (type == loop->types.python.step_type)
		return LP_CALLABLE_STEP;
	if (type == loop->types.python.wakeup_type)
		return LP_CALLABLE_WAKEUP;
	if (type == loop->types.python.partial_type)
		return LP_CALLABLE_PARTIAL;
	if (type == loop->layout.python.builtin_type || type == loop->types.python.cython_type)
		return LP_CALLABLE_CYTHON;
	if (type == loop->layout.python.method_type || type == loop->layout.python.function_type ||
	    lp_cached(loop, type, LP_CALLBACK_INSTANCE))
		return LP_CALLABLE_NONE;
	return lp_learn_type(slot, type);
}

/* Identifies args[0]. Unwraps partials, at most three levels deep. */
static __always_inline void lp_identify(struct lp_loop *loop, __u32 slot, __u64 object,
					struct lp_callable *callable)
{
	const struct lp_python *python = &loop->layout.python;
	struct lp_callable_head head;
	int role = LP_CALLABLE_NONE, i;
	__u64 task = 0;

	for (i = 0; i < 4; i++) {
		if (bpf_probe_read_user(&head, sizeof(head), (void *)object))
			return;
		role = lp_callable_role_of_type(loop, slot, head.type);
		if (role != LP_CALLABLE_PARTIAL)
			break;
		object = head.first;
	}
	if (role == LP_CALLABLE_STEP || role == LP_CALLABLE_WAKEUP) {
		task = head.first;
	} else if (role == LP_CALLABLE_CYTHON) {
		/* A PyCFunction, or an object with the same first fields: method definition,
		 * self. */
		if (head.first == loop->types.python.wakeup_method ||
		    (!lp_cached(loop, head.first, LP_CALLBACK_BUILTIN) &&
		     lp_learn_builtin(slot, head.first)))
			task = head.second;
	}
	if (task) {
		lp_callable_task(loop, task, role != LP_CALLABLE_STEP, callable);
		return;
	}
	if (role == LP_CALLABLE_CYTHON) {
		callable->identity = head.first;
		callable->owner = head.second;
		callable->kind = LP_CALLBACK_BUILTIN;
		return;
	}
	if (head.type == python->method_type || head.type == python->function_type) {
		lp_callable_function(loop, slot,
				     head.type == python->method_type ? head.first : object,
				     callable);
		/* a function of Cython's is bound to itself */
		if (head.type == python->method_type && callable->kind != LP_CALLBACK_INSTANCE)
			callable->owner = head.second;
		return;
	}
	callable->identity = head.type;
	callable->owner = head.type;
	callable->kind = LP_CALLBACK_INSTANCE;
}

#endif /* LP_BPF_PYTHON_CALLABLE_BPF_H */
