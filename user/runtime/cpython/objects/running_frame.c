// SPDX-License-Identifier: BSD-2-Clause
#include "running_frame.h"

#include "process/memory.h"
#include "bytecode.h"

#include <stdlib.h>

#define LOCALS_MAX 4096
#define SEARCHED_MAX (64UL << 20)

/*
 * Include/cpython/frameobject.h up to 3.9, Include/internal of 3.10: f_blockstack is an array of
 * 20 PyTryBlock in front of f_localsplus, and f_iblock, their number, is 8 bytes in front of it.
 */
#define BLOCKS_MAX 20
#define BLOCK_BYTES 12
#define BLOCK_LEVEL 8
#define BLOCK_COUNT_BEFORE 8

static uint64_t first_slot(const struct lp_cpython *python, const struct lp_await_link *link)
{
	const struct lp_cpython_row *row = &python->row;
	uint32_t locals;

	if (!link->frame)
		return 0;
	if (row->frame.f_valuestack != LP_NO_FIELD)
		return memory_u64(python->pid, link->frame + row->frame.f_valuestack);
	locals = memory_u32(python->pid, link->code + row->code.co_nlocalsplus);
	return locals <= LOCALS_MAX ? link->frame + row->frame.localsplus + locals * 8UL : 0;
}

/* Returns how many objects are on the stack, if the frame has its end; else SIZE_MAX. */
static size_t stored_count(const struct lp_cpython *python, const struct lp_await_link *link,
			   uint64_t first)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t end;

	/* 3.14 stores it before each call */
	if (row->frame.stack_end != LP_STACK_END_ADDRESS || row->frame.f_valuestack != LP_NO_FIELD)
		return SIZE_MAX;
	end = memory_u64(python->pid, link->frame + row->frame.stackpointer);
	return end >= first ? (end - first) / 8 : 0;
}

static size_t read_slots(const struct lp_cpython *python, uint64_t first, uint64_t *objects,
			 size_t count)
{
	size_t i;

	/* the slots of the last frame may end where memory does */
	while (count && memory_read(python->pid, first, objects, count * sizeof(*objects)))
		count /= 2;
	for (i = 0; i < count; i++)
		objects[i] &= ~python->row.frame.tag_mask;
	return count;
}

size_t cpython_running_slots(const struct lp_cpython *python, const struct lp_await_link *link,
			     uint64_t *objects, size_t capacity)
{
	uint64_t first = first_slot(python, link);
	size_t count = first ? stored_count(python, link, first) : 0;

	return read_slots(python, first, objects, count < capacity ? count : capacity);
}

/* Up to 3.10: the level of the stack when the innermost block was entered. */
static size_t block_depth(const struct lp_cpython *python, const struct lp_await_link *link)
{
	uint64_t blocks = link->frame + python->row.frame.localsplus - BLOCKS_MAX * BLOCK_BYTES;
	uint32_t count = memory_u32(python->pid, blocks - BLOCK_COUNT_BEFORE);

	if (!count || count > BLOCKS_MAX)
		return 0;
	return memory_u32(python->pid, blocks + (count - 1UL) * BLOCK_BYTES + BLOCK_LEVEL);
}

struct known_table {
	uint8_t *data; /* NULL if it is empty or cannot be read */
	size_t bytes;
};

void cpython_exception_tables_free(struct lp_exception_tables *tables)
{
	struct known_table *known;
	size_t at = 0;

	while ((known = map_next_pointer(&tables->tables, &at))) {
		free(known->data);
		free(known);
	}
	map_free(&tables->tables);
}

/* Returns the table of a code object, or NULL if out of memory. */
static const struct known_table *table_of(const struct lp_cpython *python,
					  struct lp_exception_tables *tables, uint64_t code)
{
	struct known_table *known = map_pointer(&tables->tables, code);

	if (known)
		return known;
	known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	known->data = cpython_exception_table(python, code, &known->bytes);
	if (map_put(&tables->tables, code, (uintptr_t)known))
		return known;
	free(known->data);
	free(known);
	return NULL;
}

/* 3.11 and later: the depth of the handler that the instruction is within. */
static size_t table_depth(const struct lp_cpython *python, struct lp_exception_tables *tables,
			  const struct lp_await_link *link)
{
	struct lp_bytecode bytecode = { .format = &python->row.bytecode };
	uint64_t begin = link->code + python->row.code.co_code_adaptive;
	const struct known_table *known;

	if (link->instruction < begin || tables->searched > SEARCHED_MAX)
		return 0;
	known = table_of(python, tables, link->code);
	if (!known)
		return 0;
	tables->searched += known->bytes;
	bytecode.table = known->data;
	bytecode.table_bytes = known->bytes;
	return cpython_handler_depth(&bytecode, link->instruction - begin);
}

size_t cpython_running_guarded(const struct lp_cpython *python, struct lp_exception_tables *tables,
			       const struct lp_await_link *link, uint64_t *objects, size_t capacity)
{
	uint64_t first = first_slot(python, link);
	size_t count = first ? stored_count(python, link, first) : 0;

	if (count == SIZE_MAX)
		count = python->row.code.co_exceptiontable == LP_NO_FIELD
				? block_depth(python, link)
				: table_depth(python, tables, link);
	return read_slots(python, first, objects, count < capacity ? count : capacity);
}
