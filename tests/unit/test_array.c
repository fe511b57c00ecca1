// SPDX-License-Identifier: BSD-2-Clause
/* Arrays that grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"

static void it_doubles_until_there_is_space(void **state)
{
	uint32_t *items = NULL;
	size_t capacity = 0;

	(void)state;
	assert_true(ARRAY_RESERVE(items, capacity, 1, 3));
	assert_int_equal(capacity, 3);
	items[2] = 7;
	assert_true(ARRAY_RESERVE(items, capacity, 3, 3));
	assert_int_equal(capacity, 3);
	assert_true(ARRAY_RESERVE(items, capacity, 13, 3));
	assert_int_equal(capacity, 24);
	assert_int_equal(items[2], 7);
	items[23] = 8;
	free(items);
}

static void new_elements_are_zero_if_asked_for(void **state)
{
	static const uint64_t zeros[12];
	uint64_t *items = NULL;
	size_t capacity = 0;

	(void)state;
	assert_true(ARRAY_RESERVE_ZEROED(items, capacity, 4, 4));
	assert_memory_equal(items, zeros, 4 * sizeof(*items));
	items[3] = 9;
	assert_true(ARRAY_RESERVE_ZEROED(items, capacity, 9, 4));
	assert_int_equal(capacity, 16);
	assert_int_equal(items[3], 9);
	assert_memory_equal(items + 4, zeros, sizeof(zeros));
	free(items);
}

static void without_memory_it_is_as_before(void **state)
{
	uint64_t *items = NULL;
	size_t capacity = 0;

	(void)state;
	assert_true(ARRAY_RESERVE(items, capacity, 2, 2));
	items[1] = 5;
	assert_false(ARRAY_RESERVE(items, capacity, SIZE_MAX / 4, 2));
	assert_false(ARRAY_RESERVE(items, capacity, SIZE_MAX, 2));
	assert_int_equal(capacity, 2);
	assert_int_equal(items[1], 5);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_doubles_until_there_is_space),
		cmocka_unit_test(new_elements_are_zero_if_asked_for),
		cmocka_unit_test(without_memory_it_is_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
