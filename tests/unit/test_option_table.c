// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options/table.h"

static void test_names_and_letters_are_unique(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < lp_option_count; i++) {
		for (j = 0; j < i; j++) {
			assert_string_not_equal(lp_options[i].name, lp_options[j].name);
			assert_true(!lp_options[i].letter ||
				    lp_options[i].letter != lp_options[j].letter);
		}
	}
}

/* Each row says where its value goes: to a function, or to a field of the options. */
static void test_each_row_binds_its_value(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < lp_option_count; i++) {
		const struct lp_option_row *row = &lp_options[i];

		assert_int_equal(row->type == LP_OPTION_SPECIAL, row->take != NULL);
		if (row->type == LP_OPTION_FLAG)
			assert_null(row->value);
		if (row->type == LP_OPTION_SPECIAL)
			continue;
		assert_in_range(row->field, 1, sizeof(struct lp_options) - 1);
		assert_int_equal(row->type != LP_OPTION_FLAG, row->value != NULL);
		for (j = 0; j < i; j++)
			assert_true(lp_options[j].type == LP_OPTION_SPECIAL ||
				    lp_options[j].field != row->field);
	}
}

/* The key that getopt_long() returns for an option leads back to its row. */
static void test_rows_by_the_key_of_getopt(void **state)
{
	char shorts[128];
	struct option *longs = option_table_getopt(shorts, sizeof(shorts));
	size_t i;

	(void)state;
	assert_non_null(longs);
	for (i = 0; i < lp_option_count; i++)
		assert_ptr_equal(option_table_row(longs[i].val), &lp_options[i]);
	assert_null(longs[lp_option_count].name);
	assert_null(option_table_row(0));
	assert_null(option_table_row('?'));
	assert_null(option_table_row(256 + LP_OPTIONS_MAX));
	free(longs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_letters_are_unique),
		cmocka_unit_test(test_each_row_binds_its_value),
		cmocka_unit_test(test_rows_by_the_key_of_getopt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
