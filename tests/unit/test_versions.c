// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/cpython/layout/versions.h"
#include "rows_expected.h"

#define WORDS_13 83
#define WORDS_14 100
#define WORDS_15 112

/*
 * Indices of words in _Py_DebugOffsets (Include/internal/pycore_debug_offsets.h): cookie, version
 * and free_threaded, then groups of words, each of which begins with a size.
 */
enum {
	RUNTIME_INTERPRETERS_HEAD = 5,
	INTERPRETER_THREADS_HEAD = 9,
	INTERPRETER_GC_13 = 10,
	INTERPRETER_GC_14 = 11,
	STRING_ASCII_13 = 70,
	STRING_ASCII_14 = 80,
	STRING_ASCII_15 = 92,
	GC_COLLECTING_13 = 72,
	GC_COLLECTING_14 = 82,
	GENERATOR_FRAME_14 = 85,
	GC_COLLECTING_15 = 95,
	GENERATOR_FRAME_15 = 101,
};

struct lp_word {
	size_t index;
	size_t field; /* a uint16_t of the row */
};

static const struct lp_word words_13[] = {
	{ RUNTIME_INTERPRETERS_HEAD, offsetof(struct lp_cpython_row, runtime.interpreters_head) },
	{ INTERPRETER_THREADS_HEAD, offsetof(struct lp_cpython_row, interpreter.threads_head) },
	{ 11, offsetof(struct lp_cpython_row, interpreter.modules) },
	{ 14, offsetof(struct lp_cpython_row, interpreter.ceval_gil) },
	{ 21, offsetof(struct lp_cpython_row, thread.next) },
	{ 23, offsetof(struct lp_cpython_row, thread.current_frame) },
	{ 24, offsetof(struct lp_cpython_row, thread.thread_id) },
	{ 25, offsetof(struct lp_cpython_row, thread.native_thread_id) },
	{ 29, offsetof(struct lp_cpython_row, frame.previous) },
	{ 30, offsetof(struct lp_cpython_row, frame.f_executable) },
	{ 31, offsetof(struct lp_cpython_row, frame.instr_ptr) },
	{ 32, offsetof(struct lp_cpython_row, frame.localsplus) },
	{ 33, offsetof(struct lp_cpython_row, frame.owner) },
	{ 35, offsetof(struct lp_cpython_row, code.co_filename) },
	{ 36, offsetof(struct lp_cpython_row, code.co_name) },
	{ 37, offsetof(struct lp_cpython_row, code.co_qualname) },
	{ 38, offsetof(struct lp_cpython_row, code.co_linetable) },
	{ 39, offsetof(struct lp_cpython_row, code.co_firstlineno) },
	{ 43, offsetof(struct lp_cpython_row, code.co_code_adaptive) },
	{ STRING_ASCII_13, offsetof(struct lp_cpython_row, unicode.ascii) },
};

/*
 * In 3.14 the interpreter's group has one more word, the thread state's and the frame's two more.
 */
static const struct lp_word words_14[] = {
	{ RUNTIME_INTERPRETERS_HEAD, offsetof(struct lp_cpython_row, runtime.interpreters_head) },
	{ INTERPRETER_THREADS_HEAD, offsetof(struct lp_cpython_row, interpreter.threads_head) },
	{ 12, offsetof(struct lp_cpython_row, interpreter.modules) },
	{ 15, offsetof(struct lp_cpython_row, interpreter.ceval_gil) },
	{ 24, offsetof(struct lp_cpython_row, thread.next) },
	{ 26, offsetof(struct lp_cpython_row, thread.current_frame) },
	{ 27, offsetof(struct lp_cpython_row, thread.thread_id) },
	{ 28, offsetof(struct lp_cpython_row, thread.native_thread_id) },
	{ 32, offsetof(struct lp_cpython_row, frame.previous) },
	{ 33, offsetof(struct lp_cpython_row, frame.f_executable) },
	{ 34, offsetof(struct lp_cpython_row, frame.instr_ptr) },
	{ 35, offsetof(struct lp_cpython_row, frame.localsplus) },
	{ 36, offsetof(struct lp_cpython_row, frame.owner) },
	{ 40, offsetof(struct lp_cpython_row, code.co_filename) },
	{ 41, offsetof(struct lp_cpython_row, code.co_name) },
	{ 42, offsetof(struct lp_cpython_row, code.co_qualname) },
	{ 43, offsetof(struct lp_cpython_row, code.co_linetable) },
	{ 44, offsetof(struct lp_cpython_row, code.co_firstlineno) },
	{ 48, offsetof(struct lp_cpython_row, code.co_code_adaptive) },
	{ STRING_ASCII_14, offsetof(struct lp_cpython_row, unicode.ascii) },
};

/*
 * In 3.15 the thread state's group has seven more words, and a group of one word follows it; the
 * type's group has two more, and one of two words follows it.
 */
static const struct lp_word words_15[] = {
	{ RUNTIME_INTERPRETERS_HEAD, offsetof(struct lp_cpython_row, runtime.interpreters_head) },
	{ INTERPRETER_THREADS_HEAD, offsetof(struct lp_cpython_row, interpreter.threads_head) },
	{ 12, offsetof(struct lp_cpython_row, interpreter.modules) },
	{ 15, offsetof(struct lp_cpython_row, interpreter.ceval_gil) },
	{ 24, offsetof(struct lp_cpython_row, thread.next) },
	{ 26, offsetof(struct lp_cpython_row, thread.current_frame) },
	{ 30, offsetof(struct lp_cpython_row, thread.thread_id) },
	{ 31, offsetof(struct lp_cpython_row, thread.native_thread_id) },
	{ 40, offsetof(struct lp_cpython_row, frame.previous) },
	{ 41, offsetof(struct lp_cpython_row, frame.f_executable) },
	{ 42, offsetof(struct lp_cpython_row, frame.instr_ptr) },
	{ 43, offsetof(struct lp_cpython_row, frame.localsplus) },
	{ 44, offsetof(struct lp_cpython_row, frame.owner) },
	{ 48, offsetof(struct lp_cpython_row, code.co_filename) },
	{ 49, offsetof(struct lp_cpython_row, code.co_name) },
	{ 50, offsetof(struct lp_cpython_row, code.co_qualname) },
	{ 51, offsetof(struct lp_cpython_row, code.co_linetable) },
	{ 52, offsetof(struct lp_cpython_row, code.co_firstlineno) },
	{ 56, offsetof(struct lp_cpython_row, code.co_code_adaptive) },
	{ STRING_ASCII_15, offsetof(struct lp_cpython_row, unicode.ascii) },
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
	assert_int_equal(CPYTHON_NEWEST, 15);
}

static int64_t value_at(const struct lp_cpython_row *row, const struct lp_expected_field *field)
{
	const char *at = (const char *)row + field->offset;
	uint64_t value = 0;

	memcpy(&value, at, field->bytes);
	/* the only fields of one byte are states of frames, which are signed */
	return field->bytes == 1 ? (int8_t)value : (int64_t)value;
}

static void a_row_has_all_values_of_its_version(void **state)
{
	size_t i, version;

	(void)state;
	for (version = 0; version < VERSIONS; version++) {
		const struct lp_cpython_row *row = cpython_row(CPYTHON_OLDEST + (int)version);

		for (i = 0; i < sizeof(expected_fields) / sizeof(expected_fields[0]); i++) {
			const struct lp_expected_field *field = &expected_fields[i];
			int64_t expected = field->values[version];

			if (field->bytes == 1)
				expected = (int8_t)expected;
			if (value_at(row, field) != expected)
				fail_msg("3.%d %s: %lld, not %lld", row->minor, field->name,
					 (long long)value_at(row, field), (long long)expected);
		}
		for (i = 0; i < sizeof(expected_texts) / sizeof(expected_texts[0]); i++)
			assert_string_equal((const char *)row + expected_texts[i].offset,
					    expected_texts[i].values[version]);
	}
}

/* A field without an expected value is a field that nobody has checked. */
static void all_fields_have_expected_values(void **state)
{
	bool covered[sizeof(struct lp_cpython_row)] = { false };
	size_t i, j, padding = 0;

	(void)state;
	for (i = 0; i < sizeof(expected_fields) / sizeof(expected_fields[0]); i++)
		for (j = 0; j < expected_fields[i].bytes; j++)
			covered[expected_fields[i].offset + j] = true;
	for (i = 0; i < sizeof(expected_texts) / sizeof(expected_texts[0]); i++)
		for (j = 0; j < expected_texts[i].bytes; j++)
			covered[expected_texts[i].offset + j] = true;
	for (i = 0; i < sizeof(covered); i++)
		padding += !covered[i];
	assert_int_equal(padding, ROW_PADDING);
}

/* BPF gets the same offsets as the readers in user space. */
static void bpf_gets_the_fields_of_the_row(void **state)
{
	const struct lp_cpython_row *row = cpython_row(12);
	struct lp_python_offsets offsets;
	struct lp_task_offsets task;

	(void)state;
	cpython_row_offsets(row, &offsets);
	assert_int_equal(offsets.tstate_cframe, 56);
	assert_int_equal(offsets.co_flags, 48);
	assert_int_equal(offsets.task_coro, 136);
	assert_int_equal(offsets.tag_mask, 0);
	cpython_row_offsets(cpython_row(14), &offsets);
	assert_int_equal(offsets.tag_mask, 1);
	cpython_row_offsets(cpython_row(15), &offsets);
	assert_int_equal(offsets.tag_mask, 3);
	cpython_row_task_offsets(cpython_row(13), &task);
	assert_int_equal(task.fut_log_tb, 100);
	assert_int_equal(task.fut_log_tb_bits, 1);
	assert_int_equal(task.task_log_destroy_pending_bits, 8);
}

/* All that is read of a coroutine with its frame inside fits into what BPF reads of it. */
static void bpf_finds_what_a_coroutine_awaits(void **state)
{
	struct lp_await_offsets awaits;
	int minor;

	(void)state;
	cpython_row_await_offsets(cpython_row(9), &awaits);
	assert_int_equal(awaits.cr_iframe, 16);
	assert_int_equal(awaits.frame_is_object, 1);
	assert_int_equal(awaits.state_in_frame, 0);
	assert_int_equal(awaits.frame_valuestack, 64);
	cpython_row_await_offsets(cpython_row(10), &awaits);
	assert_int_equal(awaits.state_in_frame, 1);
	assert_int_equal(awaits.stack_end, LP_STACK_END_DEPTH);
	cpython_row_await_offsets(cpython_row(12), &awaits);
	assert_int_equal(awaits.frame_is_object, 0);
	assert_int_equal(awaits.frame_valuestack, LP_NO_FIELD);
	assert_int_equal(awaits.stack_end, LP_STACK_END_SLOTS);
	assert_int_equal(awaits.frame_suspended, 0xff);
	assert_int_equal(awaits.awaited_slot, 1);
	cpython_row_await_offsets(cpython_row(15), &awaits);
	assert_int_equal(awaits.frame_suspended, 2);
	assert_int_equal(awaits.awaited_slot, 2);
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++) {
		cpython_row_await_offsets(cpython_row(minor), &awaits);
		assert_in_range(awaits.head_bytes, awaits.cr_iframe + 8, LP_AWAIT_SCRATCH);
		if (!awaits.frame_is_object)
			assert_in_range(awaits.cr_iframe + awaits.frame_stackpointer, 8,
					awaits.head_bytes - 8);
	}
}

static void other_versions_have_none(void **state)
{
	(void)state;
	assert_null(cpython_row(7));
	assert_null(cpython_row(16));
	assert_null(cpython_row(0));
	assert_null(cpython_row(-1));
}

/* BPF reads these fields from its copy of the beginning of the coroutine. */
static void what_bpf_reads_of_a_coroutine_lies_in_its_copy(void **state)
{
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++) {
		const struct lp_cpython_row *row = cpython_row(minor);

		assert_in_range(row->coroutine.cr_code, 16, LP_SCRATCH_BYTES - 16);
		assert_in_range(row->coroutine.cr_qualname, 16, LP_SCRATCH_BYTES - 16);
		assert_int_equal(row->coroutine.cr_code % 8, 0);
		assert_int_equal(row->coroutine.cr_qualname % 8, 0);
		assert_in_range(row->coroutine.head_bytes, row->coroutine.cr_code + 8,
				LP_SCRATCH_BYTES - 1);
		assert_in_range(row->coroutine.head_bytes, row->coroutine.cr_qualname + 8,
				LP_SCRATCH_BYTES - 1);
	}
}

static void a_task_has_space_for_its_coroutine_and_name(void **state)
{
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++)
		assert_true(cpython_row(minor)->task.task_coro + 16 <=
			    cpython_row(minor)->task.tp_basicsize);
}

/* User space's copies of a frame and of a code object contain each field that is read from them. */
static void what_is_read_of_frames_and_code_lies_in_its_copy(void **state)
{
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++) {
		const struct lp_cpython_row *row = cpython_row(minor);

		assert_in_range(row->frame.f_executable, 0, CPYTHON_FRAME_BYTES - 8);
		assert_in_range(row->frame.previous, 8, CPYTHON_FRAME_BYTES - 8);
		assert_in_range(row->frame.instr_ptr, 8, CPYTHON_FRAME_BYTES - 8);
		if (row->frame.owner != LP_NO_FIELD)
			assert_in_range(row->frame.owner, 8, CPYTHON_FRAME_BYTES - 1);
		if (row->code.co_qualname != LP_NO_FIELD)
			assert_in_range(row->code.co_qualname, 16, CPYTHON_CODE_BYTES - 8);
		assert_in_range(row->code.co_name, 16, CPYTHON_CODE_BYTES - 8);
		assert_in_range(row->code.co_filename, 16, CPYTHON_CODE_BYTES - 8);
		assert_in_range(row->code.co_firstlineno, 16, CPYTHON_CODE_BYTES - 4);
		assert_in_range(row->code.co_flags, 16, CPYTHON_CODE_BYTES - 4);
		assert_in_range(row->code.co_linetable, 16, CPYTHON_CODE_BYTES - 8);
	}
}

/* Each version has these in one of two places, and a row has an offset for just one of them. */
static void the_gil_and_the_collector_are_somewhere(void **state)
{
	int minor;

	(void)state;
	for (minor = CPYTHON_OLDEST; minor <= CPYTHON_NEWEST; minor++) {
		const struct lp_cpython_row *row = cpython_row(minor);

		assert_int_equal(row->runtime.gil == LP_NO_FIELD, minor >= 12);
		assert_int_equal(row->runtime.tstate_current == LP_NO_FIELD, minor >= 12);
		assert_int_equal(row->interpreter.ceval_gil == LP_NO_FIELD, minor < 12);
		assert_int_equal(row->runtime.gc_collecting == LP_NO_FIELD, minor != 8);
		assert_int_equal(row->interpreter.gc_collecting == LP_NO_FIELD, minor == 8);
		assert_int_equal(row->thread.dict == LP_NO_FIELD, minor >= 13);
		assert_int_equal(row->thread.asyncio_running_loop == LP_NO_FIELD, minor < 13);
		assert_int_equal(row->type.ht_cached_keys == LP_NO_FIELD,
				 row->type.instance_layout == LP_INSTANCE_DICT);
		assert_int_equal(row->asyncio.handle_callback, 24);
	}
}

/*
 * Gives each word a value of its own that no row has, as those are even.  The values are small, as
 * some of the fields have to be within a copy.
 */
static void fill_table(uint64_t *table, size_t words)
{
	size_t i;

	for (i = 0; i < words; i++)
		table[i] = 2 * i + 1;
}

/* The words of a format that are computed with; generator_frame 0: it has none. */
struct lp_format {
	const struct lp_word *words;
	size_t size, executable, gc, collecting, generator_frame;
};

static const struct lp_format format_13 = { words_13,	       WORDS_13,	 30,
					    INTERPRETER_GC_13, GC_COLLECTING_13, 0 };
static const struct lp_format format_14 = {
	words_14, WORDS_14, 33, INTERPRETER_GC_14, GC_COLLECTING_14, GENERATOR_FRAME_14
};
static const struct lp_format format_15 = {
	words_15, WORDS_15, 41, INTERPRETER_GC_14, GC_COLLECTING_15, GENERATOR_FRAME_15
};

static void expect_words(int minor, const struct lp_format *format)
{
	struct lp_cpython_row row = *cpython_row(minor);
	uint64_t table[WORDS_15];
	size_t i;

	/* the layout of the table follows from the row, not from the minor version */
	row.minor = 99;
	fill_table(table, format->size);
	/* these two have to be within BPF's reach, or else the whole table is refused */
	if (format->generator_frame) {
		table[format->executable] = 7;
		table[format->generator_frame] = 85;
	}
	assert_int_equal(cpython_row_override(&row, table, format->size), 0);
	for (i = 0; i < WORDS; i++)
		assert_int_equal(*(const uint16_t *)((const char *)&row + format->words[i].field),
				 table[format->words[i].index]);
	assert_int_equal(row.interpreter.gc_collecting,
			 table[format->gc] + table[format->collecting]);
	if (format->generator_frame)
		assert_int_equal(row.coroutine.cr_code, 85 + 7);
}

static void offsets_that_3_13_reports_of_itself_are_taken(void **state)
{
	(void)state;
	expect_words(13, &format_13);
}

static void offsets_that_3_14_reports_of_itself_are_taken(void **state)
{
	(void)state;
	expect_words(14, &format_14);
}

static void offsets_that_3_15_reports_of_itself_are_taken(void **state)
{
	(void)state;
	expect_words(15, &format_15);
}

static void what_the_table_does_not_report_stays(void **state)
{
	struct lp_cpython_row row = *cpython_row(13), before = row;
	uint64_t table[WORDS_13];

	(void)state;
	fill_table(table, WORDS_13);
	assert_int_equal(cpython_row_override(&row, table, WORDS_13), 0);
	assert_int_equal(row.minor, 13);
	assert_int_equal(row.task.tp_basicsize, before.task.tp_basicsize);
	assert_int_equal(row.gil.last_holder, before.gil.last_holder);
	assert_int_equal(row.task.task_coro, before.task.task_coro);
	assert_int_equal(row.coroutine.cr_code, before.coroutine.cr_code);
	assert_int_equal(row.coroutine.cr_qualname, before.coroutine.cr_qualname);
	assert_int_equal(row.coroutine.head_bytes, before.coroutine.head_bytes);
	assert_int_equal(row.unicode.compact, before.unicode.compact);
	assert_int_equal(row.type.dict_layout, before.type.dict_layout);
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
	assert_int_equal(row.coroutine.cr_code, 88);
	assert_int_equal(row.coroutine.head_bytes, 96);
	/* a table that ends before this word does not change the field */
	row = *cpython_row(14);
	assert_int_equal(cpython_row_override(&row, table, GENERATOR_FRAME_14), 0);
	assert_int_equal(row.coroutine.cr_code, cpython_row(14)->coroutine.cr_code);
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
	/* the sum is out of reach, though it is small in 16 bits */
	row = *cpython_row(14);
	table[33] = 0xfff8;
	table[GENERATOR_FRAME_14] = 72;
	assert_int_equal(cpython_row_override(&row, table, WORDS_14), -EINVAL);
}

/* Offsets come from the target's file: no field may be past the end of the copy on the stack. */
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

/* Each of the two offsets is possible, but their sum is not. */
static void a_collector_out_of_reach_is_refused(void **state)
{
	uint64_t table[WORDS_14];
	struct lp_cpython_row row;

	(void)state;
	fill_table(table, WORDS_13);
	row = *cpython_row(13);
	table[INTERPRETER_GC_13] = 0xf000;
	table[GC_COLLECTING_13] = 0xffe;
	assert_int_equal(cpython_row_override(&row, table, WORDS_13), 0);
	assert_int_equal(row.interpreter.gc_collecting, 0xfffe);
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
	uint64_t table[WORDS_15];
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
			fill_table(table, WORDS_15);
			table[GENERATOR_FRAME_15] = 8;
			table[words_15[j].index] = absurd[i];
			row = *cpython_row(15);
			assert_int_equal(cpython_row_override(&row, table, WORDS_15), -EINVAL);
		}
	}
}

static void a_table_that_is_too_short_is_refused(void **state)
{
	uint64_t table[WORDS_15];
	struct lp_cpython_row row;
	size_t words;

	(void)state;
	fill_table(table, WORDS_15);
	for (words = 0; words <= GC_COLLECTING_13; words++) {
		row = *cpython_row(13);
		assert_int_equal(cpython_row_override(&row, table, words), -EINVAL);
	}
	for (words = 0; words <= GC_COLLECTING_14; words++) {
		row = *cpython_row(14);
		assert_int_equal(cpython_row_override(&row, table, words), -EINVAL);
	}
	for (words = 0; words <= GC_COLLECTING_15; words++) {
		row = *cpython_row(15);
		assert_int_equal(cpython_row_override(&row, table, words), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_supported_version_has_its_row),
		cmocka_unit_test(a_row_has_all_values_of_its_version),
		cmocka_unit_test(all_fields_have_expected_values),
		cmocka_unit_test(bpf_gets_the_fields_of_the_row),
		cmocka_unit_test(bpf_finds_what_a_coroutine_awaits),
		cmocka_unit_test(other_versions_have_none),
		cmocka_unit_test(what_bpf_reads_of_a_coroutine_lies_in_its_copy),
		cmocka_unit_test(a_task_has_space_for_its_coroutine_and_name),
		cmocka_unit_test(what_is_read_of_frames_and_code_lies_in_its_copy),
		cmocka_unit_test(the_gil_and_the_collector_are_somewhere),
		cmocka_unit_test(offsets_that_3_13_reports_of_itself_are_taken),
		cmocka_unit_test(offsets_that_3_14_reports_of_itself_are_taken),
		cmocka_unit_test(offsets_that_3_15_reports_of_itself_are_taken),
		cmocka_unit_test(what_the_table_does_not_report_stays),
		cmocka_unit_test(the_code_of_a_coroutine_follows_its_frame_in_3_14),
		cmocka_unit_test(a_frame_out_of_bpfs_reach_is_refused),
		cmocka_unit_test(frames_and_code_out_of_the_copy_are_refused),
		cmocka_unit_test(a_collector_out_of_reach_is_refused),
		cmocka_unit_test(absurd_offsets_are_refused),
		cmocka_unit_test(a_table_that_is_too_short_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
