// SPDX-License-Identifier: BSD-2-Clause
/* Offsets that an interpreter publishes of itself. */
#include "rows.h"

#include <errno.h>
#include <stddef.h>

/* Words of _Py_DebugOffsets (pycore_debug_offsets.h; 3.13: pycore_runtime.h) that have a field. */
struct lp_debug_word {
	uint8_t index_13; /* u64 index from the struct's beginning */
	uint8_t index_14;
	uint16_t field; /* of struct lp_cpython_row */
	uint32_t end; /* what the offset, and 8 bytes from there, must lie below */
};

#define DEBUG_GENERATOR_FRAME 85 /* 3.14: gen_object.gi_iframe */
#define ROW(name) offsetof(struct lp_cpython_row, name)
#define ANYWHERE (LP_NO_FIELD + 8)

static const struct lp_debug_word debug_words[] = {
	{ 5, 5, ROW(interpreter_head), ANYWHERE },
	{ 9, 9, ROW(interpreter_threads), ANYWHERE },
	{ 11, 12, ROW(interpreter_modules), ANYWHERE },
	{ 14, 15, ROW(interpreter_gil), ANYWHERE },
	{ 21, 24, ROW(thread_next), ANYWHERE },
	{ 23, 26, ROW(probe.thread_frame), ANYWHERE },
	{ 24, 27, ROW(probe.thread_id), ANYWHERE },
	{ 25, 28, ROW(thread_native_id), ANYWHERE },
	{ 29, 32, ROW(probe.frame_previous), CPYTHON_FRAME_BYTES },
	{ 30, 33, ROW(probe.frame_code), CPYTHON_FRAME_BYTES },
	{ 31, 34, ROW(probe.frame_instruction), CPYTHON_FRAME_BYTES },
	{ 32, 35, ROW(probe.frame_locals), ANYWHERE },
	{ 33, 36, ROW(probe.frame_owner), CPYTHON_FRAME_BYTES },
	{ 35, 40, ROW(probe.code_filename), CPYTHON_CODE_BYTES },
	{ 36, 41, ROW(probe.code_name), CPYTHON_CODE_BYTES },
	{ 37, 42, ROW(probe.code_qualname), CPYTHON_CODE_BYTES },
	{ 38, 43, ROW(code_lines), CPYTHON_CODE_BYTES },
	{ 39, 44, ROW(probe.code_first_line), CPYTHON_CODE_BYTES },
	{ 43, 48, ROW(code_bytecode), ANYWHERE },
	{ 41, 46, ROW(parked.code_names), CPYTHON_CODE_BYTES },
	{ 42, 47, ROW(parked.code_kinds), CPYTHON_CODE_BYTES },
	{ 70, 80, ROW(probe.string_ascii), ANYWHERE },
};

/* interpreter_state.gc, and collecting in there. */
static int override_collecting(struct lp_cpython_row *row, const uint64_t *table, size_t words)
{
	size_t gc = row->minor == 13 ? 10 : 11, collecting = row->minor == 13 ? 72 : 82;

	if (collecting >= words || table[gc] >= LP_NO_FIELD || table[collecting] >= LP_NO_FIELD ||
	    table[gc] + table[collecting] >= LP_NO_FIELD)
		return -EINVAL;
	if (row->interpreter_gc != LP_NO_FIELD)
		row->interpreter_gc = (uint16_t)table[gc];
	row->interpreter_collecting = (uint16_t)(table[gc] + table[collecting]);
	return 0;
}

int cpython_row_override(struct lp_cpython_row *row, const uint64_t *table, size_t words)
{
	size_t i;

	for (i = 0; i < sizeof(debug_words) / sizeof(debug_words[0]); i++) {
		const struct lp_debug_word *word = &debug_words[i];
		size_t index = row->minor == 13 ? word->index_13 : word->index_14;
		uint16_t *field = (uint16_t *)((char *)row + word->field);

		if (index >= words || table[index] >= LP_NO_FIELD || table[index] + 8 > word->end)
			return -EINVAL;
		*field = (uint16_t)table[index];
	}
	if (override_collecting(row, table, words))
		return -EINVAL;
	/* the executable is in the coroutine's embedded frame */
	if (row->minor >= 14 && words > DEBUG_GENERATOR_FRAME) {
		uint64_t code = table[DEBUG_GENERATOR_FRAME] + row->probe.frame_code;

		if (table[DEBUG_GENERATOR_FRAME] >= LP_SCRATCH_BYTES || code >= LP_SCRATCH_BYTES)
			return -EINVAL;
		row->probe.coroutine_code = (uint16_t)code;
		row->parked.frame = (uint16_t)table[DEBUG_GENERATOR_FRAME];
	}
	row->probe.coroutine_bytes = row->probe.coroutine_code + 8;
	return row->probe.coroutine_bytes < LP_SCRATCH_BYTES ? 0 : -EINVAL;
}

/* struct _Py_AsyncioModuleDebugOffsets, Modules/_asynciomodule.c. */
int cpython_row_override_asyncio(struct lp_cpython_row *row,
				 const uint64_t table[CPYTHON_ASYNCIO_WORDS])
{
	static const struct {
		uint8_t index;
		uint16_t field;
	} words[] = {
		{ 0, ROW(task_size) },	   { 5, ROW(probe.task_coroutine) },
		{ 6, ROW(task_node) },	   { 8, ROW(interpreter_tasks) },
		{ 10, ROW(thread_loop) },  { 11, ROW(thread_task) },
		{ 12, ROW(thread_tasks) },
	};
	struct lp_cpython_row changed = *row;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (table[words[i].index] >= LP_NO_FIELD)
			return -EINVAL;
		*(uint16_t *)((char *)&changed + words[i].field) = (uint16_t)table[words[i].index];
	}
	/* the rest of a task is from the row, which has to be of this very layout */
	if (changed.task_size != row->task_size ||
	    changed.probe.task_coroutine != row->probe.task_coroutine)
		return -EINVAL;
	*row = changed;
	return 0;
}
