// SPDX-License-Identifier: BSD-2-Clause
/*
 * The counterpart of lp_identify in BPF (bpf/python/identify.bpf.h), which identifies a
 * callback when it begins, by the same addresses.  Here the callback is running already: the Handle
 * on the thread's stack has it, uvloop's ready queue, or the task that _asyncio says is running.
 */
#include "callback.h"

#include "base/text.h"
#include "process/memory.h"
#include "running_loops.h"
#include "runtime/cpython/objects/await_chain.h"
#include "runtime/cpython/objects/frames.h"
#include "runtime/cpython/objects/instance.h"
#include "runtime/cpython/tasks/enumerate.h"
#include "uvloop.h"

#include <string.h>

#define FRAMES_MAX 1024
/* The maximum depth of nested functools.partial objects. */
#define PARTIALS_MAX 4
/* struct PyUnicodeObject: the number of characters, and their encoding */
#define STRING_LENGTH 16
#define STRING_STATE 32
#define UNNAMED "protocol callback"
/* PyCFunctionObject.m_self */
#define BUILTIN_SELF 24

/* As lp_read_text in BPF.  keep_end: a text that does not fit loses its beginning (paths). */
static void read_text(const struct lp_cpython *python, uint64_t string, struct lp_text *text,
		      uint8_t *data, uint64_t capacity, bool keep_end)
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
		from += keep_end ? bytes - capacity : 0;
		bytes = capacity;
	}
	text->width = (uint8_t)width;
	text->bytes = (uint16_t)bytes;
	if (bytes && memory_read(python->pid, from, data, bytes))
		*text = (struct lp_text){ .width = 1, .flags = LP_TEXT_UNREADABLE };
}

/* The same for a C string. */
static void read_c_text(const struct lp_cpython *python, uint64_t string, struct lp_text *text,
			uint8_t *data, size_t capacity)
{
	bool read = string && memory_string(python->pid, string, (char *)data, capacity) >= 0;

	*text = (struct lp_text){ .width = 1, .flags = read ? LP_TEXT_ASCII : LP_TEXT_UNREADABLE };
	if (read)
		text->bytes = (uint16_t)strlen((char *)data);
	else
		memset(data, 0, capacity);
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

/* Returns whether an object is a function or method of C, or of Cython, which begins alike. */
static bool is_builtin(const struct lp_cpython *python, uint64_t object)
{
	return has_type(python, object, "builtin_function_or_method") ||
	       has_type(python, object, "cython_function_or_method");
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

static uint64_t type_of(const struct lp_cpython *python, uint64_t object)
{
	return object ? memory_u64(python->pid, object + CPYTHON_OBJECT_TYPE) : 0;
}

static void take_type_name(const struct lp_cpython *python, uint64_t type, struct lp_text *text,
			   uint8_t *data, size_t capacity)
{
	read_c_text(python, type ? memory_u64(python->pid, type + CPYTHON_TYPE_NAME) : 0, text,
		    data, capacity);
}

/* Takes a callback that is known by its code. */
static void take_code(const struct lp_cpython *python, struct lp_running_callback *callback,
		      enum lp_callback_kind kind, uint64_t code, uint64_t name)
{
	struct lp_event_name *event = &callback->name;

	event->kind = kind;
	event->identity = code | kind;
	callback->code = code;
	callback->check = name;
	event->first_line = memory_u32(python->pid, code + python->row.code.co_firstlineno);
	read_text(python, name, &event->qualname, event->qualname_data, LP_QUALNAME_BYTES, false);
	read_text(python, memory_u64(python->pid, code + python->row.code.co_filename),
		  &event->filename, event->filename_data, LP_FILENAME_BYTES, true);
}

/* Takes a function or method of C, by its definition and the object that it is bound to. */
static void take_builtin(const struct lp_cpython *python, struct lp_running_callback *callback,
			 uint64_t builtin)
{
	uint64_t definition = memory_u64(python->pid, builtin + CPYTHON_BUILTIN_METHOD);
	uint64_t self = memory_u64(python->pid, builtin + BUILTIN_SELF);
	struct lp_event_name *event = &callback->name;

	if (!definition || !self)
		return;
	event->kind = LP_CALLBACK_BUILTIN;
	event->identity = definition | LP_CALLBACK_BUILTIN;
	read_c_text(python, memory_u64(python->pid, definition), &event->qualname,
		    event->qualname_data, LP_QUALNAME_BYTES);
	take_type_name(python, type_of(python, self), &event->owner, event->owner_data,
		       sizeof(event->owner_data));
}

/* Takes an object that is called, or awaited by a task, by its type. */
static void take_instance(const struct lp_cpython *python, struct lp_running_callback *callback,
			  enum lp_callback_kind kind, uint64_t object)
{
	uint64_t type = type_of(python, object);

	if (!type)
		return;
	callback->name.kind = kind;
	callback->name.identity = type | kind;
	take_type_name(python, type, &callback->name.qualname, callback->name.qualname_data,
		       LP_QUALNAME_BYTES);
}

static uint64_t coroutine_code(const struct lp_cpython *python, uint64_t coroutine)
{
	return memory_u64(python->pid, coroutine + python->row.coroutine.cr_code) &
	       ~python->row.frame.tag_mask;
}

/* Takes the coroutine that a task steps. */
static void take_coroutine(const struct lp_cpython *python, uint64_t coroutine,
			   struct lp_running_callback *callback)
{
	take_code(python, callback, LP_CALLBACK_TASK, coroutine_code(python, coroutine),
		  memory_u64(python->pid, coroutine + python->row.coroutine.cr_qualname));
}

/*
 * Returns the coroutine of a task that is written in Python if a bound method steps such a task, as
 * bpf/python/written.bpf.h does; else 0.
 */
static uint64_t written_coroutine(const struct lp_cpython *python, uint64_t function, uint64_t self)
{
	uint64_t code, coroutine;
	char name[64];

	if (!has_type(python, function, "function"))
		return 0;
	code = memory_u64(python->pid, function + python->row.function.func_code);
	if (cpython_string(python, memory_u64(python->pid, code + python->row.code.co_name), name,
			   sizeof(name)) ||
	    (!text_ends_with(name, "__step") && !text_ends_with(name, "__wakeup")))
		return 0;
	coroutine = cpython_instance_get(python, self, "_coro");
	return coroutine && cpython_is_coroutine(python, coroutine) ? coroutine : 0;
}

void cpython_identify_task(const struct lp_cpython *python, uint64_t task,
			   struct lp_running_callback *callback)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t coroutine = memory_u64(python->pid, task + row->task.task_coro);

	callback->task = task;
	if (cpython_is_coroutine(python, coroutine))
		take_coroutine(python, coroutine, callback);
	else
		take_instance(python, callback, LP_CALLBACK_TASK, coroutine);
}

static void identify(const struct lp_cpython *python, uint64_t callable,
		     struct lp_running_callback *callback)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t task, coroutine = 0;
	int i;

	for (i = 0; i < PARTIALS_MAX && has_type(python, callable, "functools.partial"); i++)
		callable = memory_u64(python->pid, callable + 16);
	task = task_of(python, callable);
	if (task) {
		cpython_identify_task(python, task, callback);
		return;
	}
	if (has_type(python, callable, "method") && !is_builtin(python, callable)) {
		uint64_t self = memory_u64(python->pid, callable + 24);

		callable = memory_u64(python->pid, callable + 16);
		coroutine = written_coroutine(python, callable, self);
	}
	if (coroutine) {
		take_coroutine(python, coroutine, callback);
		return;
	}
	if (has_type(python, callable, "function"))
		take_code(python, callback, LP_CALLBACK_FUNCTION,
			  memory_u64(python->pid, callable + row->function.func_code),
			  memory_u64(python->pid, callable + row->function.func_qualname));
	else if (is_builtin(python, callable))
		take_builtin(python, callback, callable);
	else
		take_instance(python, callback, LP_CALLBACK_INSTANCE, callable);
}

/* Returns the loop's running task if its coroutine has this code; else 0. */
static uint64_t running_task(const struct lp_cpython *python, uint64_t thread_state, uint64_t loop,
			     uint64_t code)
{
	uint64_t task = loop ? cpython_current_task(python, thread_state, loop) : 0, coroutine;

	coroutine = task ? memory_u64(python->pid, task + python->row.task.task_coro) : 0;
	return coroutine && cpython_is_coroutine(python, coroutine) &&
			       coroutine_code(python, coroutine) == code
		       ? task
		       : 0;
}

/* Identifies a callback by the code of its outermost frame, mostly the called function. */
static void identify_by_code(const struct lp_cpython *python, uint64_t thread_state, uint64_t loop,
			     uint64_t code, struct lp_running_callback *callback)
{
	const struct lp_cpython_row *row = &python->row;
	uint16_t name_at = row->code.co_qualname != LP_NO_FIELD ? row->code.co_qualname
								: row->code.co_name;
	bool suspends = memory_u32(python->pid, code + python->row.code.co_flags) & LP_CO_SUSPENDS;
	uint64_t task = suspends ? running_task(python, thread_state, loop, code) : 0;

	if (task)
		cpython_identify_task(python, task, callback);
	else
		take_code(python, callback, suspends ? LP_CALLBACK_TASK : LP_CALLBACK_FUNCTION,
			  code, memory_u64(python->pid, code + name_at));
}

/* Identifies the callback of uvloop that was taken from the ready queue last. */
static void identify_uvloop(const struct lp_cpython *python, uint64_t thread_state, uint64_t loop,
			    struct lp_running_callback *callback)
{
	struct lp_event_name *event = &callback->name;
	struct lp_uvloop_running running;

	if (!cpython_uvloop_running(python, thread_state, loop, &running))
		return;
	if (running.callable) {
		identify(python, running.callable, callback);
		return;
	}
	event->kind = LP_CALLBACK_BUILTIN;
	event->identity = running.function | LP_CALLBACK_BUILTIN;
	callback->check = running.name;
	read_text(python, running.name, &event->qualname, event->qualname_data, LP_QUALNAME_BYTES,
		  false);
}

void cpython_running_callback(const struct lp_cpython *python, uint64_t thread_state, uint64_t code,
			      struct lp_running_callback *callback)
{
	uint64_t handle = find_handle(python, thread_state), loop;
	struct lp_event_name *name = &callback->name;
	bool copied;

	memset(callback, 0, sizeof(*callback));
	loop = cpython_running_loop(python, thread_state, &copied);
	if (handle)
		identify(python,
			 memory_u64(python->pid, handle + python->row.asyncio.handle_callback),
			 callback);
	else if (loop && cpython_loop_kind(python, loop) == LP_LOOP_UVLOOP)
		identify_uvloop(python, thread_state, loop, callback);
	if (!name->identity && code)
		identify_by_code(python, thread_state, loop, code, callback);
	if (name->identity)
		return;
	name->kind = LP_CALLBACK_BUILTIN;
	name->identity = thread_state | LP_CALLBACK_BUILTIN;
	name->qualname = (struct lp_text){ sizeof(UNNAMED) - 1, 1, LP_TEXT_ASCII };
	memcpy(name->qualname_data, UNNAMED, sizeof(UNNAMED));
}
