// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/intern.h"

static void the_same_bytes_have_one_number(void **state)
{
	struct lp_intern intern;
	uint32_t first, second, again, empty;
	size_t size;

	(void)state;
	intern_init(&intern, 10, 1000);
	assert_int_equal(intern_number(&intern, "one", 4, &first), 0);
	assert_int_equal(intern_number(&intern, "two", 4, &second), 0);
	assert_int_equal(intern_number(&intern, "one", 4, &again), 0);
	assert_int_equal(intern_number(&intern, "", 0, &empty), 0);
	assert_int_equal(first, 0);
	assert_int_equal(second, 1);
	assert_int_equal(again, 0);
	assert_int_equal(empty, 2);
	assert_string_equal(intern_piece(&intern, 1, &size), "two");
	assert_int_equal(size, 4);
	/* a prefix of a piece is another piece */
	assert_int_equal(intern_number(&intern, "one", 3, &again), 0);
	assert_int_equal(again, 3);
	intern_free(&intern);
}

static void many_pieces_keep_their_numbers(void **state)
{
	struct lp_intern intern;
	uint32_t i, number;

	(void)state;
	intern_init(&intern, UINT32_MAX, SIZE_MAX);
	for (i = 0; i < 50000; i++) {
		assert_int_equal(intern_number(&intern, &i, sizeof(i), &number), 0);
		assert_int_equal(number, i);
	}
	for (i = 0; i < 50000; i++) {
		assert_int_equal(intern_number(&intern, &i, sizeof(i), &number), 0);
		assert_int_equal(number, i);
		assert_memory_equal(intern_piece(&intern, i, NULL), &i, sizeof(i));
	}
	assert_int_equal(intern.count, 50000);
	intern_free(&intern);
}

static void both_bounds_hold(void **state)
{
	struct lp_intern intern;
	char large[64] = "large";
	uint32_t number;

	(void)state;
	intern_init(&intern, 2, 40);
	assert_int_equal(intern_number(&intern, large, sizeof(large), &number), -ENOSPC);
	assert_int_equal(intern_number(&intern, "a", 1, &number), 0);
	assert_int_equal(intern_number(&intern, large, 30, &number), -ENOSPC);
	assert_int_equal(intern_number(&intern, "b", 1, &number), 0);
	assert_int_equal(intern_number(&intern, "c", 1, &number), -ENOSPC);
	assert_int_equal(intern_number(&intern, "a", 1, &number), 0);
	assert_int_equal(number, 0);
	intern_free(&intern);
}

static void a_set_is_crowded_once_it_is_more_than_half_full(void **state)
{
	struct lp_intern intern;
	uint32_t number;

	(void)state;
	intern_init(&intern, 4, 100);
	assert_false(intern_is_crowded(&intern));
	assert_int_equal(intern_number(&intern, "a", 1, &number), 0);
	assert_int_equal(intern_number(&intern, "b", 1, &number), 0);
	assert_false(intern_is_crowded(&intern));
	assert_int_equal(intern_number(&intern, "c", 1, &number), 0);
	assert_true(intern_is_crowded(&intern));
	intern_free(&intern);
	assert_int_equal(intern_number(&intern,
				       "0123456789012345678901234567890123456789012345678901", 52,
				       &number),
			 0);
	assert_true(intern_is_crowded(&intern));
	intern_free(&intern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_bytes_have_one_number),
		cmocka_unit_test(many_pieces_keep_their_numbers),
		cmocka_unit_test(both_bounds_hold),
		cmocka_unit_test(a_set_is_crowded_once_it_is_more_than_half_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
