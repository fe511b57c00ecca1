// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/text.h"

#define U_FFFD "\xef\xbf\xbd"

static void expect_sanitised(const char *text, const char *expected)
{
	/* on the heap, so that a sanitiser reports a read past its end */
	char *copy = strdup(text);

	assert_non_null(copy);
	text_sanitise(copy);
	assert_string_equal(copy, expected);
	free(copy);
}

static void ordinary_text_of_any_script_stays(void **state)
{
	(void)state;
	expect_sanitised("", "");
	expect_sanitised("plain ~!", "plain ~!");
	expect_sanitised("gr\xc3\xb6\xc3\x9f"
			 "e",
			 "gr\xc3\xb6\xc3\x9f"
			 "e");
	expect_sanitised("\xe4\xbb\xbb\xe5\x8b\x99", "\xe4\xbb\xbb\xe5\x8b\x99");
	expect_sanitised("\xf0\x9f\x90\x8d", "\xf0\x9f\x90\x8d");
	/*
	 * the first and last character of each length: U+00A0, U+07FF, U+0800, U+FFFD, U+10000,
	 * U+10FFFF
	 */
	expect_sanitised("\xc2\xa0\xdf\xbf", "\xc2\xa0\xdf\xbf");
	expect_sanitised("\xe0\xa0\x80" U_FFFD, "\xe0\xa0\x80" U_FFFD);
	expect_sanitised("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void bytes_that_are_no_utf8_become_question_marks(void **state)
{
	(void)state;
	expect_sanitised("a\x80z", "a?z");
	expect_sanitised("a\xffz\xfe", "a?z?");
	expect_sanitised("\xc3", "?");
	expect_sanitised("\xe4\xbb", "??");
	expect_sanitised("\xf0\x9f\x90", "???");
	expect_sanitised("\xe4\xbbz", "??z");
	expect_sanitised("\xf8\x88\x80\x80\x80", "?????");
	/* an incomplete sequence does not swallow the next one */
	expect_sanitised("\xe4\xc3\xb6", "?\xc3\xb6");
}

static void overlong_forms_are_not_taken(void **state)
{
	(void)state;
	expect_sanitised("\xc0\x80", "??");
	expect_sanitised("\xc1\xbf", "??");
	expect_sanitised("\xc0\x9b[31m", "??[31m");
	expect_sanitised("\xe0\x9f\xbf", "???");
	expect_sanitised("\xf0\x8f\xbf\xbf", "????");
}

static void surrogates_and_what_lies_over_unicode_are_not_taken(void **state)
{
	(void)state;
	expect_sanitised("\xed\xa0\x80", "???");
	expect_sanitised("\xed\xbf\xbf", "???");
	expect_sanitised("\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80");
	expect_sanitised("\xf4\x90\x80\x80", "????");
	expect_sanitised("\xf7\xbf\xbf\xbf", "????");
}

static void every_control_character_becomes_one_question_mark(void **state)
{
	unsigned int point;

	(void)state;
	for (point = 1; point < 0x20; point++)
		expect_sanitised((char[]){ 'a', (char)point, 'z', 0 }, "a?z");
	expect_sanitised("a\x7fz", "a?z");
	for (point = 0x80; point < 0xa0; point++)
		expect_sanitised((char[]){ 'a', '\xc2', (char)point, 'z', 0 }, "a?z");
}

static void escape_sequences_lose_their_beginning(void **state)
{
	(void)state;
	expect_sanitised("\x1b[31mred\x1b[0m", "?[31mred?[0m");
	expect_sanitised("\x1b]0;title\x07", "?]0;title?");
	expect_sanitised("\xc2\x9b"
			 "2J",
			 "?2J");
	expect_sanitised("one\r\ntwo\ttabs", "one??two?tabs");
}

static void characters_that_turn_or_hide_text_are_replaced(void **state)
{
	static const char *const controls[] = {
		"\xd8\x9c",	"\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9",
		"\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae",
		"\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9", "\xef\xbb\xbf",
		"\xcd\x8f",	"\xe1\x9e\xb4", "\xe1\x9e\xb5", "\xe1\xa0\x8b", "\xe1\xa0\x8f",
		"\xe2\xa0\x80",
	};
	char text[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		snprintf(text, sizeof(text), "a%sz", controls[i]);
		expect_sanitised(text, "a?z");
	}
	/* characters next to those: a dash, a bullet, U+2070 */
	expect_sanitised("\xe2\x80\x90\xe2\x80\xa2\xe2\x81\xb0",
			 "\xe2\x80\x90\xe2\x80\xa2\xe2\x81\xb0");
}

static void expect_code_points(const void *data, size_t bytes, unsigned int width,
			       const char *expected)
{
	char text[64];
	size_t length = text_from_code_points(data, bytes, width, text, sizeof(text));

	assert_string_equal(text, expected);
	assert_int_equal(length, strlen(expected));
}

static void a_str_of_each_width_becomes_utf8(void **state)
{
	static const uint8_t latin[] = { 'T', 0xe2, 's', 'k', 0xff };
	static const uint16_t wide[] = { 0x4efb, 0x52d9, 'x', 0x7ff, 0x800 };
	static const uint32_t widest[] = { 0x1f40d, ' ', 0xe9, 0x10ffff };

	(void)state;
	expect_code_points("plain", 5, 1, "plain");
	expect_code_points(latin, sizeof(latin), 1, "T\xc3\xa2sk\xc3\xbf");
	expect_code_points(wide, sizeof(wide), 2, "\xe4\xbb\xbb\xe5\x8b\x99x\xdf\xbf\xe0\xa0\x80");
	expect_code_points(widest, sizeof(widest), 4, "\xf0\x9f\x90\x8d \xc3\xa9\xf4\x8f\xbf\xbf");
}

static void characters_that_utf8_has_not_are_replaced(void **state)
{
	static const uint16_t surrogates[] = { 0xd800, 'a', 0xdfff, 0xd7ff, 0xe000 };
	static const uint32_t dropped[] = { 0x110000, 0xffffffff, 'a', 0xdc80 };

	(void)state;
	expect_code_points(surrogates, sizeof(surrogates), 2,
			   U_FFFD "a" U_FFFD "\xed\x9f\xbf\xee\x80\x80");
	expect_code_points(dropped, sizeof(dropped), 4, U_FFFD U_FFFD "a" U_FFFD);
}

static void a_nul_inside_does_not_end_the_text(void **state)
{
	static const uint16_t wide[] = { 'a', 0, 'b' };

	(void)state;
	expect_code_points("a\0b", 3, 1, "a" U_FFFD "b");
	expect_code_points(wide, sizeof(wide), 2, "a" U_FFFD "b");
}

static void half_a_character_at_the_end_is_left_out(void **state)
{
	static const uint32_t widest[] = { 'a', 'b' };

	(void)state;
	expect_code_points("a\0b", 3, 2, "a");
	expect_code_points(widest, 7, 4, "a");
	expect_code_points(widest, 3, 4, "");
}

static void an_unknown_width_is_no_text(void **state)
{
	(void)state;
	expect_code_points("abcdef", 6, 0, "");
	expect_code_points("abcdef", 6, 3, "");
	expect_code_points("abcdefgh", 8, 8, "");
}

static void what_does_not_fit_is_cut_at_a_character(void **state)
{
	static const uint16_t wide[] = { 0x4efb, 0x52d9 };
	size_t size;
	char *text;

	(void)state;
	for (size = 1; size <= 7; size++) {
		text = malloc(size);
		assert_non_null(text);
		assert_int_equal(text_from_code_points(wide, sizeof(wide), 2, text, size),
				 (size - 1) / 3 * 3);
		assert_int_equal(strlen(text), (size - 1) / 3 * 3);
		free(text);
	}
	assert_int_equal(text_from_code_points(wide, sizeof(wide), 2, NULL, 0), 0);
}

static void expect_copy(const char *from, size_t size, const char *expected)
{
	char *to = malloc(size), *copy = strdup(from);

	assert_non_null(to);
	assert_non_null(copy);
	text_copy(to, size, copy);
	assert_string_equal(to, expected);
	free(copy);
	free(to);
}

static void a_copy_is_cut_at_a_character_and_sanitised(void **state)
{
	(void)state;
	expect_copy("abc", 4, "abc");
	expect_copy("abc", 3, "ab");
	expect_copy("abc", 1, "");
	expect_copy("\x1b[0m", 5, "?[0m");
	expect_copy("a\xe4\xbb\xbb", 5, "a\xe4\xbb\xbb");
	expect_copy("a\xe4\xbb\xbb", 4, "a");
	expect_copy("a\xe4\xbb\xbb", 3, "a");
	expect_copy("\xf0\x9f\x90\x8d\xf0\x9f\x90\x8d", 8, "\xf0\x9f\x90\x8d");
	/* the cut is between two characters */
	expect_copy("\xc3\xb6\xc3\xb6", 3, "\xc3\xb6");
}

static void a_copy_of_no_size_writes_nothing(void **state)
{
	char to = 'x';

	(void)state;
	text_copy(&to, 0, "abc");
	assert_int_equal(to, 'x');
}

static void a_path_ends_with_its_last_parts(void **state)
{
	(void)state;
	assert_string_equal(text_path_end("/a/b/c.py", 2), "b/c.py");
	assert_string_equal(text_path_end("/a/b/c.py", 1), "c.py");
	assert_string_equal(text_path_end("/a/b/c.py", 3), "a/b/c.py");
	assert_string_equal(text_path_end("/a/b/c.py", 4), "/a/b/c.py");
	assert_string_equal(text_path_end("b/c.py", 9), "b/c.py");
	assert_string_equal(text_path_end("c.py", 2), "c.py");
	assert_string_equal(text_path_end("<frozen importlib>", 2), "<frozen importlib>");
	assert_string_equal(text_path_end("", 2), "");
}

static void a_path_end_points_into_the_path(void **state)
{
	const char *path = "/srv/app/main.py";

	(void)state;
	assert_ptr_equal(text_path_end(path, 2), path + 5);
}

static void expect_duration(uint64_t ns, const char *expected)
{
	char text[16];

	text_duration(text, sizeof(text), ns);
	assert_string_equal(text, expected);
}

static void times_have_three_digits(void **state)
{
	(void)state;
	expect_duration(0, "0 ns");
	expect_duration(7, "7 ns");
	expect_duration(1234, "1.23 us");
	expect_duration(312345678, "312 ms");
	expect_duration(9020000000, "9.02 s");
	expect_duration(45600000, "45.6 ms");
	expect_duration(1234000000000, "1234 s");
}

static void times_round_to_the_next_unit_rather_than_to_four_digits(void **state)
{
	(void)state;
	expect_duration(999, "999 ns");
	expect_duration(1000, "1.00 us");
	expect_duration(999499, "999 us");
	expect_duration(999500, "1.00 ms");
	expect_duration(999499999, "999 ms");
	expect_duration(999500000, "1.00 s");
	expect_duration(9999499999999, "9999 s");
	expect_duration(9999500000000, "2.8 h");
}

static void times_round_within_a_unit_rather_than_to_four_digits(void **state)
{
	(void)state;
	expect_duration(9994, "9.99 us");
	expect_duration(9996, "10.0 us");
	expect_duration(99940, "99.9 us");
	expect_duration(99960, "100 us");
	expect_duration(99940000000, "99.9 s");
	expect_duration(99960000000, "100 s");
}

static void a_time_takes_eight_bytes_for_more_than_a_year(void **state)
{
	uint64_t ns = 1;
	char text[16];

	(void)state;
	for (; ns < 9999ULL * 3600 * 1000000000; ns += ns / 100 + 1) {
		text_duration(text, sizeof(text), ns);
		if (strlen(text) > 8)
			fail_msg("%s", text);
	}
}

static void wide_characters_have_two_columns(void **state)
{
	(void)state;
	assert_int_equal(text_columns(""), 0);
	assert_int_equal(text_columns("abc"), 3);
	assert_int_equal(text_columns("gr\xc3\xb6\xc3\x9f"
				      "e"),
			 5);
	assert_int_equal(text_columns("\xe4\xbb\xbb\xf0\x9f\x90\x8d!"), 5);
	/* Hangul fillers, which are replaced by a question mark each */
	assert_int_equal(text_columns("\xe1\x85\x9f\xe3\x85\xa4"), 2);
}

/* No part takes more columns than there are, and no character is split. */
static void text_is_cut_by_columns(void **state)
{
	static const char text[] = "a\xe4\xbb\xbb\xf0\x9f\x90\x8d\xc3\xb6";
	static const size_t begin[] = { 0, 1, 1, 4, 4, 8, 10, 10 };
	static const size_t end[] = { 10, 8, 8, 4, 4, 1, 0, 0 };
	char ascii[sizeof(text)];
	size_t columns, length;

	(void)state;
	assert_int_equal(text_columns(text), 6);
	for (columns = 0; columns < ARRAY_SIZE(begin); columns++) {
		assert_int_equal(text_head_bytes(text, strlen(text), columns), begin[columns]);
		assert_ptr_equal(text_tail(text, columns), text + end[columns]);
	}
	length = text_make_ascii(text, strlen(text), ascii);
	assert_int_equal(length, 6);
	assert_memory_equal(ascii, "a?????", 6);
}

static void a_chosen_time_is_printed_as_it_was_given(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 1, "1 ns" },
		{ 1500, "1.5 us" },
		{ 100000000, "100 ms" },
		{ 12345678, "12.345678 ms" },
		{ 1500000000, "1.5 s" },
		{ 0, "0 ns" },
		{ 3600000000000, "3600 s" },
		{ 999999999, "999.999999 ms" },
	};
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_round_duration(text, sizeof(text), cases[i].ns);
		assert_string_equal(text, cases[i].text);
	}
}

static void a_noun_after_one_is_singular(void **state)
{
	(void)state;
	assert_string_equal(text_plural(0), "s");
	assert_string_equal(text_plural(1), "");
	assert_string_equal(text_plural(2), "s");
	assert_string_equal(text_plural(UINT64_MAX), "s");
}

static size_t append(char *text, size_t size, size_t length, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static size_t append(char *text, size_t size, size_t length, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	length = text_append(text, size, length, format, arguments);
	va_end(arguments);
	return length;
}

static void what_does_not_fit_behind_a_text_is_cut(void **state)
{
	char text[8] = "";
	size_t length = append(text, sizeof(text), 0, "%d", 123);

	(void)state;
	assert_int_equal(length, 3);
	length = append(text, sizeof(text), length, "%s", "");
	assert_int_equal(length, 3);
	length = append(text, sizeof(text), length, "%s", "45678");
	assert_int_equal(length, 7);
	assert_string_equal(text, "1234567");
	length = append(text, sizeof(text), length, "%s", "9");
	assert_int_equal(length, 7);
	assert_string_equal(text, "1234567");
}

static void a_number_has_no_exponent(void **state)
{
	static const struct {
		double value;
		const char *text;
	} numbers[] = { { 10870, "10870" },  { 9999.6, "10000" },  { 9999.4, "9999" },
			{ 12.345, "12.35" }, { 0.0042, "0.0042" }, { 0.00001, "0" },
			{ 0, "0" } };
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		text_number(text, sizeof(text), numbers[i].value);
		assert_string_equal(text, numbers[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_has_no_exponent),
		cmocka_unit_test(ordinary_text_of_any_script_stays),
		cmocka_unit_test(what_does_not_fit_behind_a_text_is_cut),
		cmocka_unit_test(bytes_that_are_no_utf8_become_question_marks),
		cmocka_unit_test(overlong_forms_are_not_taken),
		cmocka_unit_test(surrogates_and_what_lies_over_unicode_are_not_taken),
		cmocka_unit_test(every_control_character_becomes_one_question_mark),
		cmocka_unit_test(escape_sequences_lose_their_beginning),
		cmocka_unit_test(characters_that_turn_or_hide_text_are_replaced),
		cmocka_unit_test(a_str_of_each_width_becomes_utf8),
		cmocka_unit_test(characters_that_utf8_has_not_are_replaced),
		cmocka_unit_test(a_nul_inside_does_not_end_the_text),
		cmocka_unit_test(half_a_character_at_the_end_is_left_out),
		cmocka_unit_test(an_unknown_width_is_no_text),
		cmocka_unit_test(what_does_not_fit_is_cut_at_a_character),
		cmocka_unit_test(a_copy_is_cut_at_a_character_and_sanitised),
		cmocka_unit_test(a_copy_of_no_size_writes_nothing),
		cmocka_unit_test(a_path_ends_with_its_last_parts),
		cmocka_unit_test(a_path_end_points_into_the_path),
		cmocka_unit_test(times_have_three_digits),
		cmocka_unit_test(times_round_to_the_next_unit_rather_than_to_four_digits),
		cmocka_unit_test(times_round_within_a_unit_rather_than_to_four_digits),
		cmocka_unit_test(a_time_takes_eight_bytes_for_more_than_a_year),
		cmocka_unit_test(a_chosen_time_is_printed_as_it_was_given),
		cmocka_unit_test(a_noun_after_one_is_singular),
		cmocka_unit_test(wide_characters_have_two_columns),
		cmocka_unit_test(text_is_cut_by_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
