/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Would a RuntimeError that is raised at an instruction be caught there?  Read from the
 * bytecode of a function and, since 3.11, its table of exceptions.
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
	LP_HANDLED_BY_NAME, /* as a RuntimeError, or as what may be one */
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

/* instruction: its offset in bytes from the code's beginning. */
enum lp_handled cpython_handled(const struct lp_bytecode *bytecode, int64_t instruction);

#endif /* LP_RUNTIME_CPYTHON_LAYOUT_HANDLERS_H */
