/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Maps a callable to its slot, and sends its names to user space the first time. */
#ifndef LP_BPF_PYTHON_IDENTIFY_BPF_H
#define LP_BPF_PYTHON_IDENTIFY_BPF_H

#include "loop/common.bpf.h"
#include "await_chain.bpf.h"
#include "callable.bpf.h"
#include "written.bpf.h"

#define LP_UNNAMED_CALL "protocol callback"

#define lp_constant_text(constant, text, data)                                                     \
	do {                                                                                       \
		__builtin_memcpy(data, constant, sizeof(constant));                                \
		(text)->bytes = sizeof(constant) - 1;                                              \
		(text)->width = 1;                                                                 \
		(text)->flags = LP_TEXT_ASCII;                                                     \
	} while (0)

/* Reads the names of a code object. name: its qualified name, or 0. */
static __always_inline void lp_read_code_name(const struct lp_python_offsets *offsets, __u64 code,
					      __u64 name, struct lp_event_name *event)
{
	if (!name)
		name = lp_read_u64(code + offsets->co_name);
	bpf_probe_read_user(&event->first_line, sizeof(event->first_line),
			    (void *)(code + offsets->co_firstlineno));
	lp_read_text(offsets, name, &event->qualname, event->qualname_data, LP_QUALNAME_BYTES,
		     false);
	lp_read_text(offsets, lp_read_u64(code + offsets->co_filename), &event->filename,
		     event->filename_data, LP_FILENAME_BYTES, true);
}

/* Reserves the record of a name, and fills in what every callable has. */
static __always_inline struct lp_event_name *lp_begin_name(const struct lp_loop *loop, __u32 slot,
							   __u32 callback)
{
	struct lp_event_name *event = lp_event_reserve(sizeof(*event));

	if (!event)
		return NULL;
	__builtin_memset(&event->first_line, 0,
			 sizeof(*event) - __builtin_offsetof(struct lp_event_name, first_line));
	lp_event_fill(&event->event, LP_EVENT_NAME, sizeof(*event), bpf_ktime_get_ns(), slot,
		      loop->pid);
	event->identity = loop->callable.identity | loop->callable.kind;
	event->callback = callback;
	event->kind = loop->callable.kind;
	return event;
}

/* --inner: sends the name of a coroutine of the await chain that is walked last. */
__weak __noinline int lp_report_link(__u32 slot, __u32 callback, __u32 depth)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	struct lp_coroutine_chain *chain = lp_await_chain_of(slot);
	struct lp_event_name *event;
	struct lp_chain_link link;

	if (!loop || !chain)
		return -1;
	link = chain->links[depth & (LP_AWAIT_LINKS - 1)];
	event = lp_begin_name(loop, slot, callback);
	if (!event)
		return -1;
	event->event.reserved = depth;
	lp_read_code_name(&loop->layout.python.offsets, link.code, link.name, event);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* --inner: sends the names of all coroutines of the await chain. */
static __always_inline int lp_report_chain(__u32 slot, __u32 callback)
{
	struct lp_coroutine_chain *chain = lp_await_chain_of(slot);
	__u32 i;

	for (i = 0; chain && i < LP_AWAIT_LINKS && i < chain->depth; i++)
		if (lp_report_link(slot, callback, i))
			return -1;
	return 0;
}

/* Sends the names of a callable that is new, read while it is alive. */
__weak __noinline int lp_report_name(__u32 slot, __u32 callback)
{
	struct lp_loop *loop = bpf_map_lookup_elem(&loops, &slot);
	const struct lp_python_offsets *offsets;
	const struct lp_callable *callable;
	struct lp_event_name *event;

	if (!loop)
		return -1;
	callable = &loop->callable;
	offsets = &loop->layout.python.offsets;
	event = lp_begin_name(loop, slot, callback);
	if (!event)
		return -1;
	if (callable->kind == LP_CALLBACK_BUILTIN && !callable->owner) {
		/* A C method of uvloop's, with the name that its handle has for it, or a call
		 * without one. */
		if (callable->check)
			lp_read_text(offsets, callable->check, &event->qualname,
				     event->qualname_data, LP_QUALNAME_BYTES, false);
		else
			lp_constant_text(LP_UNNAMED_CALL, &event->qualname, event->qualname_data);
	} else if (callable->kind == LP_CALLBACK_BUILTIN) {
		lp_read_c_text(lp_read_u64(callable->identity + LP_METHODDEF_NAME),
			       &event->qualname, event->qualname_data, LP_QUALNAME_BYTES);
		lp_read_c_text(
			lp_read_u64(lp_read_u64(callable->owner + LP_OBJECT_TYPE) + LP_TYPE_NAME),
			&event->owner, event->owner_data, sizeof(event->owner_data));
	} else if (callable->owner && callable->kind != LP_CALLBACK_FUNCTION) {
		lp_read_c_text(lp_read_u64(callable->owner + LP_TYPE_NAME), &event->qualname,
			       event->qualname_data, LP_QUALNAME_BYTES);
	} else {
		lp_read_code_name(offsets, callable->identity, callable->check, event);
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * The slot of a callable that is not in the loop's own cache. Slot 0 ("other") is used when none
 * is free; this is counted.
 */
__weak __noinline int lp_find_callback(__u32 slot)
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
	if (!lp_may_hold_callback(loop->holding)) {
		lp_limit(loop->holding, LP_LIMITED_CALLBACKS);
		lp_lose(LP_LOST_CALLBACKS);
		return 0;
	}
	/* Another name at the same address: a code object was freed and a new one was created. */
	value.check = callable->check;
	if (bpf_map_pop_elem(&free_callbacks, &value.callback)) {
		lp_lose(LP_LOST_CALLBACKS);
		return 0;
	}
	if ((lp_await_identifies(callable) ? lp_report_chain(slot, value.callback)
					   : lp_report_name(slot, value.callback)) ||
	    bpf_map_update_elem(&callback_slots, &key, &value, BPF_ANY)) {
		/* The name could not be sent: its next run tries again. */
		bpf_map_push_elem(&free_callbacks, &value.callback, 0);
		lp_lose(LP_LOST_CALLBACKS);
		return 0;
	}
	lp_hold_callback(loop->holding, 1);
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
 * Fills loop->callable and returns the slot of its callback. walked: the callback runs already, and
 * the thread's stack was just walked.
 */
static __always_inline __u32 lp_identify_callback(struct lp_loop *loop, __u32 slot, __u64 object,
						  bool walked)
{
	bool written = false;

	__builtin_memset(&loop->callable, 0, sizeof(loop->callable));
	lp_identify(loop, slot, object, &loop->callable);
	if (loop->callable.kind == LP_CALLBACK_FUNCTION && loop->callable.owner &&
	    (lp_steps_written(loop, loop->callable.identity) ||
	     (!lp_cached(loop, loop->callable.identity, LP_CALLBACK_FUNCTION) &&
	      lp_learn_step(slot))))
		written = lp_identify_written(slot) == 1;
	/* An awaitable of another class than a coroutine has an owner. */
	if (lp_config.inner && (loop->callable.task || written) && loop->callable.identity &&
	    !loop->callable.owner) {
		if (walked)
			lp_await_walked(slot);
		else
			lp_await_walk(slot);
	}
	if (loop->callable.identity)
		return lp_callback_slot(loop, slot, &loop->callable);
	lp_lose(LP_LOST_IDENTITY);
	return 0;
}

#endif /* LP_BPF_PYTHON_IDENTIFY_BPF_H */
