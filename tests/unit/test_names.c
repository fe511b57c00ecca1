// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/names.h"

static const struct {
	const char *(*name)(size_t number);
	size_t count;
} sets[] = {
	{ cause_name, LP_CAUSE_KINDS },
	{ lost_kind_name, LP_LOST_KINDS },
	{ limited_kind_name, LP_LIMITED_KINDS },
	{ end_reason_name, LP_RUN_END_REASONS },
	{ callback_kind_name, LP_MODEL_CALLBACK + 1 },
	{ outcome_name, LP_OUTCOMES },
	{ frame_kind_name, LP_FRAME_KINDS },
};

/* A kind without a word would print as "(null)", and two kinds with one word could not be
 * distinguished. */
static void test_each_kind_has_a_word_of_its_own(void **state)
{
	size_t i, j, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		for (j = 0; j < sets[i].count; j++) {
			assert_non_null(sets[i].name(j));
			assert_int_not_equal(strlen(sets[i].name(j)), 0);
			for (k = 0; k < j; k++)
				assert_string_not_equal(sets[i].name(j), sets[i].name(k));
		}
	}
}

static void test_other_numbers_have_none(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		assert_string_equal(sets[i].name(sets[i].count), "");
		assert_string_equal(sets[i].name(SIZE_MAX), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind_has_a_word_of_its_own),
		cmocka_unit_test(test_other_numbers_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
