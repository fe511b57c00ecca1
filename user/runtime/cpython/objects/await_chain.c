// SPDX-License-Identifier: BSD-2-Clause
/*
 * The object that a suspended coroutine awaits is on its evaluation stack: on top of it, or since
 * 3.15 below the top (Objects/genobject.c: _PyGen_yf).
 */
#include "await_chain.h"

#include "process/memory.h"
#include "base/macros.h"

#include <string.h>

/* The maximum number of objects between two coroutines, such as wrappers around wrappers. */
#define HOPS_MAX 64
#define STACK_MAX 4096
#define NAMES_MAX 512

/* Include/object.h */
#define TYPE_FLAG_HEAP (1UL << 9)

/* The opcode of an await up to 3.10. */
#define OPCODE_YIELD_FROM 72
/* Include/internal/pycore_code.h: CO_FAST_CELL, CO_FAST_FREE. */
#define KIND_CELL (0x40 | 0x80)

/* coroutine_wrapper.cw_coroutine, ags_gen, agt_gen, anextawaitable.wrapped, FutureIter.future */
#define WRAPPED 16

/* The instruction of a frame that has not begun, as cpython_describe() takes it. */
#define NOT_BEGUN UINT32_MAX

enum lp_awaitable {
	AWAITABLE_TORN, /* there is no object at the address */
	AWAITABLE_OTHER,
	AWAITABLE_COROUTINE,
	AWAITABLE_WRAPPER,
	AWAITABLE_FUTURE_ITER,
};

static const struct {
	const char *type;
	enum lp_awaitable awaitable;
	bool heap; /* the type may be a heap type; builtin types are static */
} awaitables[] = {
	{ "coroutine", AWAITABLE_COROUTINE, false },
	{ "_asyncio.FutureIter", AWAITABLE_FUTURE_ITER, true },
	{ "generator", AWAITABLE_COROUTINE, false },
	{ "async_generator", AWAITABLE_COROUTINE, false },
	{ "async_generator_asend", AWAITABLE_WRAPPER, false },
	{ "async_generator_athrow", AWAITABLE_WRAPPER, false },
	{ "coroutine_wrapper", AWAITABLE_WRAPPER, false },
	{ "anext_awaitable", AWAITABLE_WRAPPER, false },
};

/* A copy of a suspended frame. */
struct lp_parked {
	const struct lp_cpython *python;
	const struct lp_cpython_row *row;
	uint8_t frame[CPYTHON_FRAME_BYTES];
	int8_t state;
};

static uint64_t field(const struct lp_parked *parked, uint16_t offset)
{
	uint64_t value;

	memcpy(&value, parked->frame + offset, sizeof(value));
	return value;
}

static enum lp_awaitable awaitable_of(const struct lp_cpython *python, uint64_t object)
{
	uint64_t type = memory_u64(python->pid, object + CPYTHON_OBJECT_TYPE);
	uint64_t flags = type ? memory_u64(python->pid, type + CPYTHON_TYPE_FLAGS) : 0;
	uint64_t text = type ? memory_u64(python->pid, type + CPYTHON_TYPE_NAME) : 0;
	char name[32];
	size_t i;

	if (!text)
		return AWAITABLE_TORN;
	memory_string(python->pid, text, name, sizeof(name));
	for (i = 0; i < ARRAY_SIZE(awaitables); i++)
		if (!strcmp(name, awaitables[i].type) &&
		    (awaitables[i].heap || !(flags & TYPE_FLAG_HEAP)))
			return awaitables[i].awaitable;
	/* not checked above: 3.8 and 3.9 lack the flag in types of asynchronous generators */
	return flags & CPYTHON_TYPE_FLAG_READY ? AWAITABLE_OTHER : AWAITABLE_TORN;
}

bool cpython_is_coroutine(const struct lp_cpython *python, uint64_t object)
{
	return object && awaitable_of(python, object) == AWAITABLE_COROUTINE;
}

/* Returns the number of objects on a frame's evaluation stack; *first: address of the deepest. */
static size_t find_stack(const struct lp_parked *parked, const struct lp_await_link *link,
			 uint64_t *first)
{
	const struct lp_cpython *python = parked->python;
	const struct lp_cpython_row *row = parked->row;
	uint64_t end = field(parked, row->frame.stackpointer), locals = 0, count;

	if (row->frame.f_valuestack != LP_NO_FIELD) {
		*first = field(parked, row->frame.f_valuestack);
	} else {
		locals = memory_u32(python->pid, link->code + row->code.co_nlocalsplus);
		*first = link->frame + python->row.frame.localsplus + locals * 8;
	}
	switch (row->frame.stack_end) {
	case LP_STACK_END_DEPTH:
		count = (uint32_t)end;
		break;
	case LP_STACK_END_SLOTS:
		count = (uint32_t)end - locals;
		break;
	default:
		count = end > *first ? (end - *first) / 8 : 0;
		break;
	}
	return count <= STACK_MAX ? count : 0;
}

/* Returns whether a frame is suspended by an await or a yield from, not by a yield. */
static bool is_awaiting(const struct lp_parked *parked, const struct lp_await_link *link)
{
	const struct lp_cpython *python = parked->python;
	uint8_t next[2] = { 0 };
	uint64_t code;
	int32_t last;

	if (parked->state != parked->row->coroutine.frame_suspended)
		return false;
	switch (parked->row->coroutine.await_mark) {
	case LP_AWAIT_OPCODE:
		last = (int32_t)link->instruction;
		if (last < 0)
			return false;
		code = memory_u64(python->pid, link->code + parked->row->code.co_code) +
		       CPYTHON_BYTES_DATA;
		code += (uint64_t)last * parked->row->bytecode.instruction_unit + 2;
		return !memory_read(python->pid, code, next, sizeof(next)) &&
		       next[0] == OPCODE_YIELD_FROM;
	case LP_AWAIT_RESUME:
		/* a RESUME follows; its argument: 0 start, 1 yield, 2 yield from, 3 await */
		return !memory_read(python->pid, link->instruction + 2, next, sizeof(next)) &&
		       (next[1] & 3) >= 2;
	default:
		return true;
	}
}

static bool load_frame(const struct lp_cpython *python, uint64_t frame, struct lp_parked *parked)
{
	parked->python = python;
	parked->row = &python->row;
	return frame && !memory_read(python->pid, frame, parked->frame, sizeof(parked->frame));
}

/*
 * Reads a coroutine.  Returns 1 and the object that it awaits in *awaited; 0 if it awaits
 * nothing; -1 if it has ended or could not be read.
 */
static int read_link(const struct lp_cpython *python, uint64_t object, struct lp_await_link *link,
		     uint64_t *awaited)
{
	const struct lp_cpython_row *row = &python->row;
	struct lp_parked parked;
	uint64_t state = object, first;
	size_t depth;

	link->coroutine = object;
	link->qualname = memory_u64(python->pid, object + row->coroutine.cr_qualname);
	link->frame = object + row->coroutine.cr_iframe;
	if (row->frame.is_object)
		link->frame = memory_u64(python->pid, link->frame);
	link->running = false;
	if (!load_frame(python, link->frame, &parked))
		return -1;
	if (row->coroutine.state_in_frame)
		state = link->frame;
	if (memory_read(python->pid, state + row->coroutine.cr_frame_state, &parked.state, 1) ||
	    parked.state >= row->coroutine.frame_completed)
		return -1;
	link->code = field(&parked, row->frame.f_executable) & ~row->frame.tag_mask;
	link->instruction = field(&parked, row->frame.instr_ptr);
	if (row->frame.is_object)
		link->instruction &= UINT32_MAX;
	if (!python->code_type ||
	    memory_u64(python->pid, link->code + CPYTHON_OBJECT_TYPE) != python->code_type)
		return -1;
	/*
	 * The frame was read after the coroutine, which may have ended in between: another frame
	 * has the place of its own then, and the name of the coroutine belongs to other code.
	 */
	if (row->frame.is_object &&
	    memory_u64(python->pid, object + row->coroutine.cr_code) != link->code)
		return -1;
	link->running = parked.state == row->coroutine.frame_executing;
	if (link->running || !is_awaiting(&parked, link))
		return 0;
	depth = find_stack(&parked, link, &first);
	if (depth < row->frame.awaited_slot)
		return -1;
	first += (depth - row->frame.awaited_slot) * 8;
	*awaited = memory_u64(python->pid, first) & ~row->frame.tag_mask;
	return *awaited ? 1 : -1;
}

static bool was_visited(const struct lp_await_chain *chain, uint64_t object)
{
	size_t i;

	for (i = 0; i < chain->count; i++)
		if (chain->links[i].coroutine == object)
			return true;
	return false;
}

void cpython_await_chain(const struct lp_cpython *python, uint64_t coroutine,
			 struct lp_await_chain *chain)
{
	uint64_t object = coroutine, awaited = 0;
	unsigned int hops;
	int result;

	chain->count = 0;
	chain->cut = chain->partial = false;
	chain->leaf = 0;
	for (hops = 0; hops < HOPS_MAX; hops++) {
		switch (awaitable_of(python, object)) {
		case AWAITABLE_COROUTINE:
			chain->cut = chain->count == CPYTHON_CHAIN_MAX ||
				     was_visited(chain, object);
			if (chain->cut)
				return;
			result = read_link(python, object, &chain->links[chain->count], &awaited);
			chain->partial = result < 0;
			chain->count += result >= 0;
			if (result <= 0)
				return;
			object = awaited;
			hops = 0;
			break;
		case AWAITABLE_WRAPPER:
			object = memory_u64(python->pid, object + WRAPPED);
			break;
		case AWAITABLE_FUTURE_ITER:
			/* 0 if the future is done */
			chain->leaf = memory_u64(python->pid, object + WRAPPED);
			return;
		case AWAITABLE_OTHER:
			chain->leaf = object;
			return;
		default:
			chain->partial = true;
			return;
		}
	}
	chain->cut = true;
}

static uint64_t cell_content(const struct lp_cpython *python, uint64_t cell)
{
	char name[8];

	if (!cell || cpython_type_name(python, cell, name, sizeof(name)) || strcmp(name, "cell"))
		return 0;
	return memory_u64(python->pid, cell + CPYTHON_CELL_CONTENT);
}

/* Returns a local variable or a cell by its index in the frame. */
static uint64_t read_slot(const struct lp_cpython *python, const struct lp_await_link *link,
			  uint64_t number)
{
	uint64_t address = link->frame + python->row.frame.localsplus + number * 8;

	return memory_u64(python->pid, address) & ~python->row.frame.tag_mask;
}

static size_t read_names(const struct lp_cpython *python, const struct lp_await_link *link,
			 uint16_t offset, uint64_t *names)
{
	ssize_t count = cpython_tuple(python, memory_u64(python->pid, link->code + offset), names,
				      NAMES_MAX);

	return count < 0 ? 0 : count < NAMES_MAX ? (size_t)count : NAMES_MAX;
}

/* Up to 3.10 an argument that closures share is in a cell of the same name, not in its slot. */
static uint64_t argument_cell(const struct lp_cpython *python, const struct lp_await_link *link,
			      unsigned int number, uint32_t locals)
{
	uint64_t names[NAMES_MAX], wanted;
	size_t count = read_names(python, link, python->row.code.co_localsplusnames, names), i;

	if (number >= count)
		return 0;
	wanted = names[number];
	count = read_names(python, link, python->row.code.co_cellvars, names);
	for (i = 0; i < count; i++)
		/* equal names are one object, as they are interned */
		if (names[i] == wanted)
			return cell_content(python, read_slot(python, link, locals + i));
	return 0;
}

uint64_t cpython_frame_local(const struct lp_cpython *python, const struct lp_await_link *link,
			     unsigned int number)
{
	const struct lp_cpython_row *row = &python->row;
	uint32_t locals = memory_u32(python->pid, link->code + row->code.co_nlocalsplus);
	uint64_t kinds, found;
	uint8_t kind = 0;

	if (!link->frame || number >= locals)
		return 0;
	found = read_slot(python, link, number);
	if (row->code.co_localspluskinds == LP_NO_FIELD)
		return found ? found : argument_cell(python, link, number, locals);
	kinds = memory_u64(python->pid, link->code + row->code.co_localspluskinds);
	if (memory_read(python->pid, kinds + CPYTHON_BYTES_DATA + number, &kind, sizeof(kind)))
		return 0;
	return kind & KIND_CELL ? cell_content(python, found) : found;
}

/* Returns the index of a name in a tuple of a code object, or -1.  *count: its length. */
static int find_name(const struct lp_cpython *python, const struct lp_await_link *link,
		     uint16_t offset, const char *name, size_t *count)
{
	uint64_t names[NAMES_MAX];
	size_t i;

	*count = read_names(python, link, offset, names);
	for (i = 0; i < *count; i++)
		if (cpython_string_equals(python, names[i], name))
			return (int)i;
	return -1;
}

uint64_t cpython_frame_variable(const struct lp_cpython *python, const struct lp_await_link *link,
				const char *name)
{
	const struct lp_cpython_row *row = &python->row;
	size_t locals, cells, free_cells;
	int number;

	if (!link->frame)
		return 0;
	number = find_name(python, link, row->code.co_localsplusnames, name, &locals);
	if (number >= 0)
		return cpython_frame_local(python, link, (unsigned int)number);
	if (row->code.co_cellvars == LP_NO_FIELD)
		return 0;
	locals = memory_u32(python->pid, link->code + row->code.co_nlocalsplus);
	number = find_name(python, link, row->code.co_cellvars, name, &cells);
	if (number < 0) {
		number = find_name(python, link, row->code.co_freevars, name, &free_cells);
		locals += cells;
	}
	if (number < 0)
		return 0;
	return cell_content(python, read_slot(python, link, locals + (size_t)number));
}

size_t cpython_frame_stack(const struct lp_cpython *python, const struct lp_await_link *link,
			   uint64_t *objects, size_t capacity)
{
	struct lp_parked parked;
	uint64_t first;
	size_t count, i;

	if (link->running || !load_frame(python, link->frame, &parked))
		return 0;
	count = find_stack(&parked, link, &first);
	if (count > capacity)
		count = capacity;
	if (memory_read(python->pid, first, objects, count * sizeof(*objects)))
		return 0;
	for (i = 0; i < count; i++)
		objects[i] &= ~python->row.frame.tag_mask;
	return count;
}
