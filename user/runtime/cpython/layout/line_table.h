/* SPDX-License-Identifier: BSD-2-Clause */
/* From an instruction to its source line, by the three tables CPython has used since 3.8. */
#ifndef LP_RUNTIME_CPYTHON_LAYOUT_LINE_TABLE_H
#define LP_RUNTIME_CPYTHON_LAYOUT_LINE_TABLE_H

#include "versions.h"

#include <stddef.h>
#include <stdint.h>

/*
 * format: of the table, co_lnotab (3.8, 3.9) or co_linetable.  instruction: bytes
 * into the bytecode; negative before the first instruction.  Returns the line, or 0
 * where the table has none or is damaged.
 */
uint32_t cpython_line(enum lp_line_table format, const uint8_t *table, size_t size,
		      uint32_t first_line, int64_t instruction);

#endif /* LP_RUNTIME_CPYTHON_LAYOUT_LINE_TABLE_H */
