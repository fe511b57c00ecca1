// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"

static void map_keeps_what_was_put(void **state)
{
	struct lp_map map = { 0 };
	uint64_t key;

	(void)state;
	assert_null(map_get(&map, 1));
	assert_false(map_put(&map, 0, 1));
	for (key = 1; key <= 10000; key++)
		assert_true(map_put(&map, key << 12, key));
	assert_true(map_put(&map, 1 << 12, 7));
	assert_int_equal(map.count, 10000);
	assert_int_equal(*map_get(&map, 1 << 12), 7);
	for (key = 2; key <= 10000; key++)
		assert_int_equal(*map_get(&map, key << 12), key);
	assert_null(map_get(&map, 5));
	assert_null(map_get(&map, 0));
	map_free(&map);
}

static void map_ends(void **state)
{
	struct lp_map map = { 0 };
	uint64_t key = 1;

	(void)state;
	while (map_put(&map, key, key))
		key++;
	assert_in_range(key, 500000, 1 << 20);
	assert_int_equal(*map_get(&map, key - 1), key - 1);
	map_free(&map);
}

/* Keys that are searched for from the same slots, of which every second one is removed. */
static void map_finds_the_keys_that_others_were_removed_from(void **state)
{
	struct lp_map map = { 0 };
	uint64_t key;

	(void)state;
	for (key = 1; key <= 3000; key++)
		assert_true(map_put(&map, key, key));
	for (key = 1; key <= 3000; key += 2)
		map_remove(&map, key);
	map_remove(&map, 1);
	map_remove(&map, 0);
	assert_int_equal(map.count, 1500);
	for (key = 1; key <= 3000; key++) {
		if (key % 2)
			assert_null(map_get(&map, key));
		else
			assert_int_equal(*map_get(&map, key), key);
	}
	for (key = 2; key <= 3000; key += 2)
		map_remove(&map, key);
	assert_int_equal(map.count, 0);
	for (key = 0; key < map.capacity; key++)
		assert_int_equal(map.slots[key].key, 0);
	map_free(&map);
	map_remove(&map, 1);
}

static void map_returns_each_value_once(void **state)
{
	struct lp_map map = { 0 };
	uint64_t key, sum = 0, *value;
	size_t at = 0, count = 0;

	(void)state;
	assert_null(map_next(&map, &at));
	for (key = 1; key <= 1000; key++)
		assert_true(map_put(&map, key, key));
	for (at = 0; (value = map_next(&map, &at)); count++)
		sum += *value;
	assert_int_equal(count, 1000);
	assert_int_equal(sum, 1000 * 1001 / 2);
	map_free(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_keeps_what_was_put),
		cmocka_unit_test(map_ends),
		cmocka_unit_test(map_finds_the_keys_that_others_were_removed_from),
		cmocka_unit_test(map_returns_each_value_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
