/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytecode of a code object, and its exception table. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_BYTECODE_H
#define LP_RUNTIME_CPYTHON_OBJECTS_BYTECODE_H

#include "object.h"
#include "runtime/cpython/layout/handlers.h"

/*
 * Copies the code and the exception table of a code object; both are to be freed, and NULL if they
 * cannot be read or are too long.
 */
void cpython_bytecode_read(const struct lp_cpython *python, uint64_t code,
			   struct lp_bytecode *bytecode, uint8_t **data, uint8_t **table);

/* The same for the exception table only. */
uint8_t *cpython_exception_table(const struct lp_cpython *python, uint64_t code, size_t *bytes);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_BYTECODE_H */
