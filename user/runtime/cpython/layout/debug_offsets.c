// SPDX-License-Identifier: BSD-2-Clause
/* Offsets that an interpreter publishes in _Py_DebugOffsets. */
#include "versions.h"
#include "base/macros.h"

#include <errno.h>
#include <stddef.h>

/* A word of _Py_DebugOffsets and the field of the row that it overrides. */
struct lp_debug_word {
	uint16_t field; /* of struct lp_cpython_row */
	uint32_t end; /* upper bound of the offset plus 8 */
	uint8_t index[LP_DEBUG_OFFSETS_FORMATS]; /* of the word in the struct, for each format */
};

#define ROW(name) offsetof(struct lp_cpython_row, name)
#define ANYWHERE (LP_NO_FIELD + 8)

/* A column a format: 3.13 (internal/pycore_runtime.h), 3.14 and 3.15
 * (internal/pycore_debug_offsets.h). */
static const struct lp_debug_word debug_words[] = {
	{ ROW(runtime.interpreters_head), ANYWHERE, { 5, 5, 5 } },
	{ ROW(interpreter.threads_head), ANYWHERE, { 9, 9, 9 } },
	{ ROW(interpreter.modules), ANYWHERE, { 11, 12, 12 } },
	{ ROW(interpreter.ceval_gil), ANYWHERE, { 14, 15, 15 } },
	{ ROW(thread.next), ANYWHERE, { 21, 24, 24 } },
	{ ROW(thread.current_frame), ANYWHERE, { 23, 26, 26 } },
	{ ROW(thread.thread_id), ANYWHERE, { 24, 27, 30 } },
	{ ROW(thread.native_thread_id), ANYWHERE, { 25, 28, 31 } },
	{ ROW(frame.previous), CPYTHON_FRAME_BYTES, { 29, 32, 40 } },
	{ ROW(frame.f_executable), CPYTHON_FRAME_BYTES, { 30, 33, 41 } },
	{ ROW(frame.instr_ptr), CPYTHON_FRAME_BYTES, { 31, 34, 42 } },
	{ ROW(frame.localsplus), ANYWHERE, { 32, 35, 43 } },
	{ ROW(frame.owner), CPYTHON_FRAME_BYTES, { 33, 36, 44 } },
	{ ROW(code.co_filename), CPYTHON_CODE_BYTES, { 35, 40, 48 } },
	{ ROW(code.co_name), CPYTHON_CODE_BYTES, { 36, 41, 49 } },
	{ ROW(code.co_qualname), CPYTHON_CODE_BYTES, { 37, 42, 50 } },
	{ ROW(code.co_linetable), CPYTHON_CODE_BYTES, { 38, 43, 51 } },
	{ ROW(code.co_firstlineno), CPYTHON_CODE_BYTES, { 39, 44, 52 } },
	{ ROW(code.co_localsplusnames), CPYTHON_CODE_BYTES, { 41, 46, 54 } },
	{ ROW(code.co_localspluskinds), CPYTHON_CODE_BYTES, { 42, 47, 55 } },
	{ ROW(code.co_code_adaptive), ANYWHERE, { 43, 48, 56 } },
	{ ROW(unicode.ascii), ANYWHERE, { 70, 80, 92 } },
};

/* Indices of words from which fields are computed. */
static const struct lp_debug_format {
	uint8_t gc; /* interpreter_state.gc */
	uint8_t collecting; /* gc.collecting, an offset in that struct */
	uint8_t stats; /* gc.generation_stats, likewise, after its size; 0: this format has none */
	uint8_t gi_iframe; /* gen_object.gi_iframe; 0: this format has none */
} debug_formats[LP_DEBUG_OFFSETS_FORMATS] = {
	[LP_DEBUG_OFFSETS_3_13] = { .gc = 10, .collecting = 72 },
	[LP_DEBUG_OFFSETS_3_14] = { .gc = 11, .collecting = 82, .gi_iframe = 85 },
	[LP_DEBUG_OFFSETS_3_15] = { .gc = 11, .collecting = 95, .stats = 98, .gi_iframe = 101 },
};

static int override_collecting(struct lp_cpython_row *row, const struct lp_debug_format *format,
			       const uint64_t *table, size_t words)
{
	if (format->gc >= words || format->collecting >= words ||
	    table[format->gc] >= LP_NO_FIELD || table[format->collecting] >= LP_NO_FIELD ||
	    table[format->gc] + table[format->collecting] >= LP_NO_FIELD)
		return -EINVAL;
	if (row->interpreter.gc != LP_NO_FIELD)
		row->interpreter.gc = (uint16_t)table[format->gc];
	row->interpreter.gc_collecting = (uint16_t)(table[format->gc] + table[format->collecting]);
	return 0;
}

/* Statistics whose size is not the expected one have another layout, and are not read. */
static void override_stats(struct lp_cpython_row *row, const struct lp_debug_format *format,
			   const uint64_t *table, size_t words)
{
	row->interpreter.gc_stats = LP_NO_FIELD;
	if (!format->stats || format->stats >= words ||
	    table[format->stats - 1] != CPYTHON_GC_STATS_BYTES ||
	    table[format->stats] >= LP_NO_FIELD ||
	    table[format->gc] + table[format->stats] >= LP_NO_FIELD)
		return;
	row->interpreter.gc_stats = (uint16_t)(table[format->gc] + table[format->stats]);
}

int cpython_row_override(struct lp_cpython_row *row, const uint64_t *table, size_t words)
{
	const struct lp_debug_format *format;
	uint64_t frame, code;
	size_t i;

	if ((unsigned int)row->debug_offsets >= LP_DEBUG_OFFSETS_FORMATS)
		return -EINVAL;
	format = &debug_formats[row->debug_offsets];
	for (i = 0; i < ARRAY_SIZE(debug_words); i++) {
		const struct lp_debug_word *word = &debug_words[i];
		size_t index = word->index[row->debug_offsets];
		uint16_t *field = (uint16_t *)((char *)row + word->field);

		if (index >= words || table[index] >= LP_NO_FIELD || table[index] + 8 > word->end)
			return -EINVAL;
		*field = (uint16_t)table[index];
	}
	if (override_collecting(row, format, table, words))
		return -EINVAL;
	override_stats(row, format, table, words);
	/* the coroutine's code object is that of its embedded frame */
	if (format->gi_iframe && format->gi_iframe < words) {
		frame = table[format->gi_iframe];
		code = frame + row->frame.f_executable;
		if (frame >= LP_SCRATCH_BYTES || code >= LP_SCRATCH_BYTES)
			return -EINVAL;
		row->coroutine.cr_code = (uint16_t)code;
		row->coroutine.cr_iframe = (uint16_t)frame;
	}
	row->coroutine.head_bytes = row->coroutine.cr_code + 8;
	return row->coroutine.head_bytes < LP_SCRATCH_BYTES ? 0 : -EINVAL;
}

/* struct _Py_AsyncioModuleDebugOffsets, Modules/_asynciomodule.c. */
int cpython_row_override_asyncio(struct lp_cpython_row *row,
				 const uint64_t table[CPYTHON_ASYNCIO_WORDS])
{
	static const struct {
		uint8_t index;
		uint16_t field;
	} words[] = {
		{ 0, ROW(task.tp_basicsize) },
		{ 5, ROW(task.task_coro) },
		{ 6, ROW(task.task_node) },
		{ 8, ROW(interpreter.asyncio_tasks_head) },
		{ 10, ROW(thread.asyncio_running_loop) },
		{ 11, ROW(thread.asyncio_running_task) },
		{ 12, ROW(thread.asyncio_tasks_head) },
	};
	struct lp_cpython_row changed = *row;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (table[words[i].index] >= LP_NO_FIELD)
			return -EINVAL;
		*(uint16_t *)((char *)&changed + words[i].field) = (uint16_t)table[words[i].index];
	}
	/* other fields of a task are not published: the row must have the same layout */
	if (changed.task.tp_basicsize != row->task.tp_basicsize ||
	    changed.task.task_coro != row->task.task_coro)
		return -EINVAL;
	*row = changed;
	return 0;
}
