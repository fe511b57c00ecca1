/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPython's layouts, one row a version.  Only the row differs between versions: no other code
 * may depend on the number of a version.
 */
#ifndef LP_RUNTIME_CPYTHON_LAYOUT_VERSIONS_H
#define LP_RUNTIME_CPYTHON_LAYOUT_VERSIONS_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPYTHON_OLDEST 8
#define CPYTHON_NEWEST 15

/* The layout of a dict's keys. */
enum lp_dict_layout {
	LP_DICT_INDEXED, /* up to 3.10: entries of 24 bytes, counters of 8 bytes */
	LP_DICT_COMPACT, /* 3.11 and later: entries of 16 bytes if all keys are str */
};

/* How a suspended frame is recognised as one that awaits the object on top of its stack. */
enum lp_await_mark {
	LP_AWAIT_OPCODE, /* up to 3.10: its next instruction is YIELD_FROM */
	LP_AWAIT_RESUME, /* 3.11, 3.12: its next instruction is the RESUME of an await */
	LP_AWAIT_STATE, /* 3.13 and later: a state of its own */
};

/* The format of a code object's line table. */
enum lp_line_table {
	LP_LINES_LNOTAB, /* 3.8, 3.9: co_lnotab, Objects/lnotab_notes.txt */
	LP_LINES_RANGES, /* 3.10: co_linetable of PEP 626 */
	LP_LINES_LOCATIONS, /* 3.11 and later: co_linetable of Objects/locations.md */
};

/* The source of a function's exception handlers. */
enum lp_handler_kind {
	LP_HANDLERS_BLOCKS, /* up to 3.10: an instruction SETUP_FINALLY begins a block */
	LP_HANDLERS_TABLE, /* 3.11 and later: co_exceptiontable */
};

/* The format of an interpreter's struct _Py_DebugOffsets, a column in debug_offsets.c. */
enum lp_debug_offsets {
	LP_DEBUG_OFFSETS_3_13,
	LP_DEBUG_OFFSETS_3_14,
	LP_DEBUG_OFFSETS_3_15,
	LP_DEBUG_OFFSETS_NONE, /* up to 3.12 */
};

#define LP_DEBUG_OFFSETS_FORMATS LP_DEBUG_OFFSETS_NONE

/* The format of a version's bytecode. */
struct lp_bytecode_format {
	uint8_t opcodes; /* the minor version whose rows of opcodes.c apply */
	uint8_t instruction_unit; /* unit of f_lasti and of jumps in bytes */
	enum lp_handler_kind handlers;
	bool match_jumps; /* the comparison of an exception's class jumps itself; 3.9, 3.10 */
	bool relative_jumps; /* jumps count from the next instruction; 3.11 and later */
	uint8_t load_global_shift; /* number of flag bits below the name's number in LOAD_GLOBAL */
	uint8_t load_attr_shift; /* and in LOAD_ATTR */
	bool return_generator; /* RETURN_GENERATOR makes a coroutine inside its own frame */
	bool load_special; /* `async with` has the function __aexit__ and its self on the stack */
};

/* Bytes that are read of a frame and of a code object: all fields of a row lie within. */
#define CPYTHON_FRAME_BYTES 112
#define CPYTHON_CODE_BYTES 144

/*
 * The layout of one version: offsets in bytes, grouped by the struct of CPython.  A field has
 * the name that it has in the newest version of CPython; older names are in its comment.
 * LP_NO_FIELD: this version does not have it.
 */
struct lp_cpython_row {
	uint16_t minor; /* minor version, for messages and for choosing the row */
	enum lp_debug_offsets debug_offsets;
	struct { /* _PyRuntimeState */
		uint16_t interpreters_head; /* interpreters.head */
		uint16_t tstate_current; /* gilstate: the GIL holder's thread state; up to 3.11 */
		uint16_t gil; /* ceval.gil: the GIL itself; up to 3.11 */
		uint16_t gc_collecting; /* gc.collecting; 3.8 */
	} runtime;
	struct { /* PyInterpreterState */
		uint16_t threads_head; /* threads.head; up to 3.10 tstate_head */
		uint16_t modules; /* sys.modules; imports.modules since 3.12 */
		uint16_t ceval_gil; /* ceval.gil: a pointer to the GIL; 3.12 and later */
		uint16_t gc_collecting; /* gc.collecting; 3.9 and later */
		uint16_t gc; /* the collector; 3.14 and later, for ended tasks */
		uint16_t gc_lists; /* its first list of objects, an offset in it */
		uint16_t gc_stats; /* a pointer to the struct gc_stats; 3.15 */
		uint16_t asyncio_tasks_head; /* tasks of threads that have ended; 3.14 and later */
	} interpreter;
	struct { /* struct _gil_runtime_state */
		uint16_t last_holder;
	} gil;
	struct { /* PyThreadState */
		uint16_t next;
		uint16_t thread_id; /* pthread_self() */
		uint16_t native_thread_id; /* 3.11 and later */
		uint16_t cframe; /* a pointer to the _PyCFrame that has the frame; 3.11 and 3.12 */
		uint16_t current_frame; /* up to 3.10 frame; 3.11, 3.12: in the _PyCFrame */
		uint16_t context;
		uint16_t current_exception; /* up to 3.11 curexc_type, its type */
		bool exception_is_type;
		uint16_t dict; /* the dict that has asyncio's running loop; up to 3.12 */
		uint16_t asyncio_running_loop; /* 3.13 and later */
		uint16_t asyncio_running_task; /* 3.14 and later; before in a dict */
		uint16_t asyncio_tasks_head; /* a list of the tasks made in the thread; 3.14 and
						later */
	} thread;
	struct { /* _PyInterpreterFrame; up to 3.10 PyFrameObject */
		bool is_object; /* up to 3.10 */
		uint16_t f_executable; /* the code object; up to 3.12 f_code */
		uint16_t previous; /* f_back */
		uint16_t instr_ptr; /* up to 3.10 f_lasti, an int; 3.11, 3.12 prev_instr */
		uint16_t localsplus; /* the first local variable */
		uint16_t owner; /* enum _frameowner, a byte; 3.11 and later */
		uint16_t first_shim; /* with this or a greater owner it is no Python frame */
		bool init_shim; /* stacks may have frames of _Py_InitCleanup; 3.12 and later */
		uint16_t f_gen; /* the coroutine of the frame; up to 3.10 */
		uint16_t f_valuestack; /* pointer to the stack; LP_NO_FIELD: it follows the locals */
		uint16_t stackpointer; /* its end; also f_stacktop, f_stackdepth, stacktop */
		enum lp_stack_end stack_end; /* the unit of stackpointer */
		uint16_t awaited_slot; /* of the object that is awaited, from the end of the stack */
		uint64_t tag_mask; /* bits of a _PyStackRef that are no address; 3.14 and later */
	} frame;
	/* PyCoroObject, PyGenObject and PyAsyncGenObject, which begin alike (_PyGenObject_HEAD) */
	struct {
		uint16_t cr_iframe; /* its frame; up to 3.10 cr_frame, a pointer to it */
		uint16_t cr_frame_state; /* a byte; up to 3.9 cr_running, 3.10 f_state */
		bool state_in_frame; /* cr_frame_state is a field of the frame; 3.10 */
		int8_t frame_executing; /* FRAME_EXECUTING */
		int8_t frame_suspended; /* FRAME_SUSPENDED, or only by an await */
		int8_t frame_completed; /* FRAME_COMPLETED, 3.15 FRAME_CLEARED; or greater: it has
					   ended */
		enum lp_await_mark await_mark;
		uint16_t cr_code; /* the code object; since 3.11 in its frame */
		uint16_t cr_qualname;
		uint16_t head_bytes; /* from the object's beginning to the end of these two fields */
		char constructor[16]; /* the name of the C function that creates a coroutine */
	} coroutine;
	struct { /* PyCodeObject */
		uint16_t co_flags; /* an int */
		uint16_t co_firstlineno; /* an int */
		uint16_t co_code; /* a bytes object; up to 3.10 */
		uint16_t co_code_adaptive; /* the instructions themselves; 3.11 and later */
		uint16_t co_names; /* a tuple */
		uint16_t co_exceptiontable; /* a bytes object; 3.11 and later */
		uint16_t co_nlocalsplus; /* number of locals, an int; up to 3.10 co_nlocals */
		uint16_t co_localsplusnames; /* a tuple of their names; up to 3.10 co_varnames */
		uint16_t co_localspluskinds; /* a bytes object, one byte a local; 3.11 and later */
		uint16_t co_cellvars; /* a tuple of names; up to 3.10 */
		uint16_t co_freevars; /* a tuple of names; up to 3.10 */
		uint16_t co_filename;
		uint16_t co_name;
		uint16_t co_qualname; /* 3.11 and later */
		uint16_t co_linetable; /* a bytes object; up to 3.9 co_lnotab */
		enum lp_line_table line_table;
		/* bytes among the first CPYTHON_CODE_BYTES that may change */
		uint16_t mutable_at;
		uint16_t mutable_bytes; /* 0: none */
	} code;
	struct { /* PyFunctionObject */
		uint16_t func_code;
		uint16_t func_qualname;
		uint16_t func_closure;
	} function;
	struct { /* offsets of the characters of a str */
		uint16_t ascii; /* sizeof(PyASCIIObject) */
		uint16_t compact; /* sizeof(PyCompactUnicodeObject) */
	} unicode;
	struct { /* PyLongObject */
		uint16_t ob_digit; /* long_value.ob_digit since 3.12 */
		bool lv_tag; /* the number of digits is in lv_tag; 3.12 and later */
	} integer;
	struct { /* PyTupleObject */
		uint16_t ob_item;
	} tuple;
	struct { /* PyContext */
		uint16_t ctx_prev;
		uint16_t ctx_entered; /* an int */
	} context;
	struct { /* PyHeapTypeObject, and objects of its types */
		uint16_t ht_cached_keys; /* 3.11 and later */
		enum lp_dict_layout dict_layout;
		enum lp_instance_layout instance_layout;
		bool lock_mutex; /* threading's locks have a PyMutex, not a semaphore's
				    address; 3.14 and later */
		bool exception_vectorcall; /* tp_vectorcall creates exceptions, not tp_new; 3.14
					     and later */
	} type;
	/* FutureObj and TaskObj, which begin alike.  A flag is some bits of a byte. */
	struct {
		uint16_t tp_basicsize; /* of TaskObj, by which the row is checked */
		uint16_t fut_loop;
		uint16_t fut_exception;
		uint16_t fut_source_tb;
		uint16_t fut_state; /* an int: enum lp_future_state */
		uint16_t fut_log_tb;
		uint8_t fut_log_tb_bits;
		uint16_t task_must_cancel;
		uint8_t task_must_cancel_bits;
		uint16_t task_log_destroy_pending;
		uint8_t task_log_destroy_pending_bits;
		uint16_t task_num_cancels_requested; /* an int; 3.11 and later */
		uint16_t task_fut_waiter;
		uint16_t task_coro; /* followed by task_name, in every version */
		uint16_t task_node; /* its node in a list of tasks; 3.14 and later */
	} task;
	struct { /* asyncio in Python */
		uint16_t handle_callback; /* Handle._callback */
		bool eager_tasks; /* a task may begin to run in its constructor; 3.12 and later */
		bool running_loop_holder; /* PyRunningLoopHolder exists; up to 3.11 */
		char all_tasks[20]; /* the name of asyncio.tasks' WeakSet; "": tasks are in lists */
	} asyncio;
	struct lp_bytecode_format bytecode;
};

/* Returns the row of version 3.minor, or NULL. */
const struct lp_cpython_row *cpython_row(int minor);

/* Copies the offsets of a row that BPF needs. */
void cpython_row_offsets(const struct lp_cpython_row *row, struct lp_python_offsets *offsets);
void cpython_row_await_offsets(const struct lp_cpython_row *row, struct lp_await_offsets *offsets);
void cpython_row_task_offsets(const struct lp_cpython_row *row, struct lp_task_offsets *offsets);

/*
 * Overrides a copy of a row with the offsets of _Py_DebugOffsets (3.13 and later).  table: the
 * struct as u64 words, the cookie first.  Returns 0, or -EINVAL if an offset is out of its
 * bounds: those of a frame or a code object are the bytes that are read of it.
 */
int cpython_row_override(struct lp_cpython_row *row, const uint64_t *table, size_t words);

/* The size of struct gc_stats.  If an interpreter has another one, gc_stats is LP_NO_FIELD. */
#define CPYTHON_GC_STATS_BYTES 1120

#define CPYTHON_ASYNCIO_WORDS 13

/* Overrides it with the section .AsyncioDebug of _asyncio (3.14 and later).  Returns 0 or -EINVAL. */
int cpython_row_override_asyncio(struct lp_cpython_row *row,
				 const uint64_t table[CPYTHON_ASYNCIO_WORDS]);

#endif /* LP_RUNTIME_CPYTHON_LAYOUT_VERSIONS_H */
