// SPDX-License-Identifier: BSD-2-Clause
/* The name that a thread asks a name server for is read from the query on its stack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "process/name_query.h"

#define ADDRESS 0x7ffe10000000ULL
#define STACK_BYTES 1024
#define VARIABLES 288

static uint8_t stack[STACK_BYTES];
static char name[LP_DNS_NAME_BYTES];

/* A query for the address of a name, as the resolver of glibc sends it. */
static const uint8_t query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
			       "\x03"
			       "api\x07"
			       "example\x03"
			       "org\x00\x00\x01\x00\x01";
static const uint8_t other[] = "\x12\x34\x01\x20\x00\x01\x00\x00\x00\x00\x00\x01"
			       "\x02"
			       "db\x05"
			       "local\x00\x00\x1c\x00\x01";

static void put_word(size_t at, uint64_t word)
{
	memcpy(stack + at, &word, sizeof(word));
}

static void put_query(size_t at, const uint8_t *bytes, size_t count)
{
	memcpy(stack + at, bytes, count);
}

static bool find(void)
{
	return name_query_find(stack, sizeof(stack), ADDRESS, VARIABLES, name);
}

static int clear(void **state)
{
	(void)state;
	memset(stack, 0, sizeof(stack));
	return 0;
}

static void the_query_that_a_variable_points_to_has_the_name(void **state)
{
	(void)state;
	put_query(601, query, sizeof(query));
	put_word(64, ADDRESS + 601);
	assert_true(find());
	assert_string_equal(name, "api.example.org");
}

static void a_query_that_no_variable_points_to_is_left_of_an_earlier_call(void **state)
{
	(void)state;
	put_query(600, query, sizeof(query));
	assert_false(find());
	/* a pointer that is none of the variables is left of it, too */
	put_word(VARIABLES, ADDRESS + 600);
	assert_false(find());
	put_query(700, other, sizeof(other));
	put_word(64, ADDRESS + 700);
	assert_true(find());
	assert_string_equal(name, "db.local");
}

static void two_queries_have_a_name_only_if_it_is_the_same(void **state)
{
	(void)state;
	put_query(600, query, sizeof(query));
	put_word(64, ADDRESS + 600);
	put_query(700, query, sizeof(query));
	put_word(72, ADDRESS + 700);
	assert_true(find());
	assert_string_equal(name, "api.example.org");
	put_query(700, other, sizeof(other));
	assert_false(find());
}

/* Returns whether a query with another byte at a place is one. */
static bool find_with(size_t at, uint8_t byte)
{
	put_query(600, query, sizeof(query));
	stack[600 + at] = byte;
	put_word(64, ADDRESS + 600);
	return find();
}

static void what_is_no_query_has_no_name(void **state)
{
	(void)state;
	assert_true(find_with(0, 0xff));
	assert_false(find_with(2, 0x81)); /* an answer */
	assert_false(find_with(3, 0x03)); /* with an error */
	assert_false(find_with(5, 2)); /* two questions */
	assert_false(find_with(7, 1)); /* an answer in it */
	assert_false(find_with(12, 0)); /* no name */
	assert_false(find_with(12, 0xc0)); /* a pointer to another name */
	assert_false(find_with(12, 63)); /* a label past the type */
	assert_false(find_with(13, '\x1b'));
	assert_false(find_with(13, ' '));
	assert_false(find_with(13, 0xc3));
	assert_false(find_with(sizeof(query) - 4, 0x7f)); /* another type */
	assert_false(find_with(sizeof(query) - 2, 3)); /* another class */
}

static void a_query_that_is_cut_is_not_read_past_the_end(void **state)
{
	size_t bytes;

	(void)state;
	put_query(STACK_BYTES - sizeof(query), query, sizeof(query));
	put_word(64, ADDRESS + STACK_BYTES - sizeof(query));
	/* the literal has one byte more */
	assert_true(name_query_find(stack, STACK_BYTES - 1, ADDRESS, VARIABLES, name));
	for (bytes = 0; bytes < STACK_BYTES - 1; bytes++)
		assert_false(name_query_find(stack, bytes, ADDRESS, VARIABLES, name));
}

static void a_name_longer_than_the_protocol_allows_is_none(void **state)
{
	uint8_t *at = stack + 600;
	size_t i;

	(void)state;
	memcpy(at, query, 12);
	for (i = 12; i < 12 + 5 * 64; i += 64) {
		at[i] = 63;
		memset(at + i + 1, 'a', 63);
	}
	memcpy(at + i, "\0\0\1\0\1", 5);
	put_word(64, ADDRESS + 600);
	assert_false(find());
	/* 3 labels of 63 and one of 61 are 253 characters */
	at[12 + 192] = 61;
	memcpy(at + 12 + 192 + 62, "\0\0\1\0\1", 5);
	assert_true(find());
	assert_int_equal(strlen(name), 253);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, clear)
	const struct CMUnitTest tests[] = {
		TEST(the_query_that_a_variable_points_to_has_the_name),
		TEST(a_query_that_no_variable_points_to_is_left_of_an_earlier_call),
		TEST(two_queries_have_a_name_only_if_it_is_the_same),
		TEST(what_is_no_query_has_no_name),
		TEST(a_query_that_is_cut_is_not_read_past_the_end),
		TEST(a_name_longer_than_the_protocol_allows_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
