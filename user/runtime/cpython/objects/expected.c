// SPDX-License-Identifier: BSD-2-Clause
/*
 * Libraries call asyncio.get_running_loop() in a `try` with an `except RuntimeError` to find
 * out whether they are called from a loop.  Any handler in the function that calls it counts
 * as such, and a handler further out if it names RuntimeError.  A broad handler further out
 * does not count: by those, threads and servers survive any error.  Nor does a handler that
 * raises the exception again.
 */
#include "expected.h"

#include "process/memory.h"
#include "code.h"
#include "runtime/cpython/layout/handlers.h"

#include <stdlib.h>
#include <string.h>

/* The number of further callers whose handlers count. */
#define CALLERS_MAX 4
#define CODE_MAX (256 << 10)
#define TABLE_MAX (64 << 10)

struct lp_names {
	const struct lp_cpython *python;
	uint64_t tuple;
};

static bool read_name(const void *context, uint32_t number, char *text, size_t size)
{
	const struct lp_names *names = context;
	const struct lp_cpython *python = names->python;
	uint64_t items = names->tuple + python->row.tuple.ob_item, name;

	if (!names->tuple || number >= memory_u64(python->pid, names->tuple + CPYTHON_TUPLE_LENGTH))
		return false;
	name = memory_u64(python->pid, items + number * 8UL);
	return name && !cpython_string(python, name, text, size);
}

/* Returns a copy of memory, to be freed; NULL if it is empty, too long or unreadable. */
static uint8_t *copy(pid_t pid, uint64_t address, uint64_t bytes, uint64_t most)
{
	uint8_t *data = bytes && bytes <= most ? malloc(bytes) : NULL;

	if (data && memory_read(pid, address, data, bytes)) {
		free(data);
		data = NULL;
	}
	return data;
}

static uint8_t *copy_bytes(pid_t pid, uint64_t object, uint64_t most, size_t *bytes)
{
	*bytes = object ? memory_u64(pid, object + CPYTHON_BYTES_LENGTH) : 0;
	return copy(pid, object + CPYTHON_BYTES_DATA, *bytes, most);
}

/* Copies a frame's code and its exception table; both are to be freed. */
static void read_code(const struct lp_cpython *python, uint64_t code, struct lp_bytecode *bytecode,
		      uint8_t **data, uint8_t **table)
{
	const struct lp_cpython_row *row = &python->row;

	*table = NULL;
	if (row->code.co_code != LP_NO_FIELD) {
		*data = copy_bytes(python->pid, memory_u64(python->pid, code + row->code.co_code),
				   CODE_MAX, &bytecode->code_bytes);
	} else {
		/* ob_size counts code units of two bytes */
		bytecode->code_bytes =
			memory_u64(python->pid, code + CPYTHON_TUPLE_LENGTH) % (1UL << 32) * 2;
		*data = copy(python->pid, code + row->code.co_code_adaptive, bytecode->code_bytes,
			     CODE_MAX);
	}
	if (row->code.co_exceptiontable != LP_NO_FIELD)
		*table = copy_bytes(python->pid,
				    memory_u64(python->pid, code + row->code.co_exceptiontable),
				    TABLE_MAX, &bytecode->table_bytes);
	if (!*data)
		bytecode->code_bytes = 0;
	if (!*table)
		bytecode->table_bytes = 0;
	bytecode->code = *data;
	bytecode->table = *table;
}

/* Fills in how a frame handles the error.  False: its code cannot be read. */
static bool handled_in(const struct lp_cpython *python, const struct lp_raw_frame *frame,
		       enum lp_handled *handled)
{
	struct lp_bytecode bytecode = { .format = &python->row.bytecode, .name = read_name };
	struct lp_names names = { .python = python };
	uint8_t *data, *table;
	bool read;

	if (!python->code_type ||
	    memory_u64(python->pid, frame->code + CPYTHON_OBJECT_TYPE) != python->code_type)
		return false;
	names.tuple = memory_u64(python->pid, frame->code + python->row.code.co_names);
	bytecode.context = &names;
	read_code(python, frame->code, &bytecode, &data, &table);
	read = data;
	if (read)
		*handled = cpython_handled(&bytecode, (int64_t)frame->instruction);
	free(data);
	free(table);
	return read;
}

static bool is_asyncio(const struct lp_cpython *python, const struct lp_raw_frame *frame)
{
	struct lp_frame shown;

	return !cpython_describe(python, frame, &shown) && shown.of_loop;
}

enum lp_expectation cpython_expectation(const struct lp_cpython *python,
					const struct lp_raw_frame *frames, size_t depth, size_t *at)
{
	bool asks = true; /* for asyncio's own frames and the function that has called asyncio */
	enum lp_handled handled;
	struct lp_raw_frame frame;
	size_t i, callers = 0;

	for (i = 0; i < depth && callers <= CALLERS_MAX; i++) {
		if (cpython_frame(python, &frames[i], &frame) ||
		    !handled_in(python, &frame, &handled))
			return LP_EXPECTATION_UNKNOWN;
		if (handled == LP_HANDLED_BY_NAME || (handled == LP_HANDLED_BROADLY && asks)) {
			*at = i;
			return LP_EXPECTED;
		}
		asks = asks && is_asyncio(python, &frames[i]);
		callers += !asks;
	}
	return LP_NOT_EXPECTED;
}
