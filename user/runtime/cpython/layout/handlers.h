/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds out whether a function catches a RuntimeError that one of its instructions raises,
 * from its bytecode and, since 3.11, its exception table.
 */
#ifndef LP_RUNTIME_CPYTHON_LAYOUT_HANDLERS_H
#define LP_RUNTIME_CPYTHON_LAYOUT_HANDLERS_H

#include "versions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lp_handled {
	LP_NOT_HANDLED,
	LP_HANDLED_BROADLY, /* by `except Exception`, BaseException or a bare `except` */
	LP_HANDLED_BY_NAME, /* by `except RuntimeError`, or a name that may be an alias of it */
};

/* A function's code as it lies in memory, specialised instructions included. */
struct lp_bytecode {
	const struct lp_bytecode_format *format;
	const uint8_t *code;
	size_t code_bytes;
	const uint8_t *table; /* co_exceptiontable, 3.11 and later */
	size_t table_bytes;
	/* Copies the name with that number in co_names.  False: there is none. */
	bool (*name)(const void *context, uint32_t number, char *text, size_t size);
	const void *context;
};

/*
 * Returns how a RuntimeError is handled that is raised at an instruction.  instruction: offset in
 * bytes from the code's beginning.
 */
enum lp_handled cpython_handled(const struct lp_bytecode *bytecode, int64_t instruction);

/*
 * Returns the number of objects that are on the evaluation stack of a frame for certain while it
 * executes an instruction, by the handlers of its exception table; 0: no handler covers it.
 */
size_t cpython_handler_depth(const struct lp_bytecode *bytecode, size_t instruction);

#endif /* LP_RUNTIME_CPYTHON_LAYOUT_HANDLERS_H */
