// SPDX-License-Identifier: BSD-2-Clause
#include "bytecode.h"

#include "process/memory.h"

#include <stdlib.h>

#define CODE_MAX (256 << 10)
#define TABLE_MAX (64 << 10)

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

uint8_t *cpython_exception_table(const struct lp_cpython *python, uint64_t code, size_t *bytes)
{
	const struct lp_cpython_row *row = &python->row;
	uint8_t *table = NULL;

	if (row->code.co_exceptiontable != LP_NO_FIELD)
		table = copy_bytes(python->pid,
				   memory_u64(python->pid, code + row->code.co_exceptiontable),
				   TABLE_MAX, bytes);
	if (!table)
		*bytes = 0;
	return table;
}

void cpython_bytecode_read(const struct lp_cpython *python, uint64_t code,
			   struct lp_bytecode *bytecode, uint8_t **data, uint8_t **table)
{
	const struct lp_cpython_row *row = &python->row;

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
	*table = cpython_exception_table(python, code, &bytecode->table_bytes);
	if (!*data)
		bytecode->code_bytes = 0;
	bytecode->code = *data;
	bytecode->table = *table;
}
