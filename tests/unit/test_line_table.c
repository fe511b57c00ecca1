// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lines_fixture.h"
#include "runtime/cpython/layout/line_table.h"

static uint32_t line_in(int minor, const uint8_t *table, size_t size, uint32_t first_line,
			int64_t instruction)
{
	return cpython_line(cpython_row(minor)->code.line_table, table, size, first_line,
			    instruction);
}

static uint32_t line_of(const struct lp_lines_fixture *fixture, int64_t instruction)
{
	return line_in(fixture->minor, fixture->table, fixture->table_bytes, fixture->first_line,
		       instruction);
}

static void expect_interpreters_lines(int oldest, int newest)
{
	uint32_t offset, expected;
	size_t i, at, counted = 0;

	for (i = 0; i < LINES_FIXTURES; i++) {
		const struct lp_lines_fixture *fixture = &lines_fixtures[i];

		if (fixture->minor < oldest || fixture->minor > newest)
			continue;
		counted++;
		expected = fixture->first_line;
		for (offset = 0, at = 0; offset < fixture->code_bytes; offset += 2) {
			if (at < fixture->start_count && fixture->starts[at].offset == offset)
				expected = fixture->starts[at++].line;
			if (line_of(fixture, offset) != expected)
				fail_msg("3.%d %s: instruction at %u is of line %u, not %u",
					 fixture->minor, fixture->name, offset, expected,
					 line_of(fixture, offset));
		}
		assert_int_equal(at, fixture->start_count);
	}
	assert_true(counted >= 10);
}

static void lines_before_3_10_are_the_interpreters_own(void **state)
{
	(void)state;
	expect_interpreters_lines(8, 8);
	expect_interpreters_lines(9, 9);
}

static void lines_of_3_10_are_the_interpreters_own(void **state)
{
	(void)state;
	expect_interpreters_lines(10, 10);
}

static void lines_since_3_11_are_the_interpreters_own(void **state)
{
	(void)state;
	expect_interpreters_lines(11, 11);
	expect_interpreters_lines(12, 12);
	expect_interpreters_lines(13, 13);
}

static void before_the_first_instruction_it_is_the_first_line(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LINES_FIXTURES; i++)
		assert_int_equal(line_of(&lines_fixtures[i], -2), lines_fixtures[i].first_line);
}

static void behind_the_code_there_is_no_line(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LINES_FIXTURES; i++)
		if (lines_fixtures[i].minor >= 10)
			assert_int_equal(line_of(&lines_fixtures[i], lines_fixtures[i].code_bytes),
					 0);
}

static void an_empty_table_has_no_lines_but_lnotabs_first(void **state)
{
	(void)state;
	/* a function of one line has an empty co_lnotab */
	assert_int_equal(line_in(8, NULL, 0, 7, 0), 7);
	assert_int_equal(line_in(9, NULL, 0, 7, 100), 7);
	assert_int_equal(line_in(10, NULL, 0, 7, 0), 0);
	assert_int_equal(line_in(11, NULL, 0, 7, 0), 0);
	assert_int_equal(line_in(14, NULL, 0, 7, 0), 0);
}

static void a_line_below_one_is_none(void **state)
{
	static const uint8_t pairs[] = { 2, 0x9c }; /* 100 lines back */
	static const uint8_t lnotab[] = { 0, 0x9c };
	static const uint8_t locations[] = { 0x80 | 13 << 3, 0x49, 3 }; /* -((9 | 3 << 6) >> 1) */

	(void)state;
	assert_int_equal(line_in(8, lnotab, sizeof(lnotab), 101, 0), 1);
	assert_int_equal(line_in(8, lnotab, sizeof(lnotab), 100, 0), 0);
	assert_int_equal(line_in(10, pairs, sizeof(pairs), 101, 0), 1);
	assert_int_equal(line_in(10, pairs, sizeof(pairs), 100, 0), 0);
	assert_int_equal(line_in(12, locations, sizeof(locations), 101, 0), 1);
	assert_int_equal(line_in(12, locations, sizeof(locations), 100, 0), 0);
}

static void half_a_pair_is_not_read(void **state)
{
	static const uint8_t lnotab[] = { 0, 3, 0 }, pairs[] = { 2, 3, 2 };

	(void)state;
	assert_int_equal(line_in(9, lnotab, sizeof(lnotab), 1, 50), 4);
	assert_int_equal(line_in(10, pairs, sizeof(pairs), 1, 0), 4);
	assert_int_equal(line_in(10, pairs, sizeof(pairs), 1, 2), 0);
}

static void a_number_without_its_end_is_no_line(void **state)
{
	/* the long form and the one without columns, cut in their first number */
	static const uint8_t long_form[] = { 0x80 | 14 << 3, 0x42 };
	static const uint8_t later[] = { 0x80 | 14 << 3, 2, 0, 0x40 };
	static const uint8_t no_columns[] = { 0x80 | 13 << 3 };
	static const uint8_t endless[] = { 0x80 | 13 << 3, 0x7f, 0x7f, 0x7f, 0x7f,
					   0x7f,	   0x7f, 0x7f, 0x7f, 0 };

	(void)state;
	assert_int_equal(line_in(11, long_form, sizeof(long_form), 5, 0), 0);
	assert_int_equal(line_in(11, later, sizeof(later), 5, 0), 0);
	assert_int_equal(line_in(11, no_columns, sizeof(no_columns), 5, 0), 0);
	assert_int_equal(line_in(11, endless, sizeof(endless), 5, 0), 0);
}

static void an_entry_without_its_mark_is_no_line(void **state)
{
	static const uint8_t unmarked[] = { 0x80 | 10 << 3, 0, 0, 10 << 3, 0, 0 };

	(void)state;
	assert_int_equal(line_in(13, unmarked, sizeof(unmarked), 5, 0), 5);
	assert_int_equal(line_in(13, unmarked, sizeof(unmarked), 5, 2), 0);
}

/*
 * The copy has exactly the size of the cut table, so that a sanitiser reports a read past its end.
 */
static void every_cut_table_is_read_within_its_bounds(void **state)
{
	size_t i, size;

	(void)state;
	for (i = 0; i < LINES_FIXTURES; i++) {
		const struct lp_lines_fixture *fixture = &lines_fixtures[i];

		for (size = 0; size < fixture->table_bytes; size++) {
			uint8_t *copy = malloc(size ? size : 1);
			uint32_t cut;

			assert_non_null(copy);
			memcpy(copy, fixture->table, size);
			cut = line_in(fixture->minor, copy, size, fixture->first_line,
				      fixture->code_bytes - 2);
			/* a table without its last entries has no line for the last instruction */
			if (fixture->minor >= 10 && size + 8 < fixture->table_bytes)
				assert_int_equal(cut, 0);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_before_3_10_are_the_interpreters_own),
		cmocka_unit_test(lines_of_3_10_are_the_interpreters_own),
		cmocka_unit_test(lines_since_3_11_are_the_interpreters_own),
		cmocka_unit_test(before_the_first_instruction_it_is_the_first_line),
		cmocka_unit_test(behind_the_code_there_is_no_line),
		cmocka_unit_test(an_empty_table_has_no_lines_but_lnotabs_first),
		cmocka_unit_test(a_line_below_one_is_none),
		cmocka_unit_test(half_a_pair_is_not_read),
		cmocka_unit_test(a_number_without_its_end_is_no_line),
		cmocka_unit_test(an_entry_without_its_mark_is_no_line),
		cmocka_unit_test(every_cut_table_is_read_within_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
