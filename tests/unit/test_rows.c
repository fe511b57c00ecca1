// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpython/rows.h"

#define WORDS_13 83
#define WORDS_14 100

/*
 * Where _Py_DebugOffsets has what (Include/internal/pycore_debug_offsets.h):
 * cookie, version and free_threaded, then groups of words that begin with a size.
 */
enum {
	RUNTIME_INTERPRETERS_HEAD = 5,
	INTERPRETER_THREADS_HEAD = 9,
	INTERPRETER_GC_13 = 10,
	INTERPRETER_GC_14 = 11,
	STRING_ASCII_13 = 70,
	STRING_ASCII_14 = 80,
	GC_COLLECTING_13 = 72,
	GC_COLLECTING_14 = 82,
	GENERATOR_FRAME_14 = 85,
};

struct lp_word {
	size_t index;
	uint16_t (*field)(const struct lp_cpython_row *row);
};

#define FIELD(name)                                                                                \
	static uint16_t name(const struct lp_cpython_row *row)                                     \
	{                                                                                          \
		return row->name;                                                                  \
	}
#define PROBE_FIELD(name)                                                                          \
	static uint16_t name(const struct lp_cpython_row *row)                                     \
	{                                                                                          \
		return row->probe.name;                                                            \
	}

FIELD(interpreter_head)
FIELD(interpreter_threads)
FIELD(interpreter_modules)
FIELD(interpreter_gil)
FIELD(thread_next)
FIELD(thread_native_id)
PROBE_FIELD(frame_previous)
PROBE_FIELD(frame_instruction)
PROBE_FIELD(frame_owner)
FIELD(code_lines)
FIELD(code_bytecode)
PROBE_FIELD(thread_frame)
PROBE_FIELD(thread_id)
PROBE_FIELD(frame_code)
PROBE_FIELD(frame_locals)
PROBE_FIELD(code_filename)
PROBE_FIELD(code_name)
PROBE_FIELD(code_qualname)
PROBE_FIELD(code_first_line)
PROBE_FIELD(string_ascii)

static const struct lp_word words_13[] = {
	{ RUNTIME_INTERPRETERS_HEAD, interpreter_head },
	{ INTERPRETER_THREADS_HEAD, interpreter_threads },
	{ 11, interpreter_modules },
	{ 14, interpreter_gil },
	{ 21, thread_next },
	{ 23, thread_frame },
	{ 24, thread_id },
	{ 25, thread_native_id },
	{ 29, frame_previous },
	{ 30, frame_code },
	{ 31, frame_instruction },
	{ 32, frame_locals },
	{ 33, frame_owner },
	{ 35, code_filename },
	{ 36, code_name },
	{ 37, code_qualname },
	{ 38, code_lines },
	{ 39, code_first_line },
	{ 43, code_bytecode },
	{ STRING_ASCII_13, string_ascii },
};

/* 3.14 has one word more of the interpreter, two of the thread state and two of the frame. */
static const struct lp_word words_14[] = {
	{ RUNTIME_INTERPRETERS_HEAD, interpreter_head },
	{ INTERPRETER_THREADS_HEAD, interpreter_threads },
	{ 12, interpreter_modules },
	{ 15, interpreter_gil },
	{ 24, thread_next },
	{ 26, thread_frame },
	{ 27, thread_id },
	{ 28, thread_native_id },
	{ 32, frame_previous },
	{ 33, frame_code },
	{ 34, frame_instruction },
	{ 35, frame_locals },
	{ 36, frame_owner },
	{ 40, code_filename },
	{ 41, code_name },
	{ 42, code_qualname },
	{ 43, code_lines },
	{ 44, code_first_line },
	{ 48, code_bytecode },
	{ STRING_ASCII_14, string_ascii },
};

#define WORDS (sizeof(words_13) / sizeof(words_13[0]))

static void every_supported_version_has_its_row(void **state)
{
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++) {
		const struct lp_cpython_row *row = cpython_row(minor);

		assert_non_null(row);
		assert_int_equal(row->minor, minor);
	}
	assert_int_equal(CPYTHON_OLDEST, 8);
	assert_int_equal(CPYTHON_NEWEST, 14);
}

static void other_versions_have_none(void **state)
{
	(void)state;
	assert_null(cpython_row(7));
	assert_null(cpython_row(15));
	assert_null(cpython_row(0));
	assert_null(cpython_row(-1));
}

/* BPF reads these out of a copy of the coroutine's beginning. */
static void what_bpf_reads_of_a_coroutine_lies_in_its_copy(void **state)
{
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++) {
		const struct lp_python_offsets *probe = &cpython_row(minor)->probe;

		assert_in_range(probe->coroutine_code, 16, LP_SCRATCH_BYTES - 16);
		assert_in_range(probe->coroutine_qualname, 16, LP_SCRATCH_BYTES - 16);
		assert_int_equal(probe->coroutine_code % 8, 0);
		assert_int_equal(probe->coroutine_qualname % 8, 0);
		assert_in_range(probe->coroutine_bytes, probe->coroutine_code + 8,
				LP_SCRATCH_BYTES - 1);
		assert_in_range(probe->coroutine_bytes, probe->coroutine_qualname + 8,
				LP_SCRATCH_BYTES - 1);
	}
}

static void a_task_has_room_for_its_coroutine_and_name(void **state)
{
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++)
		assert_true(cpython_row(minor)->probe.task_coroutine + 16 <=
			    cpython_row(minor)->task_size);
}

/* What user space copies of a frame and of a code object has to hold every field it takes out. */
static void what_is_read_of_frames_and_code_lies_in_its_copy(void **state)
{
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++) {
		const struct lp_cpython_row *row = cpython_row(minor);
		const struct lp_python_offsets *probe = &row->probe;

		assert_in_range(probe->frame_code, 0, CPYTHON_FRAME_BYTES - 8);
		assert_in_range(probe->frame_previous, 8, CPYTHON_FRAME_BYTES - 8);
		assert_in_range(probe->frame_instruction, 8, CPYTHON_FRAME_BYTES - 8);
		if (probe->frame_owner != LP_NO_FIELD)
			assert_in_range(probe->frame_owner, 8, CPYTHON_FRAME_BYTES - 1);
		if (probe->code_qualname != LP_NO_FIELD)
			assert_in_range(probe->code_qualname, 16, CPYTHON_CODE_BYTES - 8);
		assert_in_range(probe->code_name, 16, CPYTHON_CODE_BYTES - 8);
		assert_in_range(probe->code_filename, 16, CPYTHON_CODE_BYTES - 8);
		assert_in_range(probe->code_first_line, 16, CPYTHON_CODE_BYTES - 4);
		assert_in_range(row->code_flags, 16, CPYTHON_CODE_BYTES - 4);
		assert_in_range(row->code_lines, 16, CPYTHON_CODE_BYTES - 8);
	}
}

/* Each version has just one of two places for these, and everything is found in one of them. */
static void the_gil_and_the_collector_are_somewhere(void **state)
{
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++) {
		const struct lp_cpython_row *row = cpython_row(minor);

		assert_int_equal(row->runtime_gil == LP_NO_FIELD, minor >= 12);
		assert_int_equal(row->current_thread == LP_NO_FIELD, minor >= 12);
		assert_int_equal(row->interpreter_gil == LP_NO_FIELD, minor < 12);
		assert_int_equal(row->runtime_collecting == LP_NO_FIELD, minor != 8);
		assert_int_equal(row->interpreter_collecting == LP_NO_FIELD, minor == 8);
		assert_int_equal(row->thread_dict == LP_NO_FIELD, minor >= 13);
		assert_int_equal(row->thread_loop == LP_NO_FIELD, minor < 13);
		assert_int_equal(row->type_keys == LP_NO_FIELD,
				 row->instance_layout == LP_INSTANCE_DICT);
		assert_int_equal(row->probe.handle_callback, 24);
	}
}

/*
 * Each word its own value, which no row has: those are even.  Small, as they are
 * of what is copied.
 */
static void fill_table(uint64_t *table, size_t words)
{
	size_t i;

	for (i = 0; i < words; i++)
		table[i] = 2 * i + 1;
}

static void expect_words(int minor, const struct lp_word *words, size_t size)
{
	struct lp_cpython_row row = *cpython_row(minor);
	uint64_t table[WORDS_14];
	size_t i;

	fill_table(table, size);
	/* these two have to lie within BPF's reach, or the whole table is refused */
	table[33] = 7;
	if (size > GENERATOR_FRAME_14)
		table[GENERATOR_FRAME_14] = 85;
	assert_int_equal(cpython_row_override(&row, table, size), 0);
	for (i = 0; i < WORDS; i++)
		assert_int_equal(words[i].field(&row), table[words[i].index]);
	assert_int_equal(row.interpreter_collecting,
			 minor == 13 ? table[INTERPRETER_GC_13] + table[GC_COLLECTING_13]
				     : table[INTERPRETER_GC_14] + table[GC_COLLECTING_14]);
}

static void offsets_that_3_13_tells_of_itself_are_taken(void **state)
{
	(void)state;
	expect_words(13, words_13, WORDS_13);
}

static void offsets_that_3_14_tells_of_itself_are_taken(void **state)
{
	(void)state;
	expect_words(14, words_14, WORDS_14);
}

static void what_the_table_does_not_tell_stays(void **state)
{
	struct lp_cpython_row row = *cpython_row(13), before = row;
	uint64_t table[WORDS_13];

	(void)state;
	fill_table(table, WORDS_13);
	assert_int_equal(cpython_row_override(&row, table, WORDS_13), 0);
	assert_int_equal(row.minor, 13);
	assert_int_equal(row.task_size, before.task_size);
	assert_int_equal(row.gil_holder, before.gil_holder);
	assert_int_equal(row.probe.task_coroutine, before.probe.task_coroutine);
	assert_int_equal(row.probe.coroutine_code, before.probe.coroutine_code);
	assert_int_equal(row.probe.coroutine_qualname, before.probe.coroutine_qualname);
	assert_int_equal(row.probe.coroutine_bytes, before.probe.coroutine_bytes);
	assert_int_equal(row.probe.string_wide, before.probe.string_wide);
	assert_int_equal(row.dict_layout, before.dict_layout);
}

static void the_code_of_a_coroutine_follows_its_frame_in_3_14(void **state)
{
	struct lp_cpython_row row = *cpython_row(14);
	uint64_t table[WORDS_14];

	(void)state;
	fill_table(table, WORDS_14);
	table[33] = 8;
	table[GENERATOR_FRAME_14] = 80;
	assert_int_equal(cpython_row_override(&row, table, WORDS_14), 0);
	assert_int_equal(row.probe.coroutine_code, 88);
	assert_int_equal(row.probe.coroutine_bytes, 96);
	/* a table that ends before has no say */
	row = *cpython_row(14);
	assert_int_equal(cpython_row_override(&row, table, GENERATOR_FRAME_14), 0);
	assert_int_equal(row.probe.coroutine_code, cpython_row(14)->probe.coroutine_code);
}

static void a_frame_out_of_bpfs_reach_is_refused(void **state)
{
	struct lp_cpython_row row = *cpython_row(14);
	uint64_t table[WORDS_14];

	(void)state;
	fill_table(table, WORDS_14);
	table[33] = 0;
	table[GENERATOR_FRAME_14] = LP_SCRATCH_BYTES - 8;
	assert_int_equal(cpython_row_override(&row, table, WORDS_14), -EINVAL);
	/* the sum is out of reach even where 16 bits make it small again */
	row = *cpython_row(14);
	table[33] = 0xfff8;
	table[GENERATOR_FRAME_14] = 72;
	assert_int_equal(cpython_row_override(&row, table, WORDS_14), -EINVAL);
}

/* They come out of the target's file: a copy on the stack must not be read beyond its end. */
static void frames_and_code_out_of_the_copy_are_refused(void **state)
{
	static const struct {
		size_t index_13, index_14;
		uint64_t bytes;
	} copied[] = {
		{ 29, 32, CPYTHON_FRAME_BYTES }, { 30, 33, CPYTHON_FRAME_BYTES },
		{ 31, 34, CPYTHON_FRAME_BYTES }, { 33, 36, CPYTHON_FRAME_BYTES },
		{ 35, 40, CPYTHON_CODE_BYTES },	 { 36, 41, CPYTHON_CODE_BYTES },
		{ 37, 42, CPYTHON_CODE_BYTES },	 { 38, 43, CPYTHON_CODE_BYTES },
		{ 39, 44, CPYTHON_CODE_BYTES },
	};
	uint64_t table[WORDS_14];
	struct lp_cpython_row row;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		fill_table(table, WORDS_13);
		row = *cpython_row(13);
		table[copied[i].index_13] = copied[i].bytes - 8;
		assert_int_equal(cpython_row_override(&row, table, WORDS_13), 0);
		table[copied[i].index_13]++;
		assert_int_equal(cpython_row_override(&row, table, WORDS_13), -EINVAL);
		fill_table(table, WORDS_14);
		row = *cpython_row(14);
		table[GENERATOR_FRAME_14] = 8;
		table[copied[i].index_14] = copied[i].bytes - 8;
		assert_int_equal(cpython_row_override(&row, table, WORDS_14), 0);
		table[copied[i].index_14]++;
		assert_int_equal(cpython_row_override(&row, table, WORDS_14), -EINVAL);
	}
}

/* Each of the two may be reasonable and their sum not. */
static void a_collector_beyond_reach_is_refused(void **state)
{
	uint64_t table[WORDS_14];
	struct lp_cpython_row row;

	(void)state;
	fill_table(table, WORDS_13);
	row = *cpython_row(13);
	table[INTERPRETER_GC_13] = 0xf000;
	table[GC_COLLECTING_13] = 0xffe;
	assert_int_equal(cpython_row_override(&row, table, WORDS_13), 0);
	assert_int_equal(row.interpreter_collecting, 0xfffe);
	table[GC_COLLECTING_13]++;
	assert_int_equal(cpython_row_override(&row, table, WORDS_13), -EINVAL);
	table[GC_COLLECTING_13] = UINT64_MAX;
	assert_int_equal(cpython_row_override(&row, table, WORDS_13), -EINVAL);
	fill_table(table, WORDS_14);
	row = *cpython_row(14);
	table[GENERATOR_FRAME_14] = 8;
	table[INTERPRETER_GC_14] = LP_NO_FIELD;
	assert_int_equal(cpython_row_override(&row, table, WORDS_14), -EINVAL);
}

static void absurd_offsets_are_refused(void **state)
{
	static const uint64_t absurd[] = { LP_NO_FIELD, 0x10000, UINT32_MAX, UINT64_MAX };
	uint64_t table[WORDS_14];
	struct lp_cpython_row row;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
		for (j = 0; j < WORDS; j++) {
			fill_table(table, WORDS_13);
			table[words_13[j].index] = absurd[i];
			row = *cpython_row(13);
			assert_int_equal(cpython_row_override(&row, table, WORDS_13), -EINVAL);
			fill_table(table, WORDS_14);
			table[GENERATOR_FRAME_14] = 8;
			table[words_14[j].index] = absurd[i];
			row = *cpython_row(14);
			assert_int_equal(cpython_row_override(&row, table, WORDS_14), -EINVAL);
		}
	}
}

static void a_table_that_is_too_short_is_refused(void **state)
{
	uint64_t table[WORDS_14];
	struct lp_cpython_row row;
	size_t words;

	(void)state;
	fill_table(table, WORDS_14);
	for (words = 0; words <= GC_COLLECTING_13; words++) {
		row = *cpython_row(13);
		assert_int_equal(cpython_row_override(&row, table, words), -EINVAL);
	}
	for (words = 0; words <= GC_COLLECTING_14; words++) {
		row = *cpython_row(14);
		assert_int_equal(cpython_row_override(&row, table, words), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_supported_version_has_its_row),
		cmocka_unit_test(other_versions_have_none),
		cmocka_unit_test(what_bpf_reads_of_a_coroutine_lies_in_its_copy),
		cmocka_unit_test(a_task_has_room_for_its_coroutine_and_name),
		cmocka_unit_test(what_is_read_of_frames_and_code_lies_in_its_copy),
		cmocka_unit_test(the_gil_and_the_collector_are_somewhere),
		cmocka_unit_test(offsets_that_3_13_tells_of_itself_are_taken),
		cmocka_unit_test(offsets_that_3_14_tells_of_itself_are_taken),
		cmocka_unit_test(what_the_table_does_not_tell_stays),
		cmocka_unit_test(the_code_of_a_coroutine_follows_its_frame_in_3_14),
		cmocka_unit_test(a_frame_out_of_bpfs_reach_is_refused),
		cmocka_unit_test(frames_and_code_out_of_the_copy_are_refused),
		cmocka_unit_test(a_collector_beyond_reach_is_refused),
		cmocka_unit_test(absurd_offsets_are_refused),
		cmocka_unit_test(a_table_that_is_too_short_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
