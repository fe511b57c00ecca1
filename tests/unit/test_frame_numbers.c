// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "symbolise/frame_numbers.h"

/* More places than get numbers of their own (PLACES_MAX in user/symbolise/frame_numbers.c). */
#define MANY 40000

static struct lp_frame_numbers *places;

static int begin(void **state)
{
	(void)state;
	places = frame_numbers_new();
	return places ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	frame_numbers_free(places);
	return 0;
}

static struct lp_frame frame_of(const char *function, const char *file, uint32_t line)
{
	struct lp_frame frame = { .line = line };

	snprintf(frame.function, sizeof(frame.function), "%s", function);
	snprintf(frame.file, sizeof(frame.file), "%s", file);
	return frame;
}

static int number_of(const struct lp_frame *frame, bool expect_new)
{
	bool is_new = !expect_new;
	int number = frame_numbers_get(places, frame, &is_new);

	assert_in_range(number, 0, LP_MAX_FRAMES - 1);
	assert_int_equal(is_new, expect_new);
	return number;
}

static void the_same_place_has_the_same_number(void **state)
{
	struct lp_frame frame = frame_of("f", "a.py", 1), other = frame_of("g", "a.py", 1), again;
	int number, other_number;

	(void)state;
	number = number_of(&frame, true);
	other_number = number_of(&other, true);
	assert_int_not_equal(number, other_number);
	/* bytes after the end of a text do not count */
	memset(&again, 0xee, sizeof(again));
	again.kind = LP_FRAME_PYTHON;
	again.coroutine = again.generated = false;
	again.line = 1;
	strcpy(again.function, "f");
	strcpy(again.file, "a.py");
	assert_int_equal(number_of(&again, false), number);
	assert_int_equal(number_of(&other, false), other_number);
}

static void places_that_differ_in_anything_are_two(void **state)
{
	struct lp_frame frames[] = {
		frame_of("f", "a.py", 1), frame_of("f", "a.py", 2), frame_of("f", "b.py", 1),
		frame_of("g", "a.py", 1), frame_of("fa.py", "", 1), frame_of("", "fa.py", 1),
		frame_of("f", "a.py", 1), frame_of("f", "a.py", 1), frame_of("f", "a.py", 1),
		frame_of("f", "a.py", 1),
	};
	size_t count = sizeof(frames) / sizeof(frames[0]), i;

	(void)state;
	frames[count - 4].generated = true;
	frames[count - 3].coroutine = true;
	frames[count - 2].kind = LP_FRAME_NATIVE;
	frames[count - 1].kind = LP_FRAME_KERNEL;
	for (i = 0; i < count; i++)
		number_of(&frames[i], true);
	for (i = 0; i < count; i++)
		assert_int_equal(number_of(&frames[i], false), (int)i);
}

static void texts_of_full_length_are_compared_to_their_end(void **state)
{
	struct lp_frame frame = { .line = 1 };
	int number;

	(void)state;
	memset(frame.function, 'f', sizeof(frame.function) - 1);
	memset(frame.file, 'g', sizeof(frame.file) - 1);
	number = number_of(&frame, true);
	frame.file[sizeof(frame.file) - 2] = 'h';
	assert_int_not_equal(number_of(&frame, true), number);
	frame.file[sizeof(frame.file) - 2] = 'g';
	assert_int_equal(number_of(&frame, false), number);
}

/*
 * Asks for MANY places, numbered after `before` ones.  Returns the number that the last ones share.
 */
static int fill(int before)
{
	int number = 0, shared = -1;
	bool is_new;
	uint32_t i;

	for (i = 1; i <= MANY; i++) {
		struct lp_frame frame = frame_of("f", "a.py", i);

		number = frame_numbers_get(places, &frame, &is_new);
		assert_in_range(number, 0, LP_MAX_FRAMES - 1);
		if (shared >= 0) {
			assert_int_equal(number, shared);
			assert_false(is_new);
		} else if (number == before) {
			shared = number;
			assert_false(is_new);
		} else {
			assert_int_equal(number, before + 1);
			assert_true(is_new);
		}
		before = number;
	}
	assert_int_not_equal(shared, -1);
	return shared;
}

static void what_comes_too_late_shares_a_number(void **state)
{
	struct lp_frame late = frame_of("late", "b.py", 7);
	int shared = fill(-1);

	(void)state;
	assert_int_equal(number_of(&late, false), shared);
	late.line = 8;
	assert_int_equal(number_of(&late, false), shared);
}

static void a_place_that_has_a_number_keeps_it(void **state)
{
	struct lp_frame early = frame_of("early", "b.py", 7);
	int number;

	(void)state;
	number = number_of(&early, true);
	fill(number);
	assert_int_equal(number_of(&early, false), number);
}

static void nothing_may_be_freed(void **state)
{
	(void)state;
	frame_numbers_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_place_has_the_same_number),
		TEST(places_that_differ_in_anything_are_two),
		TEST(texts_of_full_length_are_compared_to_their_end),
		TEST(what_comes_too_late_shares_a_number),
		TEST(a_place_that_has_a_number_keeps_it),
		TEST(nothing_may_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
