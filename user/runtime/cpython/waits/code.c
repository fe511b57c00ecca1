// SPDX-License-Identifier: BSD-2-Clause
/* Functions: the row of the table that a code object has, and values of its variables. */
#include "waits_internal.h"

#include "runtime/cpython/code_names.h"

#include "process/memory.h"
#include "base/text.h"
#include "runtime/cpython/layout/opcodes.h"
#include "runtime/cpython/objects/bytecode.h"
#include "runtime/cpython/objects/code.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLES_MAX 256

/* Returns a tuple's length, or 0 if it has too many items. */
static uint64_t tuple_length(const struct lp_cpython *python, uint64_t tuple)
{
	uint64_t length = tuple ? memory_u64(python->pid, tuple + CPYTHON_TUPLE_LENGTH) : 0;

	return length <= VARIABLES_MAX ? length : 0;
}

static uint64_t tuple_item(const struct lp_cpython *python, uint64_t tuple, uint64_t index)
{
	return memory_u64(python->pid, tuple + python->row.tuple.ob_item + index * 8);
}

/* Returns the index of a name in a tuple of names, or LP_WAIT_ABSENT. */
static int name_index(const struct lp_cpython *python, uint64_t tuple, const char *name)
{
	int index = cpython_name_index(python, tuple, name);

	return index < 0 ? LP_WAIT_ABSENT : index;
}

static int variable_number(const struct lp_cpython *python, uint64_t code, const char *name)
{
	const struct lp_cpython_row *row = &python->row;
	int number;

	if (!name)
		return LP_WAIT_ABSENT;
	number = name_index(python, memory_u64(python->pid, code + row->code.co_localsplusnames),
			    name);
	if (number == LP_WAIT_ABSENT && row->code.co_cellvars != LP_NO_FIELD &&
	    (name_index(python, memory_u64(python->pid, code + row->code.co_cellvars), name) >= 0 ||
	     name_index(python, memory_u64(python->pid, code + row->code.co_freevars), name) >= 0))
		return LP_WAIT_BY_NAME;
	return number;
}

/* Returns the package of a file, by the first part of its path below those of packages, or NULL. */
static const char *package_of(const struct lp_waits *waits, const char *below)
{
	char name[64];
	size_t length = strcspn(below, "/.");

	if (!length || length >= sizeof(name))
		return NULL;
	memcpy(name, below, length);
	name[length] = '\0';
	return task_arena_text(waits->arena, name);
}

static const struct lp_wait_row *find_row(const struct lp_waits *waits, const char *file,
					  const char *name)
{
	const char *end = strrchr(file, '/');
	size_t i;

	if (!cpython_file_is_asyncio(file))
		return NULL;
	for (i = 0; i < waits->row_count; i++)
		if (!strcmp(end + 1, waits->rows[i].file) && !strcmp(name, waits->rows[i].name))
			return &waits->rows[i];
	return NULL;
}

/* Returns how often a function gets an attribute of that name. */
static unsigned int count_attribute(const struct lp_cpython *python, uint64_t code,
				    const char *name)
{
	uint64_t names = memory_u64(python->pid, code + python->row.code.co_names);
	struct lp_bytecode bytecode = { .format = &python->row.bytecode };
	int wanted = name_index(python, names, name);
	struct lp_bytecode_instruction instruction;
	uint8_t *data, *table;
	unsigned int count = 0;
	size_t at;

	/* a function with more names than are searched may have it often */
	if (names && !tuple_length(python, names) &&
	    memory_u64(python->pid, names + CPYTHON_TUPLE_LENGTH))
		return UINT_MAX;
	if (wanted < 0)
		return 0;
	cpython_bytecode_read(python, code, &bytecode, &data, &table);
	for (at = 0;
	     cpython_decode(bytecode.format, bytecode.code, bytecode.code_bytes, at, &instruction);
	     at = instruction.next)
		count += instruction.operation == LP_OP_LOAD_ATTR &&
			 instruction.argument >> bytecode.format->load_attr_shift ==
				 (uint32_t)wanted;
	free(data);
	free(table);
	/* an instruction that is not known, such as one that is monitored */
	return count ? count : UINT_MAX;
}

static void read_code(const struct lp_waits *waits, const struct lp_await_link *link,
		      struct lp_wait_code *code)
{
	const struct lp_cpython *python = waits->python;
	const struct lp_cpython_row *row = &python->row;
	uint64_t qualname = link->qualname, filename;
	char file[1024], name[256];
	const char *below;

	/* up to 3.10 only the coroutine has a qualified name */
	if (row->code.co_qualname != LP_NO_FIELD)
		qualname = memory_u64(python->pid, link->code + row->code.co_qualname);
	filename = memory_u64(python->pid, link->code + row->code.co_filename);
	if (!qualname || !filename || cpython_string(python, qualname, name, sizeof(name)) ||
	    cpython_string(python, filename, file, sizeof(file)))
		return;
	code->enters = text_ends_with(name, "__aenter__");
	code->row = find_row(waits, file, name);
	below = cpython_code_names.below_packages(file);
	if (below) {
		code->of_package = variable_number(python, link->code, "self") == 0;
		code->package = package_of(waits, below);
	}
	code->of_program = !cpython_file_is_asyncio(file) && !below;
	if (!cpython_file_is_asyncio(file))
		code->acquires = count_attribute(python, link->code, "acquire");
	if (!code->row)
		return;
	code->object = variable_number(python, link->code, code->row->object);
	code->timeout = variable_number(python, link->code, code->row->timeout);
}

const struct lp_wait_code *cpython_wait_code(struct lp_waits *waits,
					     const struct lp_await_link *link)
{
	static const struct lp_wait_code unknown = { 0 };
	uint64_t *known = map_get(&waits->codes, link->code);
	struct lp_wait_code code = { 0 }, *stored;

	if (known)
		return (const struct lp_wait_code *)(uintptr_t)*known;
	if (!link->code)
		return &unknown;
	read_code(waits, link, &code);
	stored = code.row || code.enters || code.acquires || code.package || code.of_program
			 ? task_arena_take(waits->arena, sizeof(*stored))
			 : NULL;
	if (stored)
		*stored = code;
	map_put(&waits->codes, link->code, stored ? (uintptr_t)stored : (uintptr_t)&unknown);
	return stored ? stored : &unknown;
}

uint64_t cpython_wait_variable(struct lp_waits *waits, const struct lp_await_link *link, int number,
			       const char *name)
{
	uint64_t value = 0;

	if (number == LP_WAIT_ABSENT)
		return 0;
	if (number >= 0)
		value = cpython_frame_local(waits->python, link, (unsigned int)number);
	return value ? value : cpython_frame_variable(waits->python, link, name);
}

uint64_t cpython_wait_closure(struct lp_waits *waits, uint64_t function, const char *name)
{
	const struct lp_cpython *python = waits->python;
	uint64_t closure = memory_u64(python->pid, function + python->row.function.func_closure);
	uint64_t code = memory_u64(python->pid, function + python->row.function.func_code), names;
	uint64_t count = tuple_length(python, closure), all, cell;
	int index;

	if (!code || !count)
		return 0;
	names = memory_u64(python->pid, code + (python->row.code.co_freevars != LP_NO_FIELD
							? python->row.code.co_freevars
							: python->row.code.co_localsplusnames));
	all = tuple_length(python, names);
	index = name_index(python, names, name);
	/* since 3.11 names are those of all locals, of which the free variables are the last */
	if (index < 0 || all < count || (uint64_t)index < all - count)
		return 0;
	cell = tuple_item(python, closure, (uint64_t)index - (all - count));
	return cell ? memory_u64(python->pid, cell + CPYTHON_CELL_CONTENT) : 0;
}

void cpython_wait_callable(struct lp_waits *waits, uint64_t object, char *text, size_t size)
{
	const struct lp_cpython *python = waits->python;
	const struct lp_wait_type *type = cpython_wait_type_of(waits, object);
	uint64_t name;

	text[0] = '\0';
	if (type->kinds & LP_WAIT_METHOD) {
		object = memory_u64(python->pid, object + CPYTHON_BOUND_FUNCTION);
		type = cpython_wait_type_of(waits, object);
	}
	if (type->kinds & LP_WAIT_FUNCTION) {
		name = memory_u64(python->pid, object + python->row.function.func_qualname);
		if (name)
			cpython_string(python, name, text, size);
	} else if (type->kinds & LP_WAIT_BUILTIN) {
		name = memory_u64(python->pid, object + CPYTHON_BUILTIN_METHOD);
		name = name ? memory_u64(python->pid, name) : 0;
		if (name)
			memory_string(python->pid, name, text, size);
	}
	if (!text[0])
		snprintf(text, size, "%s", type->name);
}
