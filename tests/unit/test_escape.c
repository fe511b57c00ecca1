// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sinks/escape.h"

#define BAD "\xef\xbf\xbd"

static void expect(void (*escape)(FILE *out, const char *text), const char *text,
		   const char *wanted)
{
	char *written = NULL;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	assert_non_null(out);
	escape(out, text);
	fclose(out);
	assert_string_equal(written, wanted);
	free(written);
}

static void json_strings_are_quoted(void **state)
{
	(void)state;
	expect(escape_json, "", "\"\"");
	expect(escape_json, "a.b.<locals>.c", "\"a.b.<locals>.c\"");
}

static void json_escapes_quotes_backslashes_and_controls(void **state)
{
	(void)state;
	expect(escape_json, "a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	expect(escape_json, "\n\r\t\b\f\x01\x1b\x1f\x7f",
	       "\"\\n\\r\\t\\u0008\\u000c\\u0001\\u001b\\u001f\x7f\"");
}

static void utf8_survives(void **state)
{
	/*
	 * the first and last character of each length, those next to the surrogates, and the very
	 * last
	 */
	static const char *const valid[] = {
		"\xc2\x80",	      "\xdf\xbf",
		"\xe0\xa0\x80",	      "\xed\x9f\xbf",
		"\xee\x80\x80",	      "\xef\xbf\xbf",
		"\xf0\x90\x80\x80",   "\xf4\x8f\xbf\xbf",
		"gr\xc3\xbc\xc3\x9f", "\xe6\x97\xa5\xe6\x9c\xac",
		"\xf0\x9f\x90\x8d",
	};
	char wanted[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(valid) / sizeof(*valid); i++) {
		expect(escape_label, valid[i], valid[i]);
		snprintf(wanted, sizeof(wanted), "\"%s\"", valid[i]);
		expect(escape_json, valid[i], wanted);
	}
}

static void each_invalid_byte_becomes_a_replacement(void **state)
{
	(void)state;
	expect(escape_json, "a\x80z", "\"a" BAD "z\"");
	expect(escape_json, "\xff\xfe", "\"" BAD BAD "\"");
	/* overlong forms, a surrogate, a number over U+10FFFF */
	expect(escape_json, "\xc0\xaf", "\"" BAD BAD "\"");
	expect(escape_json, "\xe0\x80\xaf", "\"" BAD BAD BAD "\"");
	expect(escape_json, "\xed\xa0\x80", "\"" BAD BAD BAD "\"");
	expect(escape_json, "\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\"");
	expect(escape_label, "a\x80z", "a" BAD "z");
}

static void a_sequence_cut_by_the_end_or_a_quote_hides_nothing(void **state)
{
	(void)state;
	expect(escape_json, "\xc3", "\"" BAD "\"");
	expect(escape_json, "\xe6\x97", "\"" BAD BAD "\"");
	expect(escape_json, "\xf0\x9f\x90", "\"" BAD BAD BAD "\"");
	expect(escape_json, "\xc3\"", "\"" BAD "\\\"\"");
	expect(escape_label, "\xe6\x97\"", BAD BAD "\\\"");
}

static void labels_escape_quotes_backslashes_and_newlines_only(void **state)
{
	(void)state;
	expect(escape_label, "", "");
	expect(escape_label, "a\"b\\c\nd\te", "a\\\"b\\\\c\\nd\te");
}

static void folded_frames_have_no_end_of_frame_or_line(void **state)
{
	(void)state;
	expect(escape_folded, "a;b\nc\td\x1b[1m e", "a:b c d [1m e");
	expect(escape_folded, "\xff", BAD);
}

static void csv_fields_are_quoted_and_no_formulas(void **state)
{
	(void)state;
	expect(escape_csv, "", "\"\"");
	expect(escape_csv, "a\"b,c\r\nd", "\"a\"\"b,c\r\nd\"");
	expect(escape_csv, "=1+1", "\"'=1+1\"");
	expect(escape_csv, "a=1", "\"a=1\"");
	/* the wide forms of = + - @ */
	expect(escape_csv,
	       "\xef\xbc\x9d"
	       "1",
	       "\"'\xef\xbc\x9d"
	       "1\"");
	expect(escape_csv, "\xef\xbc\x8b", "\"'\xef\xbc\x8b\"");
	expect(escape_csv, "\xef\xbc\x8d", "\"'\xef\xbc\x8d\"");
	expect(escape_csv, "\xef\xbc\xa0", "\"'\xef\xbc\xa0\"");
	expect(escape_csv, "\xef\xbc\xa1", "\"\xef\xbc\xa1\"");
}

static void tags_have_no_commas_and_blanks(void **state)
{
	(void)state;
	expect(escape_tag, "a, b\nc\x7f", "a__b_c_");
}

static void json_in_a_script_element_cannot_end_it(void **state)
{
	(void)state;
	expect(escape_script, "", "\"\"");
	expect(escape_script, "</script><!--&amp;",
	       "\"\\u003c/script\\u003e\\u003c!--\\u0026amp;\"");
	expect(escape_script, "a\"b\\c\n\x80", "\"a\\\"b\\\\c\\n" BAD "\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_strings_are_quoted),
		cmocka_unit_test(json_escapes_quotes_backslashes_and_controls),
		cmocka_unit_test(utf8_survives),
		cmocka_unit_test(each_invalid_byte_becomes_a_replacement),
		cmocka_unit_test(a_sequence_cut_by_the_end_or_a_quote_hides_nothing),
		cmocka_unit_test(labels_escape_quotes_backslashes_and_newlines_only),
		cmocka_unit_test(folded_frames_have_no_end_of_frame_or_line),
		cmocka_unit_test(csv_fields_are_quoted_and_no_formulas),
		cmocka_unit_test(tags_have_no_commas_and_blanks),
		cmocka_unit_test(json_in_a_script_element_cannot_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
