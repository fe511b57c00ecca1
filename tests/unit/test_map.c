// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/map.h"

#include <string.h>

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
	assert_in_range(key, 1000000, 1 << 21);
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

/* Values are removed while they are enumerated, and all of them are enumerated. */
static void map_removes_the_value_that_was_returned(void **state)
{
	struct lp_map map = { 0 };
	bool returned[1001] = { false };
	uint64_t key, *value;
	size_t at = 0;

	(void)state;
	for (key = 1; key <= 1000; key++)
		assert_true(map_put(&map, key, key));
	while ((value = map_next(&map, &at))) {
		returned[*value] = true;
		if (*value % 3)
			map_remove_last(&map, &at);
	}
	assert_int_equal(map.count, 333);
	for (key = 1; key <= 1000; key++) {
		assert_true(returned[key]);
		if (key % 3)
			assert_null(map_get(&map, key));
		else
			assert_int_equal(*map_get(&map, key), key);
	}
	map_free(&map);
}

/* The sum of the steps of a search for each key: how many slots it looks at before its own. */
static uint64_t steps_of(const struct lp_map *map)
{
	uint64_t steps = 0, run = 0;
	size_t at;

	for (at = 0; at < map->capacity; at++) {
		run = map->slots[at].key ? run + 1 : 0;
		steps += run;
	}
	return steps;
}

/* Sets of keys that differ in few bits, as a target can choose them. */
static void map_spreads_keys_of_all_strides(void **state)
{
	unsigned int shift;
	uint64_t key;

	(void)state;
	for (shift = 0; shift <= 48; shift++) {
		struct lp_map map = { 0 };

		for (key = 1; key <= 4096; key++)
			assert_true(map_put(&map, key << shift, key));
		/* a single run of all keys has 8 million */
		assert_in_range(steps_of(&map), 4096, 200000);
		map_free(&map);
	}
}

struct entry {
	const char *text;
	int number;
};

static bool is_entry(const void *entry, const void *key)
{
	const struct entry *left = entry, *right = key;

	return left->number == right->number && !strcmp(left->text, right->text);
}

static uint64_t hash_of(const struct entry *entry)
{
	struct lp_hash hash = hash_begin();

	hash_text(&hash, entry->text);
	hash_number(&hash, (uint64_t)entry->number);
	return hash_end(&hash);
}

static void map_finds_entries_by_text_and_number(void **state)
{
	static struct entry entries[2000];
	struct entry wanted = { "two", 7 };
	struct lp_map map = { 0 };
	size_t i;

	(void)state;
	assert_null(map_find(&map, hash_of(&wanted), is_entry, &wanted));
	map_remove_entry(&map, hash_of(&wanted), &wanted);
	for (i = 0; i < 2000; i++) {
		entries[i] = (struct entry){ i % 2 ? "one" : "two", (int)(i / 2) };
		assert_true(map_add(&map, hash_of(&entries[i]), &entries[i]));
	}
	assert_ptr_equal(map_find(&map, hash_of(&wanted), is_entry, &wanted), &entries[14]);
	for (i = 0; i < 2000; i += 2)
		map_remove_entry(&map, hash_of(&entries[i]), &entries[i]);
	assert_int_equal(map.count, 1000);
	assert_null(map_find(&map, hash_of(&wanted), is_entry, &wanted));
	for (i = 1; i < 2000; i += 2)
		assert_ptr_equal(map_find(&map, hash_of(&entries[i]), is_entry, &entries[i]),
				 &entries[i]);
	map_free(&map);
}

/* Entries with the same hash are distinguished by their keys, and removed by their address. */
static void map_holds_entries_with_the_same_hash(void **state)
{
	struct entry entries[100] = { { .text = NULL } };
	struct lp_map map = { 0 };
	int i;

	(void)state;
	assert_false(map_add(&map, 0, &entries[0]));
	for (i = 0; i < 100; i++) {
		entries[i] = (struct entry){ "same", i };
		assert_true(map_add(&map, 1, &entries[i]));
	}
	for (i = 0; i < 100; i += 2)
		map_remove_entry(&map, 1, &entries[i]);
	map_remove_entry(&map, 1, &entries[0]);
	map_remove_entry(&map, 2, &entries[1]);
	assert_int_equal(map.count, 50);
	for (i = 0; i < 100; i++)
		assert_ptr_equal(map_find(&map, 1, is_entry, &entries[i]),
				 i % 2 ? &entries[i] : NULL);
	map_free(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_keeps_what_was_put),
		cmocka_unit_test(map_ends),
		cmocka_unit_test(map_finds_the_keys_that_others_were_removed_from),
		cmocka_unit_test(map_returns_each_value_once),
		cmocka_unit_test(map_removes_the_value_that_was_returned),
		cmocka_unit_test(map_spreads_keys_of_all_strides),
		cmocka_unit_test(map_finds_entries_by_text_and_number),
		cmocka_unit_test(map_holds_entries_with_the_same_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
