// SPDX-License-Identifier: BSD-2-Clause
/* The test reads its own program, whose contents it knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "elf/code_search.h"

#define CAPACITY 8

/*
 * The messages to search for.  Their first letters are set at run time: otherwise the program would
 * contain each message twice.
 */
static char of_one[] = "? message that only lp_test_complains uses";
static char of_two[] = "? message of two functions";

/* noipa: the functions are neither inlined nor split, so that their symbols cover their code. */
__attribute__((noipa)) int lp_test_complains(int number)
{
	if (number < 0)
		return puts("a message that only lp_test_complains uses");
	return number + 1;
}

__attribute__((noipa)) int lp_test_complains_as_well(int number)
{
	return number ? puts("a message of two functions") : 0;
}

__attribute__((noipa)) int lp_test_complains_the_same(int number)
{
	return number > 1 ? puts("a message of two functions") : 1;
}

__attribute__((noipa)) int lp_test_calls(int number)
{
	return lp_test_complains(number + 1) + 1;
}

__attribute__((noipa)) int lp_test_calls_twice(int number)
{
	return lp_test_complains(number + 2) + lp_test_complains_as_well(number) +
	       lp_test_complains(number * 2);
}

static int open_self(void **state)
{
	struct lp_elf *elf;

	of_one[0] = 'a';
	of_two[0] = 'a';
	assert_int_equal(elf_open_file("/proc/self/exe", &elf), 0);
	*state = elf;
	return 0;
}

static int close_self(void **state)
{
	elf_close(*state);
	return 0;
}

/* The function is found by its size, as sanitizers add calls that report errors. */
static bool lies_in(const struct lp_elf *elf, uint64_t address, const char *function)
{
	uint64_t size = 0, begin = elf_symbol_size(elf, function, &size);

	return begin && address >= begin && address < begin + size;
}

static void finds_where_a_message_is_used(void **state)
{
	uint64_t uses[CAPACITY];
	size_t count = code_string_uses(*state, of_one, uses, CAPACITY);

	assert_int_equal(count, 1);
	assert_true(lies_in(*state, uses[0], "lp_test_complains"));
}

static void finds_every_use_of_a_message(void **state)
{
	uint64_t uses[CAPACITY];
	size_t count = code_string_uses(*state, of_two, uses, CAPACITY), i;
	int first = 0, second = 0;

	for (i = 0; i < count; i++) {
		first += lies_in(*state, uses[i], "lp_test_complains_as_well");
		second += lies_in(*state, uses[i], "lp_test_complains_the_same");
	}
	assert_true(first > 0);
	assert_true(second > 0);
	assert_int_equal(first + second, count);
}

static void fills_no_more_than_there_is_space_for(void **state)
{
	uint64_t uses[2] = { 0, 77 };

	assert_int_equal(code_string_uses(*state, of_two, uses, 1), 1);
	assert_int_equal(uses[1], 77);
}

static void finds_nothing_of_a_message_that_is_not_there(void **state)
{
	/* put together at run time, or else the test would contain the text */
	char text[64];
	uint64_t uses[CAPACITY];

	snprintf(text, sizeof(text), "%s%d", "no such message ", (int)sizeof(uses));
	assert_int_equal(code_string_uses(*state, text, uses, CAPACITY), 0);
}

static void finds_the_returns_of_a_function(void **state)
{
	uint64_t size = 0, begin = elf_symbol_size(*state, "lp_test_complains", &size);
	uint64_t returns[CAPACITY];
	size_t count = code_returns(*state, begin, size, returns, CAPACITY), i;

	assert_true(count > 0);
	for (i = 0; i < count; i++) {
		uint8_t code = 0;

		assert_true(lies_in(*state, returns[i], "lp_test_complains"));
		assert_int_equal(elf_bytes(*state, returns[i], &code, 1), 1);
		assert_int_equal(code, 0xc3);
	}
}

static void takes_no_function_that_is_not_in_the_file(void **state)
{
	uint64_t returns[CAPACITY];

	assert_int_equal(code_returns(*state, 1ULL << 60, 100, returns, CAPACITY), 0);
	assert_int_equal(code_returns(*state, elf_symbol(*state, "lp_test_complains"), 1ULL << 40,
				      returns, CAPACITY),
			 0);
}

static void finds_every_call_of_a_function(void **state)
{
	uint64_t calls[CAPACITY];
	size_t count = code_calls(*state, "lp_test_complains", calls, CAPACITY), i;
	int one = 0, two = 0;

	for (i = 0; i < count; i++) {
		one += lies_in(*state, calls[i], "lp_test_calls");
		two += lies_in(*state, calls[i], "lp_test_calls_twice");
	}
	assert_int_equal(one, 1);
	assert_int_equal(two, 2);
	assert_int_equal(code_calls(*state, "lp_test_is_not_there", calls, CAPACITY), 0);
}

static void finds_where_a_function_begins_without_its_symbol(void **state)
{
	uint64_t size = 0, begin = elf_symbol_size(*state, "lp_test_calls_twice", &size);

	assert_true(begin && size > 1);
	assert_int_equal(elf_function_start(*state, begin), begin);
	assert_int_equal(elf_function_start(*state, begin + size - 1), begin);
	assert_int_not_equal(elf_function_start(*state, begin - 1), begin);
	assert_int_equal(elf_function_start(*state, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_where_a_message_is_used, open_self,
						close_self),
		cmocka_unit_test_setup_teardown(finds_every_use_of_a_message, open_self,
						close_self),
		cmocka_unit_test_setup_teardown(fills_no_more_than_there_is_space_for, open_self,
						close_self),
		cmocka_unit_test_setup_teardown(finds_nothing_of_a_message_that_is_not_there,
						open_self, close_self),
		cmocka_unit_test_setup_teardown(finds_the_returns_of_a_function, open_self,
						close_self),
		cmocka_unit_test_setup_teardown(finds_every_call_of_a_function, open_self,
						close_self),
		cmocka_unit_test_setup_teardown(finds_where_a_function_begins_without_its_symbol,
						open_self, close_self),
		cmocka_unit_test_setup_teardown(takes_no_function_that_is_not_in_the_file,
						open_self, close_self),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
