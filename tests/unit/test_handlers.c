// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "handlers_fixture.h"

static bool name_of(const void *context, uint32_t number, char *text, size_t size)
{
	const struct lp_handlers_fixture *fixture = context;

	if (number >= sizeof(fixture->names) / sizeof(fixture->names[0]) || !fixture->names[number])
		return false;
	snprintf(text, size, "%s", fixture->names[number]);
	return true;
}

static struct lp_bytecode bytecode_of(const struct lp_handlers_fixture *fixture)
{
	return (struct lp_bytecode){
		.format = &cpython_row(fixture->minor)->bytecode,
		.code = fixture->code,
		.code_bytes = fixture->code_bytes,
		.table = fixture->table,
		.table_bytes = fixture->table_bytes,
		.name = name_of,
		.context = fixture,
	};
}

static void handlers_are_the_interpreters_own(void **state)
{
	size_t i, counts[16] = { 0 };

	(void)state;
	for (i = 0; i < HANDLERS_FIXTURES; i++) {
		const struct lp_handlers_fixture *fixture = &handlers_fixtures[i];
		struct lp_bytecode bytecode = bytecode_of(fixture);
		enum lp_handled handled = cpython_handled(&bytecode, fixture->instruction);

		counts[fixture->minor]++;
		if (handled != fixture->handled)
			fail_msg("3.%d %s: %d, not %d", fixture->minor, fixture->name, handled,
				 fixture->handled);
	}
	for (i = 8; i <= 15; i++)
		assert_true(counts[i] >= 20);
}

/* No exception's name can be read: a handler that may be for RuntimeError counts as one. */
static bool no_name(const void *context, uint32_t number, char *text, size_t size)
{
	(void)context;
	(void)number;
	(void)text;
	(void)size;
	return false;
}

static void what_may_be_a_handler_is_one(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < HANDLERS_FIXTURES; i++) {
		struct lp_bytecode bytecode = bytecode_of(&handlers_fixtures[i]);

		bytecode.name = no_name;
		if (!strcmp(handlers_fixtures[i].name, "none_other"))
			assert_int_equal(cpython_handled(&bytecode,
							 handlers_fixtures[i].instruction),
					 LP_HANDLED_BY_NAME);
	}
}

/* Changes each byte of code and table in turn, and cuts both anywhere: no read may be outside. */
static void damaged_code_does_no_harm(void **state)
{
	struct lp_handlers_fixture damaged;
	struct lp_bytecode bytecode;
	size_t i, at;

	(void)state;
	for (i = 0; i < HANDLERS_FIXTURES; i++) {
		for (at = 0; at < handlers_fixtures[i].code_bytes; at++) {
			damaged = handlers_fixtures[i];
			bytecode = bytecode_of(&damaged);
			damaged.code[at] ^= 0xff;
			damaged.table[at % sizeof(damaged.table)] ^= (uint8_t)at;
			cpython_handled(&bytecode, damaged.instruction);
			bytecode.code_bytes = at;
			bytecode.table_bytes = at % (damaged.table_bytes + 1);
			cpython_handled(&bytecode, damaged.instruction);
		}
		bytecode = bytecode_of(&handlers_fixtures[i]);
		assert_int_equal(cpython_handled(&bytecode, -2), LP_NOT_HANDLED);
		assert_int_equal(cpython_handled(&bytecode, INT64_MAX), LP_NOT_HANDLED);
	}
}

/* Two entries of a table: units 2 to 5 with depth 1, units 5 to 9 with depth 70 and its last bit. */
static void the_depth_is_that_of_the_innermost_handler(void **state)
{
	static const uint8_t table[] = { 0x80 | 2, 3, 20, 2, 0x80 | 5, 4, 20, 0x40 | 2, 13 };
	struct lp_bytecode bytecode = { .table = table, .table_bytes = sizeof(table) };

	(void)state;
	assert_int_equal(cpython_handler_depth(&bytecode, 2), 0);
	assert_int_equal(cpython_handler_depth(&bytecode, 4), 1);
	assert_int_equal(cpython_handler_depth(&bytecode, 9), 1);
	assert_int_equal(cpython_handler_depth(&bytecode, 10), 70);
	assert_int_equal(cpython_handler_depth(&bytecode, 17), 70);
	assert_int_equal(cpython_handler_depth(&bytecode, 18), 0);
	/* a table that is cut */
	bytecode.table_bytes = 2;
	assert_int_equal(cpython_handler_depth(&bytecode, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handlers_are_the_interpreters_own),
		cmocka_unit_test(what_may_be_a_handler_is_one),
		cmocka_unit_test(the_depth_is_that_of_the_innermost_handler),
		cmocka_unit_test(damaged_code_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
