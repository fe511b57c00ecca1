// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

static uint64_t hash_of_texts(const char *first, const char *second)
{
	struct lp_hash hash = hash_begin();

	hash_text(&hash, first);
	hash_text(&hash, second);
	return hash_end(&hash);
}

static uint64_t hash_of_number(uint64_t number)
{
	struct lp_hash hash = hash_begin();

	hash_number(&hash, number);
	return hash_end(&hash);
}

static void hash_is_of_the_contents(void **state)
{
	char copy[] = "a text that is longer than a word", unaligned[40] = "";

	(void)state;
	memcpy(unaligned + 3, copy, sizeof(copy));
	assert_true(hash_of_texts(copy, "x") == hash_of_texts(unaligned + 3, "x"));
	assert_true(hash_of_number(5) == hash_of_number(5));
	assert_true(hash_of_number(0) != 0);
}

static void hash_differs_where_pieces_end(void **state)
{
	(void)state;
	assert_true(hash_of_texts("ab", "c") != hash_of_texts("a", "bc"));
	assert_true(hash_of_texts("", "abcdefgh") != hash_of_texts("abcdefgh", ""));
	assert_true(hash_of_texts("a", "b") != hash_of_texts("b", "a"));
	assert_true(hash_of_texts("", "") != hash_of_number(0));
}

/* SipHash's bits are independent: each of 64 keys, which differ in one bit, changes about half. */
static void hash_spreads_single_bits(void **state)
{
	uint64_t before = hash_of_number(0), changed = 0;
	size_t bit;

	(void)state;
	for (bit = 0; bit < 64; bit++)
		changed += (uint64_t)__builtin_popcountll(before ^ hash_of_number(1ULL << bit));
	assert_in_range(changed / 64, 24, 40);
}

static void hash_multiplier_is_odd_and_constant(void **state)
{
	(void)state;
	assert_int_equal(hash_multiplier() & 1, 1);
	assert_true(hash_multiplier() == hash_multiplier());
	assert_true(hash_multiplier() != 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_of_the_contents),
		cmocka_unit_test(hash_differs_where_pieces_end),
		cmocka_unit_test(hash_spreads_single_bits),
		cmocka_unit_test(hash_multiplier_is_odd_and_constant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
