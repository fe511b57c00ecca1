// SPDX-License-Identifier: BSD-2-Clause
/* One task: a TaskObj of Modules/_asynciomodule.c, or an object of a class in Python. */
#include "task.h"

#include "process/memory.h"
#include "runtime/cpython/objects/code.h"
#include "runtime/cpython/objects/instance.h"

#include <stdio.h>
#include <string.h>

#define TASK_BYTES_MAX 256
#define NAME_BYTES 256
#define MESSAGE_BYTES 512
#define PATH_BYTES 512

/* PyMemberDescrObject.d_member; PyMemberDef.offset */
#define MEMBER_DESCRIPTOR 40
#define MEMBER_OFFSET 16
#define SLOT_OFFSET_MAX 1024
#define SOURCE_DEPTH_MAX 100000
#define SOURCE_MAX 8

/* The fields of a task of any class: addresses of objects, 0 for none. */
struct lp_task_fields {
	uint64_t loop, exception, source, waiter, coroutine, name;
	enum lp_future_state state;
	bool never_retrieved;
	bool cancelled;
};

static uint64_t field(const uint8_t *object, size_t offset)
{
	uint64_t value;

	memcpy(&value, object + offset, sizeof(value));
	return value;
}

static uint32_t field32(const uint8_t *object, size_t offset)
{
	uint32_t value;

	memcpy(&value, object + offset, sizeof(value));
	return value;
}

static const struct lp_known_type *known_type(struct lp_task_reader *reader, uint64_t object)
{
	uint64_t type = memory_u64(reader->python->pid, object + CPYTHON_OBJECT_TYPE);
	struct lp_known_type *known = &reader->types[type * 0x9e3779b97f4a7c15ULL >> 58];

	if (known->type != type) {
		known->type = type;
		known->object = type && memory_u64(reader->python->pid, type + CPYTHON_TYPE_FLAGS) &
						CPYTHON_TYPE_FLAG_READY;
		known->task = cpython_is_subclass(reader->python, type, reader->task_type);
		known->future = known->task ||
				cpython_is_subclass(reader->python, type, reader->future_type);
	}
	return known;
}

const char *cpython_coroutine_name(const struct lp_task_reader *reader, uint64_t qualname)
{
	char text[NAME_BYTES];

	if (!qualname || cpython_string(reader->python, qualname, text, sizeof(text)))
		return "";
	return task_arena_text(reader->arena, text);
}

/* Reads a task's name; 3.12 and later store the number of a task without a name as an int. */
static const char *read_name(const struct lp_task_reader *reader, uint64_t object)
{
	char text[NAME_BYTES];
	uint64_t value;

	if (!object)
		return "";
	if (!cpython_int(reader->python, object, &value))
		snprintf(text, sizeof(text), "Task-%llu", (unsigned long long)value);
	else if (cpython_string(reader->python, object, text, sizeof(text)))
		return "";
	return task_arena_text(reader->arena, text);
}

static void read_exception(const struct lp_task_reader *reader, uint64_t exception,
			   struct lp_task *task)
{
	const struct lp_cpython *python = reader->python;
	char text[MESSAGE_BYTES];

	if (!cpython_type_name(python, exception, text, sizeof(text))) {
		size_t skip = strncmp(text, "builtins.", 9) ? 0 : 9;

		task->exception_type = task_arena_text(reader->arena, text + skip);
	}
	if (!cpython_exception_message(python, exception, text, sizeof(text)))
		task->exception_message = task_arena_text(reader->arena, text);
}

/* Returns the offset of a slot in objects of a class, from its descriptor; 0 if there is none. */
static uint16_t find_slot(const struct lp_cpython *python, uint64_t type_dict, const char *name)
{
	uint64_t descriptor = cpython_dict_get(python, type_dict, name);
	uint64_t member = descriptor ? memory_u64(python->pid, descriptor + MEMBER_DESCRIPTOR) : 0;
	uint64_t offset = member ? memory_u64(python->pid, member + MEMBER_OFFSET) : 0;

	return offset < SLOT_OFFSET_MAX ? (uint16_t)offset : 0;
}

/* Reads a traceback.FrameSummary.  False: the object is none. */
static bool read_summary(struct lp_task_reader *reader, uint64_t summary, char *file, size_t size,
			 struct lp_task *task)
{
	const struct lp_cpython *python = reader->python;
	uint64_t line;

	if (!reader->summary_file) {
		uint64_t type = memory_u64(python->pid, summary + CPYTHON_OBJECT_TYPE);
		uint64_t dict = memory_u64(python->pid, type + CPYTHON_TYPE_DICT);

		reader->summary_file = find_slot(python, dict, "filename");
		reader->summary_line = find_slot(python, dict, "lineno");
		reader->summary_function = find_slot(python, dict, "name");
	}
	if (!reader->summary_file || !reader->summary_line || !reader->summary_function ||
	    cpython_string(python, memory_u64(python->pid, summary + reader->summary_file), file,
			   size) ||
	    cpython_int(python, memory_u64(python->pid, summary + reader->summary_line), &line))
		return false;
	task->created_line = (uint32_t)line;
	task->created_function = cpython_coroutine_name(
		reader, memory_u64(python->pid, summary + reader->summary_function));
	return true;
}

/*
 * Fills the place that created a task from _source_traceback, a list of frames in debug mode,
 * outermost first: the innermost frame that is not asyncio's own, such as create_task().  If
 * the SOURCE_MAX innermost ones are all asyncio's, it is the outermost of those.
 */
static void read_source(struct lp_task_reader *reader, uint64_t list, struct lp_task *task)
{
	const struct lp_cpython *python = reader->python;
	uint64_t length = list ? memory_u64(python->pid, list + CPYTHON_LIST_LENGTH) : 0;
	uint64_t items, inspected;
	char file[PATH_BYTES] = "";

	if (!length || length > SOURCE_DEPTH_MAX)
		return;
	items = memory_u64(python->pid, list + CPYTHON_LIST_ITEMS);
	for (inspected = 1; inspected <= length && inspected <= SOURCE_MAX; inspected++)
		if (!read_summary(reader, memory_u64(python->pid, items + (length - inspected) * 8),
				  file, sizeof(file), task) ||
		    !cpython_file_is_asyncio(file))
			break;
	task->created_file = task_arena_text(reader->arena, file);
}

/*
 * Returns whether a task's next step is due: the future that it waits for is done, or it waits
 * for none, as before its first step and in sleep(0).
 */
static bool is_ready(struct lp_task_reader *reader, uint64_t waiter)
{
	const struct lp_cpython *python = reader->python;
	uint64_t state;

	if (!waiter)
		return true;
	if (known_type(reader, waiter)->future)
		return memory_u32(python->pid, waiter + python->row.task.fut_state) !=
		       LP_FUTURE_PENDING;
	/* a future written in Python */
	state = cpython_instance_get(python, waiter, "_state");
	return state && !cpython_string_equals(python, state, "PENDING");
}

/* Reads the fields of a TaskObj.  False: there is none at the address, or it was freed. */
static bool read_fields(const struct lp_cpython *python, uint64_t address,
			struct lp_task_fields *fields)
{
	const struct lp_cpython_row *row = &python->row;
	uint8_t bytes[TASK_BYTES_MAX];

	if (row->task.tp_basicsize > sizeof(bytes) ||
	    memory_read(python->pid, address, bytes, row->task.tp_basicsize))
		return false;
	/* a freed object is unchanged but for its reference count, which has 32 bits since 3.12 */
	if (!field32(bytes, 0))
		return false;
	fields->loop = field(bytes, row->task.fut_loop);
	fields->exception = field(bytes, row->task.fut_exception);
	fields->source = field(bytes, row->task.fut_source_tb);
	fields->waiter = field(bytes, row->task.task_fut_waiter);
	fields->coroutine = field(bytes, row->task.task_coro);
	fields->name = field(bytes, row->task.task_coro + 8);
	fields->state = field32(bytes, row->task.fut_state);
	fields->never_retrieved = bytes[row->task.fut_log_tb] & row->task.fut_log_tb_bits;
	fields->cancelled = bytes[row->task.task_must_cancel] & row->task.task_must_cancel_bits;
	if (row->task.task_num_cancels_requested != LP_NO_FIELD &&
	    (int32_t)field32(bytes, row->task.task_num_cancels_requested) > 0)
		fields->cancelled = true;
	return true;
}

/* Returns whether an attribute is True, or a count of one or more. */
static bool is_set(const struct lp_cpython *python, uint64_t object, const char *name)
{
	uint64_t value = cpython_instance_get(python, object, name);

	return value && cpython_is_positive(python, value);
}

/* Returns the address of an attribute's value, or 0 if it is None or missing. */
static uint64_t attribute(const struct lp_cpython *python, uint64_t object, const char *name)
{
	uint64_t value = cpython_instance_get(python, object, name);
	char type[16];

	return value && !cpython_type_name(python, value, type, sizeof(type)) &&
			       strcmp(type, "NoneType") != 0
		       ? value
		       : 0;
}

/* As read_fields, for a task of a class in Python: Lib/asyncio/tasks.py and futures.py. */
static bool read_attributes(const struct lp_cpython *python, uint64_t address,
			    struct lp_task_fields *fields)
{
	uint64_t state;

	fields->coroutine = attribute(python, address, "_coro");
	if (!fields->coroutine || !memory_u32(python->pid, address))
		return false;
	/* a pending task has no _state of its own, but that of the class */
	state = cpython_instance_get(python, address, "_state");
	fields->loop = attribute(python, address, "_loop");
	fields->exception = attribute(python, address, "_exception");
	fields->source = attribute(python, address, "_source_traceback");
	fields->waiter = attribute(python, address, "_fut_waiter");
	fields->name = attribute(python, address, "_name");
	fields->state = !state						   ? LP_FUTURE_PENDING
			: cpython_string_equals(python, state, "FINISHED") ? LP_FUTURE_FINISHED
									   : LP_FUTURE_CANCELLED;
	fields->never_retrieved = is_set(python, address, "_Future__log_traceback");
	fields->cancelled = is_set(python, address, "_must_cancel") ||
			    is_set(python, address, "_num_cancels_requested");
	return true;
}

bool cpython_chain_runs(const struct lp_await_chain *chain)
{
	return chain->count && chain->links[chain->count - 1].running;
}

/* Returns a frame before the first instruction, whose line is the first line of the code. */
static struct lp_raw_frame first_line(const struct lp_cpython *python, uint64_t code)
{
	struct lp_raw_frame frame = { code, UINT32_MAX };

	if (python->row.code.co_code_adaptive != LP_NO_FIELD)
		frame.instruction = code + python->row.code.co_code_adaptive - 2;
	return frame;
}

/*
 * Names the awaitable of a task by its class, if it is no coroutine or generator of CPython's,
 * which has frames: one of Cython, or an object of the program with __await__.
 */
static void name_by_class(struct lp_task_reader *reader, uint64_t awaitable, struct lp_task *task)
{
	char name[NAME_BYTES];

	if (!awaitable || cpython_is_coroutine(reader->python, awaitable) ||
	    !known_type(reader, awaitable)->object ||
	    cpython_type_name(reader->python, awaitable, name, sizeof(name)))
		return;
	task->coroutine = task_arena_text(reader->arena, name);
}

/* Fills the coroutine of an ended task: it has no frame, but still refers to its code object. */
static void fill_ended(struct lp_task_reader *reader, uint64_t coroutine, struct lp_task *task)
{
	const struct lp_cpython *python = reader->python;
	const struct lp_cpython_row *row = &python->row;
	uint64_t code = coroutine ? memory_u64(python->pid, coroutine + row->coroutine.cr_code) : 0;

	code &= ~row->frame.tag_mask;
	if (!code || !python->code_type ||
	    memory_u64(python->pid, code + CPYTHON_OBJECT_TYPE) != python->code_type) {
		name_by_class(reader, coroutine, task);
		return;
	}
	task->code = first_line(python, code);
	task->coroutine = cpython_coroutine_name(
		reader, memory_u64(python->pid, coroutine + row->coroutine.cr_qualname));
}

static void fill_frames(struct lp_task_reader *reader, const struct lp_await_chain *chain,
			struct lp_task *task)
{
	bool named = reader->python->row.code.co_qualname == LP_NO_FIELD;
	size_t i;

	task->partial = chain->partial;
	task->cut = chain->cut;
	if (!chain->count)
		return;
	task->code = first_line(reader->python, chain->links[0].code);
	task->coroutine = cpython_coroutine_name(reader, chain->links[0].qualname);
	task->frames = task_arena_take(reader->arena, chain->count * sizeof(*task->frames));
	if (!task->frames) {
		task->partial = true;
		return;
	}
	task->frame_count = chain->count;
	for (i = 0; i < chain->count; i++) {
		const struct lp_await_link *link = &chain->links[i];
		struct lp_task_frame *frame = &task->frames[i];

		frame->raw.code = link->code;
		frame->raw.instruction = link->instruction;
		frame->name = named ? cpython_coroutine_name(reader, link->qualname) : NULL;
	}
}

const struct lp_loop_thread *cpython_loop_thread(const struct lp_task_reader *reader, uint64_t loop)
{
	size_t i;

	for (i = 0; i < reader->thread_count; i++)
		if (reader->threads[i].loop == loop)
			return &reader->threads[i];
	return NULL;
}

/* Counts a task that has ended and was not freed. */
static void count_ended(struct lp_task_reader *reader, uint64_t coroutine)
{
	struct lp_task task = { .coroutine = "" };
	size_t i;

	fill_ended(reader, coroutine, &task);
	reader->ended_total++;
	for (i = 0; i < reader->ended_count; i++)
		if (!strcmp(reader->ended[i].coroutine, task.coroutine))
			break;
	if (i == CPYTHON_ENDED_MAX)
		return;
	if (i == reader->ended_count)
		reader->ended[reader->ended_count++].coroutine = task.coroutine;
	reader->ended[i].count++;
}

/* Fills in what does not depend on the state of the task. loop: 0 if it is not known. */
static void fill_task(struct lp_task_reader *reader, uint64_t address, uint64_t loop,
		      const struct lp_task_fields *fields, struct lp_task *task)
{
	static const struct lp_task empty = {
		.name = "",
		.coroutine = "",
		.awaited_class = "",
		.awaited_detail = "",
		.exception_type = "",
		.exception_message = "",
		.created_function = "",
		.created_file = "",
	};
	const struct lp_loop_thread *thread = cpython_loop_thread(reader, loop);

	*task = empty;
	task->address = address;
	task->loop = loop;
	task->tid = thread ? thread->tid : 0;
	task->name = read_name(reader, fields->name);
	read_source(reader, fields->source, task);
}

bool cpython_read_task(struct lp_task_reader *reader, uint64_t address, struct lp_task *task,
		       struct lp_await_chain *chain)
{
	const struct lp_cpython *python = reader->python;
	const struct lp_known_type *type = known_type(reader, address);
	struct lp_task_fields fields = { 0 };
	bool torn;

	chain->count = 0;
	chain->partial = chain->cut = false;
	chain->leaf = 0;
	if (!type->object || !(type->task ? read_fields(python, address, &fields)
					  : read_attributes(python, address, &fields)))
		return false;
	if (fields.state != LP_FUTURE_PENDING &&
	    (fields.state != LP_FUTURE_FINISHED || !fields.exception || !fields.never_retrieved)) {
		if (fields.loop && known_type(reader, fields.loop)->object)
			count_ended(reader, fields.coroutine);
		return false;
	}
	/* the task is being constructed or deallocated */
	if (!fields.loop)
		return false;
	/* the memory of a freed task may still have its type */
	torn = !known_type(reader, fields.loop)->object;
	fill_task(reader, address, torn ? 0 : fields.loop, &fields, task);
	if (fields.state == LP_FUTURE_FINISHED) {
		task->state = LP_TASK_DONE;
		read_exception(reader, fields.exception, task);
		fill_ended(reader, fields.coroutine, task);
		return true;
	}
	task->state = fields.cancelled			? LP_TASK_CANCELLING
		      : is_ready(reader, fields.waiter) ? LP_TASK_READY
							: LP_TASK_WAITING;
	cpython_await_chain(python, fields.coroutine, chain);
	/* futures of classes in Python are yielded, and so not on the evaluation stack */
	if (!chain->leaf && !cpython_chain_runs(chain))
		chain->leaf = fields.waiter;
	fill_frames(reader, chain, task);
	if (!chain->count)
		name_by_class(reader, fields.coroutine, task);
	task->partial |= torn;
	return true;
}
