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
#include "bytecode.h"
#include "code.h"

#include <stdlib.h>
#include <string.h>

/* The number of further callers whose handlers count. */
#define CALLERS_MAX 4

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
	cpython_bytecode_read(python, frame->code, &bytecode, &data, &table);
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
