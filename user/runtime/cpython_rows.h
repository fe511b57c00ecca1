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

/* Where an object has its attributes that are in no slot. */
enum lp_instance_layout {
	LP_INSTANCE_DICT, /* up to 3.10: in a dict, at the type's tp_dictoffset */
	LP_INSTANCE_VALUES, /* 3.11: values in front of the object, or a dict beside them */
	LP_INSTANCE_TAGGED, /* 3.12: one word for both, its lowest bit says which */
	LP_INSTANCE_INLINE, /* 3.13 and later: values behind the object, or a dict in front */
};

/* What is read of a frame and of a code object: all fields of the row lie within. */
#define CPYTHON_FRAME_BYTES 112
#define CPYTHON_CODE_BYTES 144

/* Offsets in bytes.  LP_NO_FIELD: not in this version. */
struct lp_cpython_row {
	uint16_t minor;
	struct lp_python_offsets probe;
	struct lp_task_offsets task; /* of futures and tasks */
	uint16_t task_size; /* Task.tp_basicsize, by which the row is checked */
	uint16_t current_thread; /* _PyRuntime: the GIL holder's thread state, up to 3.11 */
	uint16_t runtime_gil; /* _PyRuntime: the GIL itself, up to 3.11 */
	uint16_t runtime_collecting; /* _PyRuntime: gc.collecting, 3.8 */
	uint16_t interpreter_head; /* _PyRuntime */
	uint16_t interpreter_threads;
	uint16_t interpreter_modules;
	uint16_t interpreter_gil; /* pointer to the GIL; its holder is at gil_holder */
	uint16_t interpreter_collecting; /* gc.collecting, 3.9 and later */
	uint16_t gil_holder;
	uint16_t thread_next;
	uint16_t thread_native_id;
	uint16_t thread_dict; /* up to 3.12, where asyncio keeps the running loop */
	uint16_t thread_loop; /* the running loop itself, 3.13 and later */
	uint16_t code_flags; /* co_flags, an int */
	uint16_t code_lines;
	uint16_t code_bytecode;
	uint16_t type_keys; /* PyHeapTypeObject.ht_cached_keys */
	enum lp_dict_layout dict_layout;
	enum lp_instance_layout instance_layout;
};

/* The row of 3.minor, or NULL. */
const struct lp_cpython_row *cpython_row(int minor);

/*
 * Overrides a copy of a row with what _Py_DebugOffsets says (3.13 and later).
 * table: the struct as u64 words, cookie first.
 * Returns 0, or -EINVAL if an offset is out of all reason, or of a frame's or
 * code object's beginning that is read.
 */
int cpython_row_override(struct lp_cpython_row *row, const uint64_t *table, size_t words);

#endif /* LP_CPYTHON_ROWS_H */
