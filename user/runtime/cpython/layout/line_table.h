/* SPDX-License-Identifier: BSD-2-Clause */
/* The source line of an instruction, from the three formats of tables in 3.8 to 3.15. */
#ifndef LP_RUNTIME_CPYTHON_LAYOUT_LINE_TABLE_H
#define LP_RUNTIME_CPYTHON_LAYOUT_LINE_TABLE_H

#include "versions.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Returns the line of an instruction, or 0 if the table has none or is damaged.  table:
 * co_lnotab (3.8, 3.9) or co_linetable, in that format.  instruction: bytes into the bytecode;
 * negative before the first instruction.
 */
uint32_t cpython_line(enum lp_line_table format, const uint8_t *table, size_t size,
		      uint32_t first_line, int64_t instruction);

#endif /* LP_RUNTIME_CPYTHON_LAYOUT_LINE_TABLE_H */
