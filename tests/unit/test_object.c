// SPDX-License-Identifier: BSD-2-Clause
/* Objects laid out as in several versions of CPython, in this process, which reads itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "runtime/cpython/objects/object.h"

/* A PyLongObject. */
struct number {
	uint64_t references;
	uint64_t type;
	uint64_t head; /* ob_size, or lv_tag */
	uint32_t digits[2];
};

static bool is_positive(unsigned int minor, struct number number)
{
	const struct lp_cpython python = { .pid = getpid(),
					   .minor = minor,
					   .row = *cpython_row(minor) };

	return cpython_is_positive(&python, (uintptr_t)&number);
}

/* A Python task counts its cancel() calls: the second one is no less a cancellation. */
static void any_count_is_positive(void **state)
{
	uint32_t count;

	(void)state;
	for (count = 1; count < 5; count++) {
		assert_true(is_positive(11, (struct number){ .head = 1, .digits = { count } }));
		assert_true(is_positive(13, (struct number){ .head = 8, .digits = { count } }));
	}
	/* 2^30 has the digits 0 and 1 */
	assert_true(is_positive(11, (struct number){ .head = 2, .digits = { 0, 1 } }));
	assert_true(is_positive(13, (struct number){ .head = 16, .digits = { 0, 1 } }));
}

static void zero_and_less_are_not(void **state)
{
	const uint64_t minus_one = UINT64_MAX;
	const struct lp_cpython python = { .pid = getpid(), .row = *cpython_row(13) };

	(void)state;
	/* False is the int 0 */
	assert_false(is_positive(11, (struct number){ .head = 0 }));
	assert_false(is_positive(13, (struct number){ .head = 1 }));
	assert_false(is_positive(11, (struct number){ .head = minus_one, .digits = { 1 } }));
	assert_false(is_positive(13, (struct number){ .head = 8 | 2, .digits = { 1 } }));
	/* not readable */
	assert_false(cpython_is_positive(&python, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_count_is_positive),
		cmocka_unit_test(zero_and_less_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
