// SPDX-License-Identifier: BSD-2-Clause
/*
 * Offsets of 64-bit, GIL builds.  3.8 to 3.13 were read from the DWARF of
 * builds with debug information and checked on live processes; 3.14 was
 * computed from its headers and checked on Debian's 3.14.
 */
#include "cpython_rows.h"

#include <errno.h>
#include <stddef.h>

#define NONE LP_NO_FIELD

static const struct lp_cpython_row rows[] = {
	{
		.minor = 8,
		.probe = { .thread_cframe = NONE, .thread_frame = 24, .thread_context = 240,
			   .thread_id = 176, .frame_code = 32, .frame_locals = 360,
			   .context_previous = 16, .context_entered = 40, .code_filename = 104,
			   .code_name = 112, .code_qualname = NONE, .code_first_line = 40,
			   .task_coroutine = 112, .coroutine_code = 32, .coroutine_qualname = 56,
			   .coroutine_bytes = 64,
			   .function_code = 16, .function_qualname = 104, .string_ascii = 48,
			   .string_wide = 72, .int_digit = 24 },
		.task_size = 144,
		.current_thread = 1368,
		.interpreter_head = 32, .interpreter_threads = 8, .interpreter_modules = 56,
		.interpreter_gil = NONE, .gil_holder = NONE,
		.thread_next = 8, .thread_native_id = NONE,
		.frame_previous = 24, .frame_instruction = 104, .frame_owner = NONE,
		.first_shim = 255, .code_lines = 120, .code_bytecode = NONE,
		.dict_layout = LP_DICT_INDEXED,
	},
	{
		.minor = 9,
		.probe = { .thread_cframe = NONE, .thread_frame = 24, .thread_context = 240,
			   .thread_id = 176, .frame_code = 32, .frame_locals = 360,
			   .context_previous = 16, .context_entered = 40, .code_filename = 104,
			   .code_name = 112, .code_qualname = NONE, .code_first_line = 40,
			   .task_coroutine = 152, .coroutine_code = 32, .coroutine_qualname = 56,
			   .coroutine_bytes = 64,
			   .function_code = 16, .function_qualname = 104, .string_ascii = 48,
			   .string_wide = 72, .int_digit = 24 },
		.task_size = 184,
		.current_thread = 568,
		.interpreter_head = 32, .interpreter_threads = 8, .interpreter_modules = 856,
		.interpreter_gil = NONE, .gil_holder = NONE,
		.thread_next = 8, .thread_native_id = NONE,
		.frame_previous = 24, .frame_instruction = 104, .frame_owner = NONE,
		.first_shim = 255, .code_lines = 120, .code_bytecode = NONE,
		.dict_layout = LP_DICT_INDEXED,
	},
	{
		.minor = 10,
		.probe = { .thread_cframe = NONE, .thread_frame = 24, .thread_context = 240,
			   .thread_id = 176, .frame_code = 32, .frame_locals = 352,
			   .context_previous = 16, .context_entered = 40, .code_filename = 104,
			   .code_name = 112, .code_qualname = NONE, .code_first_line = 40,
			   .task_coroutine = 160, .coroutine_code = 24, .coroutine_qualname = 48,
			   .coroutine_bytes = 56,
			   .function_code = 48, .function_qualname = 40, .string_ascii = 48,
			   .string_wide = 72, .int_digit = 24 },
		.task_size = 192,
		.current_thread = 568,
		.interpreter_head = 32, .interpreter_threads = 8, .interpreter_modules = 856,
		.interpreter_gil = NONE, .gil_holder = NONE,
		.thread_next = 8, .thread_native_id = NONE,
		.frame_previous = 24, .frame_instruction = 96, .frame_owner = NONE,
		.first_shim = 255, .code_lines = 120, .code_bytecode = NONE,
		.dict_layout = LP_DICT_INDEXED,
	},
	{
		.minor = 11,
		.probe = { .thread_cframe = 56, .thread_frame = 8, .thread_context = 224,
			   .thread_id = 152, .frame_code = 32, .frame_locals = 72,
			   .context_previous = 16, .context_entered = 40, .code_filename = 112,
			   .code_name = 120, .code_qualname = 128, .code_first_line = 72,
			   .task_coroutine = 136, .coroutine_code = 112, .coroutine_qualname = 40,
			   .coroutine_bytes = 120,
			   .function_code = 48, .function_qualname = 40, .string_ascii = 48,
			   .string_wide = 72, .int_digit = 24 },
		.task_size = 176,
		.current_thread = 576,
		.interpreter_head = 40, .interpreter_threads = 16, .interpreter_modules = 888,
		.interpreter_gil = NONE, .gil_holder = NONE,
		.thread_next = 8, .thread_native_id = 160,
		.frame_previous = 48, .frame_instruction = 56, .frame_owner = 69,
		.first_shim = 255, .code_lines = 136, .code_bytecode = 184,
		.dict_layout = LP_DICT_COMPACT,
	},
	{
		.minor = 12,
		.probe = { .thread_cframe = 56, .thread_frame = 0, .thread_context = 208,
			   .thread_id = 136, .frame_code = 0, .frame_locals = 72,
			   .context_previous = 16, .context_entered = 40, .code_filename = 112,
			   .code_name = 120, .code_qualname = 128, .code_first_line = 68,
			   .task_coroutine = 136, .coroutine_code = 72, .coroutine_qualname = 32,
			   .coroutine_bytes = 80,
			   .function_code = 48, .function_qualname = 40, .string_ascii = 40,
			   .string_wide = 56, .int_digit = 24 },
		.task_size = 176,
		.current_thread = NONE,
		.interpreter_head = 40, .interpreter_threads = 72, .interpreter_modules = 944,
		.interpreter_gil = 384, .gil_holder = 8,
		.thread_next = 8, .thread_native_id = 144,
		.frame_previous = 8, .frame_instruction = 56, .frame_owner = 70,
		.first_shim = 3, .code_lines = 136, .code_bytecode = 192,
		.dict_layout = LP_DICT_COMPACT,
	},
	{
		.minor = 13,
		.probe = { .thread_cframe = NONE, .thread_frame = 72, .thread_context = 208,
			   .thread_id = 152, .frame_code = 0, .frame_locals = 72,
			   .context_previous = 16, .context_entered = 40, .code_filename = 112,
			   .code_name = 120, .code_qualname = 128, .code_first_line = 68,
			   .task_coroutine = 120, .coroutine_code = 72, .coroutine_qualname = 32,
			   .coroutine_bytes = 80,
			   .function_code = 48, .function_qualname = 40, .string_ascii = 40,
			   .string_wide = 56, .int_digit = 24 },
		.task_size = 144,
		.current_thread = NONE,
		.interpreter_head = 632, .interpreter_threads = 7344, .interpreter_modules = 7656,
		.interpreter_gil = 16, .gil_holder = 8,
		.thread_next = 8, .thread_native_id = 160,
		.frame_previous = 8, .frame_instruction = 56, .frame_owner = 70,
		.first_shim = 3, .code_lines = 136, .code_bytecode = 200,
		.dict_layout = LP_DICT_COMPACT,
	},
	{
		.minor = 14,
		.probe = { .thread_cframe = NONE, .thread_frame = 72, .thread_context = 208,
			   .thread_id = 152, .frame_code = 0, .frame_locals = 80,
			   .context_previous = 16, .context_entered = 40, .code_filename = 112,
			   .code_name = 120, .code_qualname = 128, .code_first_line = 68,
			   .task_coroutine = 128, .coroutine_code = 72, .coroutine_qualname = 32,
			   .coroutine_bytes = 80,
			   .function_code = 48, .function_qualname = 40, .string_ascii = 40,
			   .string_wide = 56, .int_digit = 24, .tag_mask = 1 },
		.task_size = 168,
		.current_thread = NONE,
		.interpreter_head = 808, .interpreter_threads = 7344, .interpreter_modules = 7688,
		.interpreter_gil = 16, .gil_holder = 8,
		.thread_next = 8, .thread_native_id = 160,
		.frame_previous = 8, .frame_instruction = 56, .frame_owner = 74,
		.first_shim = 3, .code_lines = 136, .code_bytecode = 208,
		.dict_layout = LP_DICT_COMPACT,
	},
};

const struct lp_cpython_row *cpython_row(int minor)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].minor == minor)
			return &rows[i];
	return NULL;
}

/* Words of _Py_DebugOffsets (pycore_debug_offsets.h) that have a field in the row. */
struct lp_debug_word {
	uint8_t index_13; /* u64 index from the struct's beginning */
	uint8_t index_14;
	uint16_t field; /* of struct lp_cpython_row */
};

#define DEBUG_GENERATOR_FRAME 85 /* 3.14: gen_object.gi_iframe */
#define ROW(name) offsetof(struct lp_cpython_row, name)

static const struct lp_debug_word debug_words[] = {
	{ 5, 5, ROW(interpreter_head) },
	{ 9, 9, ROW(interpreter_threads) },
	{ 11, 12, ROW(interpreter_modules) },
	{ 14, 15, ROW(interpreter_gil) },
	{ 21, 24, ROW(thread_next) },
	{ 23, 26, ROW(probe.thread_frame) },
	{ 24, 27, ROW(probe.thread_id) },
	{ 25, 28, ROW(thread_native_id) },
	{ 29, 32, ROW(frame_previous) },
	{ 30, 33, ROW(probe.frame_code) },
	{ 31, 34, ROW(frame_instruction) },
	{ 32, 35, ROW(probe.frame_locals) },
	{ 33, 36, ROW(frame_owner) },
	{ 35, 40, ROW(probe.code_filename) },
	{ 36, 41, ROW(probe.code_name) },
	{ 37, 42, ROW(probe.code_qualname) },
	{ 38, 43, ROW(code_lines) },
	{ 39, 44, ROW(probe.code_first_line) },
	{ 43, 48, ROW(code_bytecode) },
	{ 70, 80, ROW(probe.string_ascii) },
};

int cpython_row_override(struct lp_cpython_row *row, const uint64_t *table, size_t words)
{
	size_t i;

	for (i = 0; i < sizeof(debug_words) / sizeof(debug_words[0]); i++) {
		size_t index = row->minor == 13 ? debug_words[i].index_13 :
						  debug_words[i].index_14;
		uint16_t *field = (uint16_t *)((char *)row + debug_words[i].field);

		if (index >= words || table[index] >= LP_NO_FIELD)
			return -EINVAL;
		*field = (uint16_t)table[index];
	}
	/* the executable is the first thing in the coroutine's embedded frame */
	if (row->minor >= 14 && words > DEBUG_GENERATOR_FRAME && table[DEBUG_GENERATOR_FRAME] < LP_SCRATCH_BYTES)
		row->probe.coroutine_code =
			(uint16_t)(table[DEBUG_GENERATOR_FRAME] + row->probe.frame_code);
	row->probe.coroutine_bytes = row->probe.coroutine_code + 8;
	return row->probe.coroutine_bytes < LP_SCRATCH_BYTES ? 0 : -EINVAL;
}
