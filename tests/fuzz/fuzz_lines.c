// SPDX-License-Identifier: BSD-2-Clause
/* Input: minor, first line (2 bytes), instruction (2 bytes), table. */
#include "fuzz.h"

#include <string.h>

#include "../unit/lines_fixture.h"
#include "runtime/cpython/layout/line_table.h"

#define HEAD_BYTES 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t first_line, instruction;
	uint8_t *table;
	enum lp_line_table format;

	if (size < HEAD_BYTES)
		return 0;
	format = cpython_row(CPYTHON_OLDEST + data[0] % (CPYTHON_NEWEST - CPYTHON_OLDEST + 1))
			 ->code.line_table;
	memcpy(&first_line, data + 1, sizeof(first_line));
	memcpy(&instruction, data + 3, sizeof(instruction));
	size -= HEAD_BYTES;
	/* exactly as large as the table, so that a sanitiser reports a read past its end */
	table = malloc(size ? size : 1);
	if (!table)
		return 0;
	memcpy(table, data + HEAD_BYTES, size);
	cpython_line(format, table, size, first_line, instruction);
	cpython_line(format, table, size, UINT32_MAX, INT64_MAX);
	FUZZ_CHECK(cpython_line(format, table, size, first_line, -1) == first_line);
	free(table);
	return 0;
}

size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	const struct lp_lines_fixture *fixture;
	uint16_t words[2];

	if (number >= LINES_FIXTURES)
		return 0;
	fixture = &lines_fixtures[number];
	words[0] = (uint16_t)fixture->first_line;
	words[1] = (uint16_t)(fixture->code_bytes - 2);
	data[0] = (uint8_t)(fixture->minor - 8);
	memcpy(data + 1, words, sizeof(words));
	memcpy(data + HEAD_BYTES, fixture->table, fixture->table_bytes);
	return HEAD_BYTES + fixture->table_bytes;
}
