/* SPDX-License-Identifier: BSD-2-Clause */
/* CPython's layouts, one row a version. */
#ifndef LP_CPYTHON_ROWS_H
#define LP_CPYTHON_ROWS_H

#include "../wire.h"

#include <stddef.h>
#include <stdint.h>

#define CPYTHON_OLDEST 8
#define CPYTHON_NEWEST 14

/* How the keys of a dict lie in memory. */
enum lp_dict_layout {
	LP_DICT_INDEXED, /* up to 3.10: 24 byte entries, 8 byte counters */
	LP_DICT_COMPACT, /* 3.11 and later: 16 byte entries where all keys are str */
};

/* Offsets in bytes.  LP_NO_FIELD: not in this version. */
struct lp_cpython_row {
	uint16_t minor;
	struct lp_python_offsets probe;
	uint16_t task_size; /* Task.tp_basicsize, by which the row is checked */
	uint16_t current_thread; /* _PyRuntime: the GIL holder's thread state, up to 3.11 */
	uint16_t interpreter_head; /* _PyRuntime */
	uint16_t interpreter_threads;
	uint16_t interpreter_modules;
	uint16_t interpreter_gil; /* pointer to the GIL; its holder is at gil_holder */
	uint16_t gil_holder;
	uint16_t thread_next;
	uint16_t thread_native_id;
	uint16_t frame_previous;
	uint16_t frame_instruction;
	uint16_t frame_owner;
	uint8_t first_shim; /* owner values from here on are no Python frames */
	uint16_t code_lines;
	uint16_t code_bytecode;
	enum lp_dict_layout dict_layout;
};

/* The row of 3.minor, or NULL. */
const struct lp_cpython_row *cpython_row(int minor);

/*
 * Overrides a copy of a row with what _Py_DebugOffsets says (3.13 and later).
 * table: the struct as u64 words, cookie first.
 * Returns 0, or -EINVAL if an offset is out of all reason.
 */
int cpython_row_override(struct lp_cpython_row *row, const uint64_t *table, size_t words);

#endif /* LP_CPYTHON_ROWS_H */
