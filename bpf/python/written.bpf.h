/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Tasks that are written in Python: asyncio.tasks._PyTask and classes that derive from it. The
 * loop calls a method of such a task, the code of which all of them share; the task is identified
 * by its coroutine, which is an attribute, as a task of _asyncio is. A method is recognised by its
 * name when a loop calls it for the first time. From then on its calls cost four or five reads
 * more. Other methods cost three reads more while they are not in the loop's cache of callables,
 * and other callbacks none.
 */
#ifndef LP_BPF_PYTHON_WRITTEN_BPF_H
#define LP_BPF_PYTHON_WRITTEN_BPF_H

#include "loop/common.bpf.h"
#include "await_chain.bpf.h"
#include "callable.bpf.h"
#include "object.bpf.h"

/* The attributes of a class that are searched for the coroutine. */
#define LP_WRITTEN_ATTRIBUTES 32
#define LP_WRITTEN_PLACE_MAX (1 << 20)
/* PyDictObject */
#define LP_DICT_KEYS 32
#define LP_DICT_VALUES 40
/* PyDictKeysObject: its size in front of the indices, and up to 3.10 their number */
#define LP_KEYS_BYTES 32
#define LP_KEYS_BYTES_INDEXED 40
#define LP_KEYS_SIZE 8
#define LP_KEYS_ENTRY 24
/* Words in front of an object: its dict or values, and in 3.11 its values. */
#define LP_MANAGED_DICT 24
#define LP_MANAGED_VALUES 32

static __always_inline bool lp_steps_written(const struct lp_loop *loop, __u64 code)
{
	bool found = false;
	int i;

	for (i = 0; i < LP_STEP_METHODS; i++)
		found |= loop->written.python.methods[i] == code;
	return found;
}

static __always_inline struct lp_task_class *lp_written_class(struct lp_loop *loop, __u64 type)
{
	return &loop->written.python.classes[(type >> 5) % LP_TASK_CLASSES];
}

/* Returns the entries of a dict's keys, up to 3.10; 0 if there are too many for a task. */
static __always_inline __u64 lp_indexed_entries(__u64 keys)
{
	__u64 size = lp_read_u64(keys + LP_KEYS_SIZE);

	return size <= 0xff ? keys + LP_KEYS_BYTES_INDEXED + size : 0;
}

/* Returns an attribute of a task, by its number among those of its class; 0: not known. */
static __always_inline __u64 lp_written_attribute(const struct lp_python *python, __u64 task,
						  const struct lp_task_class *class)
{
	__u64 word, at = class->index * 8ULL;

	if (python->instance_layout == LP_INSTANCE_INLINE) {
		/* PyDictValues: capacity, size, embedded, and whether it is valid, a byte each */
		word = lp_read_u64(task + class->place);
		return word >> 24 & 0xff ? lp_read_u64(task + class->place + 8 + at) : 0;
	}
	if (python->instance_layout == LP_INSTANCE_TAGGED) {
		word = lp_read_u64(task - LP_MANAGED_DICT);
		return word & 1 ? lp_read_u64(word + 1 + at) : 0;
	}
	if (python->instance_layout == LP_INSTANCE_VALUES) {
		word = lp_read_u64(task - LP_MANAGED_DICT) ? 0
							   : lp_read_u64(task - LP_MANAGED_VALUES);
		return word ? lp_read_u64(word + at) : 0;
	}
	word = lp_read_u64(task + class->place);
	at = lp_read_u64(word + LP_DICT_VALUES);
	if (at)
		return lp_read_u64(at + class->index * 8ULL);
	word = lp_indexed_entries(lp_read_u64(word + LP_DICT_KEYS));
	return word ? lp_read_u64(word + class->index * LP_KEYS_ENTRY + 16) : 0;
}

/* Finds out where the class of a task has the coroutine; returns whether it has one. */
__weak __noinline int lp_learn_task_class(__u32 slot, __u64 task)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 type = lp_read_u64(task + LP_OBJECT_TYPE), place, keys, head, first, text;
	__u32 bytes = LP_KEYS_ENTRY, key_at = 8, i;
	const struct lp_python *python;
	struct lp_task_class *class;

	if (!loop)
		return 0;
	python = &loop->layout.python;
	class = lp_written_class(loop, type);
	if (python->instance_layout == LP_INSTANCE_DICT) {
		place = lp_read_u64(type + LP_TYPE_DICT_OFFSET);
		keys = lp_read_u64(lp_read_u64(task + place) + LP_DICT_KEYS);
		first = lp_indexed_entries(keys);
	} else {
		place = lp_read_u64(type + LP_TYPE_BASIC_SIZE);
		keys = lp_read_u64(type + python->cached_keys);
		/* dk_log2_size, dk_log2_index_bytes, dk_kind: 0 if not all keys are str */
		head = lp_read_u64(keys + LP_KEYS_SIZE);
		first = keys + LP_KEYS_BYTES + (1ULL << (head >> 8 & 31));
		if (head >> 16 & 0xff) {
			bytes = 16;
			key_at = 0;
		}
	}
	if (!keys || !first || place > LP_WRITTEN_PLACE_MAX)
		return 0;
	for (i = 0; i < LP_WRITTEN_ATTRIBUTES; i++) {
		text = lp_read_u64(first + i * bytes + key_at);
		text = text ? lp_read_u64(text + python->offsets.string_ascii) : 0;
		/* "_coro" and the end of the string */
		if ((text & 0xffffffffffffULL) == 0x6f726f635fULL) {
			class->type = type;
			class->place = place;
			class->index = i;
			return 1;
		}
	}
	return 0;
}

/* Returns whether code has the name of a method that steps a task: __step or __wakeup. */
static __always_inline bool lp_is_step(const struct lp_python_offsets *offsets, __u64 code)
{
	__u64 name = lp_read_u64(code + offsets->co_name), length, end;

	length = lp_read_u64(name + LP_STRING_LENGTH);
	if (length < 6 || length > 64)
		return false;
	/* the last eight characters; those in front of a shorter name are read as well */
	end = lp_read_u64(name + offsets->string_ascii + length - 8);
	return end >> 16 == 0x706574735f5fULL || end == 0x7075656b61775f5fULL;
}

/* Stores the code of a callable that is new, if it is a method that steps tasks. */
__weak __noinline int lp_learn_step(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	__u64 *methods;

	if (!loop || !lp_is_step(&loop->layout.python.offsets, loop->callable.identity) ||
	    !lp_learn_task_class(slot, loop->callable.owner))
		return 0;
	methods = loop->written.python.methods;
	if (!methods[0])
		methods[0] = loop->callable.identity;
	else if (!methods[1])
		methods[1] = loop->callable.identity;
	else if (!methods[2])
		methods[2] = loop->callable.identity;
	else
		methods[3] = loop->callable.identity;
	return 1;
}

/*
 * Identifies the task whose method is in loop->callable by its coroutine. Returns 0 if that is not
 * possible, as one that is compiled, and leaves the callable as it is.
 */
__weak __noinline int lp_identify_written(__u32 slot)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_task_class *class;
	__u64 task, type, coroutine;

	if (!loop)
		return 0;
	task = loop->callable.owner;
	type = lp_read_u64(task + LP_OBJECT_TYPE);
	class = lp_written_class(loop, type);
	if (!type || (class->type != type && !lp_learn_task_class(slot, task)))
		return 0;
	coroutine = lp_written_attribute(&loop->layout.python, task, class);
	if (!coroutine || !lp_callable_coroutine(loop, coroutine, &loop->callable)) {
		/* up to 3.10 another task of this class may have its attributes in another order */
		class->type = 0;
		return 0;
	}
	loop->callable.kind = LP_CALLBACK_TASK;
	loop->callable.owner = 0;
	if (lp_config.inner) {
		struct lp_coroutine_chain *chain = lp_await_chain_of(slot);

		if (chain)
			chain->object = coroutine;
	}
	return 1;
}

#endif /* LP_BPF_PYTHON_WRITTEN_BPF_H */
