// SPDX-License-Identifier: BSD-2-Clause
/*
 * Offsets of 64-bit builds with the GIL.  Those of 3.8 to 3.13 were read from the DWARF of
 * builds with debug information and checked on live processes; those of 3.14 and 3.15 were
 * computed from their headers and checked on Debian's 3.14.10 and 3.15.2.
 *
 * LAYOUT_3_8 is complete; every other LAYOUT is the one of the version before and a list of
 * its changes.  Headers are named as in 3.15, below Include/ if no other folder is named.  To
 * add a version, write a LAYOUT with the fields that it has moved, add its row at the end and
 * raise CPYTHON_NEWEST.  A new format of struct _Py_DebugOffsets needs a column in
 * debug_offsets.c as well.
 */
#include "versions.h"

#include "base/macros.h"

#include <stddef.h>

#define NONE LP_NO_FIELD

/* Each macro is a list of initialisers, in which a later one overrides an earlier one. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"

/* clang-format off */
#define LAYOUT_3_8										\
	.minor = 8,										\
	.debug_offsets = LP_DEBUG_OFFSETS_NONE,							\
	/* _PyRuntimeState: internal/pycore_runtime_structs.h; 3.8: internal/pycore_pystate.h */ \
	.runtime.interpreters_head = 32,							\
	.runtime.tstate_current = 1368,								\
	.runtime.gil = 1152,									\
	.runtime.gc_collecting = 544,								\
	/* PyInterpreterState: internal/pycore_interp_structs.h; 3.8: internal/pycore_pystate.h */ \
	.interpreter.threads_head = 8,								\
	.interpreter.modules = 56,								\
	.interpreter.ceval_gil = NONE,								\
	.interpreter.gc_collecting = NONE,							\
	.interpreter.gc = NONE,									\
	.interpreter.gc_lists = NONE,								\
	.interpreter.gc_stats = NONE,								\
	.interpreter.asyncio_tasks_head = NONE,							\
	/* struct _gil_runtime_state: internal/pycore_gil.h */					\
	.gil.last_holder = NONE,								\
	/* PyThreadState: cpython/pystate.h; _PyThreadStateImpl: internal/pycore_tstate.h */	\
	.thread.next = 8,									\
	.thread.thread_id = 176,								\
	.thread.native_thread_id = NONE,							\
	.thread.cframe = NONE,									\
	.thread.current_frame = 24,								\
	.thread.context = 240,									\
	.thread.current_exception = 88,								\
	.thread.exception_is_type = true,							\
	.thread.dict = 152,									\
	.thread.asyncio_running_loop = NONE,							\
	.thread.asyncio_running_task = NONE,							\
	.thread.asyncio_tasks_head = NONE,							\
	/* _PyInterpreterFrame: internal/pycore_interpframe_structs.h; 3.8: frameobject.h */	\
	.frame.is_object = true,								\
	.frame.f_executable = 32,								\
	.frame.previous = 24,									\
	.frame.instr_ptr = 104,									\
	.frame.localsplus = 360,								\
	.frame.owner = NONE,									\
	.frame.first_shim = NONE,								\
	.frame.init_shim = false,								\
	.frame.f_gen = 96,									\
	.frame.f_valuestack = 64,								\
	.frame.stackpointer = 72,								\
	.frame.stack_end = LP_STACK_END_ADDRESS,						\
	.frame.awaited_slot = 1,								\
	.frame.tag_mask = 0,									\
	/* _PyGenObject_HEAD: internal/pycore_interpframe_structs.h; 3.8: genobject.h */	\
	.coroutine.cr_iframe = 16,								\
	.coroutine.cr_frame_state = 24,								\
	.coroutine.state_in_frame = false,							\
	.coroutine.frame_executing = 1,								\
	.coroutine.frame_suspended = 0,								\
	.coroutine.frame_completed = 2,								\
	.coroutine.await_mark = LP_AWAIT_OPCODE,						\
	.coroutine.cr_code = 32,								\
	.coroutine.cr_qualname = 56,								\
	.coroutine.head_bytes = 64,								\
	.coroutine.constructor = "PyCoro_New",							\
	/* PyCodeObject: cpython/code.h; 3.8: code.h */						\
	.code.co_flags = 36,									\
	.code.co_firstlineno = 40,								\
	.code.co_code = 48,									\
	.code.co_code_adaptive = NONE,								\
	.code.co_names = 64,									\
	.code.co_exceptiontable = NONE,								\
	.code.co_nlocalsplus = 28,								\
	.code.co_localsplusnames = 72,								\
	.code.co_localspluskinds = NONE,							\
	.code.co_cellvars = 88,									\
	.code.co_freevars = 80,									\
	.code.co_filename = 104,								\
	.code.co_name = 112,									\
	.code.co_qualname = NONE,								\
	.code.co_linetable = 120,								\
	.code.line_table = LP_LINES_LNOTAB,							\
	/* co_zombieframe and co_weakreflist */							\
	.code.mutable_at = 128,									\
	.code.mutable_bytes = 16,								\
	/* PyFunctionObject: cpython/funcobject.h; 3.8: funcobject.h */				\
	.function.func_code = 16,								\
	.function.func_qualname = 104,								\
	.function.func_closure = 48,								\
	/* PyASCIIObject, PyCompactUnicodeObject: cpython/unicodeobject.h */			\
	.unicode.ascii = 48,									\
	.unicode.compact = 72,									\
	/* PyLongObject: cpython/longintrepr.h; 3.8: longintrepr.h */				\
	.integer.ob_digit = 24,									\
	.integer.lv_tag = false,								\
	/* PyTupleObject: cpython/tupleobject.h */						\
	.tuple.ob_item = 24,									\
	/* PyContext: internal/pycore_context.h */						\
	.context.ctx_prev = 16,									\
	.context.ctx_entered = 40,								\
	/* PyHeapTypeObject: cpython/object.h; PyDictKeysObject: internal/pycore_dict.h */	\
	.type.ht_cached_keys = NONE,								\
	.type.dict_layout = LP_DICT_INDEXED,							\
	.type.instance_layout = LP_INSTANCE_DICT,						\
	.type.lock_mutex = false, /* Modules/_threadmodule.c */					\
	.type.exception_vectorcall = false, /* Objects/exceptions.c */				\
	/* FutureObj and TaskObj: Modules/_asynciomodule.c */					\
	.task.tp_basicsize = 144,								\
	.task.fut_loop = 16,									\
	.task.fut_exception = 48,								\
	.task.fut_source_tb = 64,								\
	.task.fut_state = 72,									\
	.task.fut_log_tb = 76,									\
	.task.fut_log_tb_bits = 0xff,								\
	.task.task_must_cancel = 136,								\
	.task.task_must_cancel_bits = 0xff,							\
	.task.task_log_destroy_pending = 140,							\
	.task.task_log_destroy_pending_bits = 0xff,						\
	.task.task_num_cancels_requested = NONE,						\
	.task.task_fut_waiter = 104,								\
	.task.task_coro = 112,									\
	.task.task_node = NONE,									\
	/* Lib/asyncio/events.py, Lib/asyncio/tasks.py, Modules/_asynciomodule.c */		\
	.asyncio.handle_callback = 24,								\
	.asyncio.eager_tasks = false,								\
	.asyncio.running_loop_holder = true,							\
	.asyncio.all_tasks = "_all_tasks",							\
	/* opcode_ids.h, Python/bytecodes.c; 3.8: opcode.h, Python/ceval.c */			\
	.bytecode.opcodes = 8,									\
	.bytecode.instruction_unit = 1,								\
	.bytecode.handlers = LP_HANDLERS_BLOCKS,						\
	.bytecode.match_jumps = false,								\
	.bytecode.relative_jumps = false,							\
	.bytecode.load_global_shift = 0,							\
	.bytecode.load_attr_shift = 0,								\
	.bytecode.return_generator = false,							\
	.bytecode.load_special = false

#define LAYOUT_3_9										\
	LAYOUT_3_8,										\
	.minor = 9,										\
	/* the collector's state is in PyInterpreterState, no longer in _PyRuntimeState */	\
	.runtime.tstate_current = 568,								\
	.runtime.gil = 352,									\
	.runtime.gc_collecting = NONE,								\
	.interpreter.modules = 856,								\
	.interpreter.gc_collecting = 816,							\
	/* fut_cancel_msg and fut_cancelled_exc_state, bpo-31033 */				\
	.task.tp_basicsize = 184,								\
	.task.fut_state = 80,									\
	.task.fut_log_tb = 84,									\
	.task.task_must_cancel = 176,								\
	.task.task_log_destroy_pending = 180,							\
	.task.task_fut_waiter = 144,								\
	.task.task_coro = 152,									\
	/* JUMP_IF_NOT_EXC_MATCH */								\
	.bytecode.opcodes = 9,									\
	.bytecode.match_jumps = true

#define LAYOUT_3_10										\
	LAYOUT_3_9,										\
	.minor = 10,										\
	/* f_stackdepth, an int, instead of f_stacktop */					\
	.frame.instr_ptr = 96,									\
	.frame.localsplus = 352,								\
	.frame.f_gen = 88,									\
	.frame.stackpointer = 80,								\
	.frame.stack_end = LP_STACK_END_DEPTH,							\
	/* f_state, with the values of enum _framestate, instead of cr_running */		\
	.coroutine.cr_frame_state = 108,							\
	.coroutine.state_in_frame = true,							\
	.coroutine.frame_executing = 0,								\
	.coroutine.frame_suspended = -1,							\
	.coroutine.frame_completed = 1,								\
	.coroutine.cr_code = 24,								\
	.coroutine.cr_qualname = 48,								\
	.coroutine.head_bytes = 56,								\
	/* co_linetable, PEP 626 */								\
	.code.line_table = LP_LINES_RANGES,							\
	/* the fields of PyFrameConstructor are the first ones */				\
	.function.func_code = 48,								\
	.function.func_qualname = 40,								\
	.function.func_closure = 72,								\
	/* fut_exception_tb */									\
	.task.tp_basicsize = 192,								\
	.task.fut_source_tb = 72,								\
	.task.fut_state = 88,									\
	.task.fut_log_tb = 92,									\
	.task.task_must_cancel = 184,								\
	.task.task_log_destroy_pending = 188,							\
	.task.task_fut_waiter = 152,								\
	.task.task_coro = 160,									\
	/* f_lasti and jumps count code units */						\
	.bytecode.instruction_unit = 2

#define LAYOUT_3_11										\
	LAYOUT_3_10,										\
	.minor = 11,										\
	.runtime.interpreters_head = 40,							\
	.runtime.tstate_current = 576,								\
	.runtime.gil = 360,									\
	.interpreter.threads_head = 16,								\
	.interpreter.modules = 888,								\
	.interpreter.gc_collecting = 848,							\
	/* _PyCFrame; native_thread_id, bpo-46150 */						\
	.thread.thread_id = 152,								\
	.thread.native_thread_id = 160,								\
	.thread.cframe = 56,									\
	.thread.current_frame = 8,								\
	.thread.context = 224,									\
	.thread.current_exception = 96,								\
	.thread.dict = 128,									\
	/* _PyInterpreterFrame: frames are no objects any more */				\
	.frame.is_object = false,								\
	.frame.previous = 48,									\
	.frame.instr_ptr = 56,									\
	.frame.localsplus = 72,									\
	.frame.owner = 69,									\
	.frame.f_gen = NONE,									\
	.frame.f_valuestack = NONE,								\
	.frame.stackpointer = 64,								\
	.frame.stack_end = LP_STACK_END_SLOTS,							\
	/* cr_iframe is embedded, and the code object in it */					\
	.coroutine.cr_iframe = 80,								\
	.coroutine.cr_frame_state = 75,								\
	.coroutine.state_in_frame = false,							\
	.coroutine.await_mark = LP_AWAIT_RESUME,						\
	.coroutine.cr_code = 112,								\
	.coroutine.cr_qualname = 40,								\
	.coroutine.head_bytes = 120,								\
	.coroutine.constructor = "_Py_MakeCoro",						\
	/* locals, cells and free variables in one; instructions in the object itself */	\
	.code.co_flags = 48,									\
	.code.co_firstlineno = 72,								\
	.code.co_code = NONE,									\
	.code.co_code_adaptive = 184,								\
	.code.co_names = 32,									\
	.code.co_exceptiontable = 40,								\
	.code.co_nlocalsplus = 76,								\
	.code.co_localsplusnames = 96,								\
	.code.co_localspluskinds = 104,								\
	.code.co_cellvars = NONE,								\
	.code.co_freevars = NONE,								\
	.code.co_filename = 112,								\
	.code.co_name = 120,									\
	.code.co_qualname = 128,								\
	.code.co_linetable = 136,								\
	.code.line_table = LP_LINES_LOCATIONS,							\
	/* co_warmup and _co_linearray_entry_size */						\
	.code.mutable_at = 52,									\
	.code.mutable_bytes = 4,								\
	.type.ht_cached_keys = 872,								\
	.type.dict_layout = LP_DICT_COMPACT,							\
	.type.instance_layout = LP_INSTANCE_VALUES,						\
	/* task_num_cancels_requested; fut_cancelled_exc_state became a pointer */		\
	.task.tp_basicsize = 176,								\
	.task.task_must_cancel = 160,								\
	.task.task_log_destroy_pending = 164,							\
	.task.task_num_cancels_requested = 168,							\
	.task.task_fut_waiter = 128,								\
	.task.task_coro = 136,									\
	/* tables of exceptions; RETURN_GENERATOR */						\
	.bytecode.opcodes = 11,									\
	.bytecode.handlers = LP_HANDLERS_TABLE,							\
	.bytecode.match_jumps = false,								\
	.bytecode.relative_jumps = true,							\
	.bytecode.load_global_shift = 1,							\
	.bytecode.return_generator = true

#define LAYOUT_3_12										\
	LAYOUT_3_11,										\
	.minor = 12,										\
	/* a GIL an interpreter, PEP 684 */							\
	.runtime.tstate_current = NONE,								\
	.runtime.gil = NONE,									\
	.interpreter.threads_head = 72,								\
	.interpreter.modules = 944,								\
	.interpreter.ceval_gil = 384,								\
	.interpreter.gc_collecting = 312,							\
	.gil.last_holder = 8,									\
	.thread.thread_id = 136,								\
	.thread.native_thread_id = 144,								\
	.thread.current_frame = 0,								\
	.thread.context = 208,									\
	.thread.current_exception = 96,								\
	.thread.exception_is_type = false,							\
	.thread.dict = 112,									\
	/* f_code comes first; frames of FRAME_OWNED_BY_CSTACK */				\
	.frame.f_executable = 0,								\
	.frame.previous = 8,									\
	.frame.owner = 70,									\
	.frame.first_shim = 3,									\
	.frame.init_shim = true,								\
	.coroutine.cr_iframe = 72,								\
	.coroutine.cr_frame_state = 67,								\
	.coroutine.cr_code = 72,								\
	.coroutine.cr_qualname = 32,								\
	.coroutine.head_bytes = 80,								\
	.code.co_firstlineno = 68,								\
	.code.co_code_adaptive = 192,								\
	.code.co_nlocalsplus = 72,								\
	/* co_version differs between code objects */						\
	.code.mutable_at = 0,									\
	.code.mutable_bytes = 0,								\
	/* wstr is no more, PEP 623 */								\
	.unicode.ascii = 40,									\
	.unicode.compact = 56,									\
	.integer.lv_tag = true,									\
	.type.ht_cached_keys = 880,								\
	.type.instance_layout = LP_INSTANCE_TAGGED,						\
	.asyncio.eager_tasks = true,								\
	.asyncio.running_loop_holder = false,							\
	.asyncio.all_tasks = "_scheduled_tasks",						\
	.bytecode.opcodes = 12,									\
	.bytecode.load_attr_shift = 1

#define LAYOUT_3_13										\
	LAYOUT_3_12,										\
	.minor = 13,										\
	.debug_offsets = LP_DEBUG_OFFSETS_3_13,							\
	.runtime.interpreters_head = 632,							\
	.interpreter.threads_head = 7344,							\
	.interpreter.modules = 7656,								\
	.interpreter.ceval_gil = 16,								\
	.interpreter.gc_collecting = 7600,							\
	/* _PyCFrame is no more; asyncio_running_loop */					\
	.thread.thread_id = 152,								\
	.thread.native_thread_id = 160,								\
	.thread.cframe = NONE,									\
	.thread.current_frame = 72,								\
	.thread.current_exception = 112,							\
	.thread.dict = NONE,									\
	.thread.asyncio_running_loop = 304,							\
	/* FRAME_SUSPENDED_YIELD_FROM */							\
	.coroutine.await_mark = LP_AWAIT_STATE,							\
	.code.co_code_adaptive = 200,								\
	.type.instance_layout = LP_INSTANCE_INLINE,						\
	/* flags are bit fields */								\
	.task.tp_basicsize = 144,								\
	.task.fut_state = 96,									\
	.task.fut_log_tb = 100,									\
	.task.fut_log_tb_bits = 1,								\
	.task.task_must_cancel = 100,								\
	.task.task_must_cancel_bits = 4,							\
	.task.task_log_destroy_pending = 100,							\
	.task.task_log_destroy_pending_bits = 8,						\
	.task.task_num_cancels_requested = 104,							\
	.task.task_fut_waiter = 112,								\
	.task.task_coro = 120,									\
	.bytecode.opcodes = 13

#define LAYOUT_3_14										\
	LAYOUT_3_13,										\
	.minor = 14,										\
	.debug_offsets = LP_DEBUG_OFFSETS_3_14,							\
	.runtime.interpreters_head = 808,							\
	.interpreter.modules = 7688,								\
	.interpreter.gc = 7408,									\
	.interpreter.gc_lists = 24,								\
	.interpreter.asyncio_tasks_head = 10880,						\
	.thread.asyncio_running_loop = 864,							\
	.thread.asyncio_running_task = 872,							\
	.thread.asyncio_tasks_head = 880,							\
	/* _PyStackRef; stackpointer is an address */						\
	.frame.localsplus = 80,									\
	.frame.owner = 74,									\
	.frame.stack_end = LP_STACK_END_ADDRESS,						\
	.frame.tag_mask = 1,									\
	.code.co_code_adaptive = 208,								\
	/* ob_hash */										\
	.tuple.ob_item = 32,									\
	.type.lock_mutex = true,									\
	.type.exception_vectorcall = true,							\
	/* awaited_by; tasks are in lists */							\
	.task.tp_basicsize = 168,								\
	.task.fut_state = 104,									\
	.task.fut_log_tb = 110,									\
	.task.task_must_cancel = 110,								\
	.task.task_log_destroy_pending = 110,							\
	.task.task_num_cancels_requested = 112,							\
	.task.task_fut_waiter = 120,								\
	.task.task_coro = 128,									\
	.task.task_node = 152,									\
	.asyncio.all_tasks = "",								\
	.bytecode.opcodes = 14,									\
	.bytecode.load_special = true

#define LAYOUT_3_15										\
	LAYOUT_3_14,										\
	.minor = 15,										\
	.debug_offsets = LP_DEBUG_OFFSETS_3_15,							\
	.runtime.interpreters_head = 936,							\
	.interpreter.threads_head = 7336,							\
	.interpreter.modules = 7592,								\
	.interpreter.gc_collecting = 7512,							\
	.interpreter.gc = 7400,									\
	.interpreter.gc_lists = 8,								\
	.interpreter.gc_stats = 7504,								\
	.interpreter.asyncio_tasks_head = 10856,						\
	.thread.thread_id = 176,								\
	.thread.native_thread_id = 184,								\
	.thread.context = 232,									\
	.thread.current_exception = 136,							\
	.thread.asyncio_running_loop = 1024,							\
	.thread.asyncio_running_task = 1032,							\
	.thread.asyncio_tasks_head = 1048,							\
	/* the position of an iterator is above the object; tagged numbers */			\
	.frame.awaited_slot = 2,								\
	.frame.tag_mask = 3,									\
	/* enum _framestate begins at 0, and has no FRAME_COMPLETED */				\
	.coroutine.frame_executing = 4,								\
	.coroutine.frame_suspended = 2,								\
	.coroutine.frame_completed = 5,								\
	.type.ht_cached_keys = 888,								\
	.bytecode.opcodes = 15
/* clang-format on */

static const struct lp_cpython_row rows[] = {
	{ LAYOUT_3_8 },	 { LAYOUT_3_9 },  { LAYOUT_3_10 }, { LAYOUT_3_11 },
	{ LAYOUT_3_12 }, { LAYOUT_3_13 }, { LAYOUT_3_14 }, { LAYOUT_3_15 },
};

#pragma GCC diagnostic pop

_Static_assert(ARRAY_SIZE(rows) == CPYTHON_NEWEST - CPYTHON_OLDEST + 1, "a version has one row");

const struct lp_cpython_row *cpython_row(int minor)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].minor == minor)
			return &rows[i];
	return NULL;
}

void cpython_row_offsets(const struct lp_cpython_row *row, struct lp_python_offsets *offsets)
{
	*offsets = (struct lp_python_offsets){
		.tstate_cframe = row->thread.cframe,
		.tstate_current_frame = row->thread.current_frame,
		.tstate_context = row->thread.context,
		.thread_id = row->thread.thread_id,
		.native_thread_id = row->thread.native_thread_id,
		.f_executable = row->frame.f_executable,
		.frame_localsplus = row->frame.localsplus,
		.ctx_prev = row->context.ctx_prev,
		.ctx_entered = row->context.ctx_entered,
		.co_filename = row->code.co_filename,
		.co_name = row->code.co_name,
		.co_qualname = row->code.co_qualname,
		.co_firstlineno = row->code.co_firstlineno,
		.task_coro = row->task.task_coro,
		.cr_code = row->coroutine.cr_code,
		.cr_qualname = row->coroutine.cr_qualname,
		.cr_head_bytes = row->coroutine.head_bytes,
		.func_code = row->function.func_code,
		.func_qualname = row->function.func_qualname,
		.string_ascii = row->unicode.ascii,
		.string_wide = row->unicode.compact,
		.ob_digit = row->integer.ob_digit,
		.frame_previous = row->frame.previous,
		.frame_instr_ptr = row->frame.instr_ptr,
		.frame_owner = row->frame.owner,
		.first_shim = row->frame.first_shim,
		.handle_callback = row->asyncio.handle_callback,
		.co_flags = row->code.co_flags,
		.init_shim_code = row->frame.init_shim ? row->code.co_code_adaptive : LP_NO_FIELD,
		.tag_mask = row->frame.tag_mask,
	};
}

void cpython_row_await_offsets(const struct lp_cpython_row *row, struct lp_await_offsets *offsets)
{
	/* up to 3.10 the fields of the frame are in an object of its own */
	uint16_t end =
		row->frame.is_object ? 0 : row->coroutine.cr_iframe + row->frame.stackpointer + 8;

	*offsets = (struct lp_await_offsets){
		.head_bytes = end > row->coroutine.head_bytes ? end : row->coroutine.head_bytes,
		.cr_iframe = row->coroutine.cr_iframe,
		.cr_frame_state = row->coroutine.cr_frame_state,
		.frame_valuestack = row->frame.f_valuestack,
		.frame_stackpointer = row->frame.stackpointer,
		.stack_end = row->frame.stack_end,
		.frame_is_object = row->frame.is_object,
		.state_in_frame = row->coroutine.state_in_frame,
		.frame_suspended = (uint8_t)row->coroutine.frame_suspended,
		.awaited_slot = row->frame.awaited_slot,
	};
}

void cpython_row_task_offsets(const struct lp_cpython_row *row, struct lp_task_offsets *offsets)
{
	*offsets = (struct lp_task_offsets){
		.fut_loop = row->task.fut_loop,
		.fut_exception = row->task.fut_exception,
		.fut_state = row->task.fut_state,
		.fut_log_tb = row->task.fut_log_tb,
		.task_must_cancel = row->task.task_must_cancel,
		.task_log_destroy_pending = row->task.task_log_destroy_pending,
		.task_fut_waiter = row->task.task_fut_waiter,
		.task_num_cancels_requested = row->task.task_num_cancels_requested,
		.fut_log_tb_bits = row->task.fut_log_tb_bits,
		.task_must_cancel_bits = row->task.task_must_cancel_bits,
		.task_log_destroy_pending_bits = row->task.task_log_destroy_pending_bits,
	};
}
