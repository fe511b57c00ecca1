/* SPDX-License-Identifier: BSD-2-Clause */
/* CPython's layouts, one row a version. */
#ifndef LP_CPYTHON_ROWS_H
#define LP_CPYTHON_ROWS_H

#include "../wire.h"

#include <stdbool.h>
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

/* How a frame tells where its evaluation stack ends. */
enum lp_stack_end {
	LP_STACK_END_ADDRESS, /* by an address */
	LP_STACK_END_DEPTH, /* 3.10: by the number of objects on it */
	LP_STACK_END_SLOTS, /* 3.11 to 3.13: by that number and the locals' together */
};

/* How a parked frame tells that it awaits what lies on top of its stack. */
enum lp_await_mark {
	LP_AWAIT_OPCODE, /* up to 3.10: its next instruction is YIELD_FROM */
	LP_AWAIT_RESUME, /* 3.11, 3.12: the next one is RESUME, after an await */
	LP_AWAIT_STATE, /* 3.13 and later: a state of its own */
};

/* Coroutines, generators and asynchronous generators, which begin alike, and their frames. */
struct lp_parked_offsets {
	uint16_t frame; /* of a coroutine: the pointer to its frame, or since 3.11 the frame */
	uint16_t state; /* a byte of the coroutine */
	bool state_in_frame; /* 3.10: of the frame instead */
	int8_t executing; /* values of that byte */
	int8_t awaiting; /* suspended, before 3.13 by whatever */
	int8_t ended; /* this one and greater ones */
	uint16_t generator; /* of a frame: the coroutine it belongs to, up to 3.10 */
	uint16_t stack; /* of a frame: pointer to its stack; LP_NO_FIELD: behind the locals */
	uint16_t stack_end;
	enum lp_stack_end stack_end_kind;
	enum lp_await_mark await_mark;
	uint16_t code_locals; /* of a code object: how many locals, with cells since 3.11 */
	uint16_t code_names; /* a tuple of as many */
	uint16_t code_kinds; /* bytes, one a local; up to 3.10 cells are apart: */
	uint16_t code_cells; /* tuples of names */
	uint16_t code_free;
};

/* What is read of a frame and of a code object: all fields of the row lie within. */
#define CPYTHON_FRAME_BYTES 112
#define CPYTHON_CODE_BYTES 144

/* Offsets in bytes.  LP_NO_FIELD: not in this version. */
struct lp_cpython_row {
	uint16_t minor;
	struct lp_python_offsets probe;
	struct lp_task_offsets task; /* of futures and tasks */
	struct lp_parked_offsets parked;
	uint16_t task_cancels; /* how often cancel() was called less uncancel(), an int; 3.11 and
				  later */
	uint16_t future_source; /* fut_source_tb */
	/* 3.14: tasks are in linked lists, of the thread they were made in, or when that has
	 * ended, of the interpreter; .AsyncioDebug of the module _asyncio has the same */
	uint16_t task_node;
	uint16_t interpreter_tasks;
	uint16_t thread_tasks;
	uint16_t thread_task; /* the running one; before 3.14 in a dict */
	uint16_t task_size; /* Task.tp_basicsize, by which the row is checked */
	uint16_t current_thread; /* _PyRuntime: the GIL holder's thread state, up to 3.11 */
	uint16_t runtime_gil; /* _PyRuntime: the GIL itself, up to 3.11 */
	uint16_t runtime_collecting; /* _PyRuntime: gc.collecting, 3.8 */
	uint16_t interpreter_head; /* _PyRuntime */
	uint16_t interpreter_threads;
	uint16_t interpreter_modules;
	uint16_t interpreter_gil; /* pointer to the GIL; its holder is at gil_holder */
	uint16_t interpreter_collecting; /* gc.collecting, 3.9 and later */
	uint16_t interpreter_gc; /* its lists of objects: only where tasks have to be searched there
				  */
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

#define CPYTHON_ASYNCIO_WORDS 13

/* The same with the section .AsyncioDebug of 3.14's _asyncio. */
int cpython_row_override_asyncio(struct lp_cpython_row *row,
				 const uint64_t table[CPYTHON_ASYNCIO_WORDS]);

#endif /* LP_CPYTHON_ROWS_H */
