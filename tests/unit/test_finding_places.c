// SPDX-License-Identifier: BSD-2-Clause
/* What is known of a finding whose process has ended before its code was read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/cpython/objects/code.h"
#include "runtime/cpython/objects/finding.h"
#include "wire/wire.h"

#define CODE_TYPE 0x7000

static void describe(uint64_t code, enum lp_finding_kind kind, struct lp_finding_places *places)
{
	static struct lp_event_raw_finding finding;
	struct lp_cpython python = { .pid = getpid(), .code_type = CODE_TYPE };

	finding = (struct lp_event_raw_finding){ .kind = kind, .depth = 1 };
	finding.frames[0].code = code;
	python.codes = cpython_codes_new();
	cpython_describe_finding(&python, &finding, places);
	cpython_codes_free(python.codes);
}

static void a_question_without_its_code_is_neither_expected_nor_a_finding(void **state)
{
	static struct lp_finding_places places;
	/* memory of another object, as after the code was freed */
	uint64_t object[64] = { 1, CODE_TYPE + 8 };

	(void)state;
	describe(8, LP_FINDING_NO_RUNNING_LOOP, &places);
	assert_true(places.unread);
	assert_false(places.expected);
	describe((uint64_t)(uintptr_t)object, LP_FINDING_NO_RUNNING_LOOP, &places);
	assert_true(places.unread);
	assert_false(places.expected);
}

static void another_finding_without_its_code_is_one(void **state)
{
	static struct lp_finding_places places;

	(void)state;
	describe(8, LP_FINDING_NEVER_AWAITED, &places);
	assert_false(places.unread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_without_its_code_is_neither_expected_nor_a_finding),
		cmocka_unit_test(another_finding_without_its_code_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
