// SPDX-License-Identifier: BSD-2-Clause
/*
 * The counterpart of lp_identify in BPF (bpf/python/identify.bpf.h), which identifies a
 * callback when it begins.  Here the callback is running already: the Handle on the thread's
 * stack has it.
 */
#include "callback.h"

#include "process/memory.h"
#include "running_loops.h"
#include "runtime/cpython/objects/frames.h"

#include <string.h>

#define FRAMES_MAX 1024
/* The maximum depth of nested functools.partial objects. */
#define PARTIALS_MAX 4
/* struct PyUnicodeObject: the number of characters, and their encoding */
#define STRING_LENGTH 16
#define STRING_STATE 32
/* inspect.CO_GENERATOR, CO_COROUTINE, CO_ITERABLE_COROUTINE, CO_ASYNC_GENERATOR */
#define CO_SUSPENDS (0x20 | 0x80 | 0x100 | 0x200)
#define UNNAMED "protocol callback"

/* As lp_read_text in BPF.  end_retained: a text that does not fit loses its beginning (paths). */
static void read_text(const struct lp_cpython *python, uint64_t string, struct lp_text *text,
		      uint8_t *data, uint64_t capacity, bool end_retained)
{
	uint32_t state = memory_u32(python->pid, string + STRING_STATE), width = state >> 2 & 7;
	uint64_t length = memory_u64(python->pid, string + STRING_LENGTH), from, bytes;

	*text = (struct lp_text){ .width = 1, .flags = LP_TEXT_UNREADABLE };
	if (!string || (width != 1 && width != 2 && width != 4) || length > UINT32_MAX)
		return;
	from = string + (state & 0x40 ? python->row.unicode.ascii : python->row.unicode.compact);
	bytes = length * width;
	text->flags = state & 0x40 ? LP_TEXT_ASCII : 0;
	if (bytes > capacity) {
		text->flags |= LP_TEXT_CUT;
		from += end_retained ? bytes - capacity : 0;
		bytes = capacity;
	}
	text->width = (uint8_t)width;
	text->bytes = (uint16_t)bytes;
	if (bytes && memory_read(python->pid, from, data, bytes))
		*text = (struct lp_text){ .width = 1, .flags = LP_TEXT_UNREADABLE };
}

/* Returns the address of the Handle whose _run is on a thread's stack, or 0. */
static uint64_t find_handle(const struct lp_cpython *python, uint64_t thread_state)
{
	struct lp_frame_walk walk = { .python = python,
				      .address = cpython_top_frame(python, thread_state) };
	uint64_t dispatch = 0, run_once = 0, mask = ~python->row.frame.tag_mask, address;
	struct lp_raw_frame frame;
	int steps;

	if (cpython_loop_code(python, &dispatch, &run_once) || !dispatch)
		return 0;
	for (steps = 0; walk.address && steps < FRAMES_MAX; steps++) {
		address = walk.address;
		/* one frame a call, as the address of each frame is needed */
		walk.left = 1;
		if (!cpython_next_frame(&walk, &frame)) {
			if (walk.address == address)
				break;
			continue;
		}
		if ((frame.code & mask) == dispatch)
			return memory_u64(python->pid, address + python->row.frame.localsplus) &
			       mask;
		if ((frame.code & mask) == run_once)
			break;
	}
	return 0;
}

static bool has_type(const struct lp_cpython *python, uint64_t object, const char *suffix)
{
	char name[64];
	size_t length;

	if (cpython_type_name(python, object, name, sizeof(name)))
		return false;
	length = strlen(name);
	return length >= strlen(suffix) && !strcmp(name + length - strlen(suffix), suffix);
}

/* Returns whether a builtin is the method that wakes up a task (3.10 and later). */
static bool is_wakeup(const struct lp_cpython *python, uint64_t builtin)
{
	uint64_t method = memory_u64(python->pid, builtin + CPYTHON_BUILTIN_METHOD);
	char name[sizeof("task_wakeup")] = "";

	return method &&
	       !memory_read(python->pid, memory_u64(python->pid, method), name, sizeof(name)) &&
	       !memcmp(name, "task_wakeup", sizeof(name));
}

/* Returns the task that a callback steps, or 0. */
static uint64_t task_of(const struct lp_cpython *python, uint64_t callable)
{
	/* in each of the types below the object's head is followed by at least two words */
	uint64_t first = memory_u64(python->pid, callable + 16);

	if (has_type(python, callable, "TaskStepMethWrapper") ||
	    has_type(python, callable, "TaskWakeupMethWrapper"))
		return first;
	if (has_type(python, callable, "builtin_function_or_method") && is_wakeup(python, callable))
		return memory_u64(python->pid, callable + 24);
	return 0;
}

static void take_code(struct lp_running_callback *callback, enum lp_callback_kind kind,
		      uint64_t code, uint64_t name)
{
	callback->name.kind = kind;
	callback->name.identity = code | kind;
	callback->code = code;
	callback->check = name;
}

static void identify_task(const struct lp_cpython *python, uint64_t task,
			  struct lp_running_callback *callback)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t coroutine = memory_u64(python->pid, task + row->task.task_coro);

	callback->task = task;
	if (!has_type(python, coroutine, "coroutine") && !has_type(python, coroutine, "generator"))
		return;
	take_code(callback, LP_CALLBACK_TASK,
		  memory_u64(python->pid, coroutine + row->coroutine.cr_code) &
			  ~row->frame.tag_mask,
		  memory_u64(python->pid, coroutine + row->coroutine.cr_qualname));
}

static void identify(const struct lp_cpython *python, uint64_t callable,
		     struct lp_running_callback *callback)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t task;
	int i;

	for (i = 0; i < PARTIALS_MAX && has_type(python, callable, "functools.partial"); i++)
		callable = memory_u64(python->pid, callable + 16);
	task = task_of(python, callable);
	if (task) {
		identify_task(python, task, callback);
		return;
	}
	if (has_type(python, callable, "method"))
		callable = memory_u64(python->pid, callable + 16);
	if (has_type(python, callable, "function"))
		take_code(callback, LP_CALLBACK_FUNCTION,
			  memory_u64(python->pid, callable + row->function.func_code),
			  memory_u64(python->pid, callable + row->function.func_qualname));
}

/* Identifies a callback by the code of its outermost frame, mostly the called function. */
static void identify_by_code(const struct lp_cpython *python, uint64_t code,
			     struct lp_running_callback *callback)
{
	const struct lp_cpython_row *row = &python->row;
	uint16_t name_at = row->code.co_qualname != LP_NO_FIELD ? row->code.co_qualname
								: row->code.co_name;
	bool suspends = memory_u32(python->pid, code + python->row.code.co_flags) & CO_SUSPENDS;

	take_code(callback, suspends ? LP_CALLBACK_TASK : LP_CALLBACK_FUNCTION, code,
		  memory_u64(python->pid, code + name_at));
}

void cpython_running_callback(const struct lp_cpython *python, uint64_t thread_state, uint64_t code,
			      struct lp_running_callback *callback)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t handle = find_handle(python, thread_state);
	struct lp_event_name *name = &callback->name;

	memset(callback, 0, sizeof(*callback));
	if (handle)
		identify(python, memory_u64(python->pid, handle + row->asyncio.handle_callback),
			 callback);
	if (!callback->code && code)
		identify_by_code(python, code, callback);
	if (!callback->code) {
		name->kind = LP_CALLBACK_BUILTIN;
		name->identity = thread_state | LP_CALLBACK_BUILTIN;
		name->qualname = (struct lp_text){ sizeof(UNNAMED) - 1, 1, LP_TEXT_ASCII };
		memcpy(name->qualname_data, UNNAMED, sizeof(UNNAMED));
		return;
	}
	name->first_line = memory_u32(python->pid, callback->code + row->code.co_firstlineno);
	read_text(python, callback->check, &name->qualname, name->qualname_data, LP_QUALNAME_BYTES,
		  false);
	read_text(python, memory_u64(python->pid, callback->code + row->code.co_filename),
		  &name->filename, name->filename_data, LP_FILENAME_BYTES, true);
}
