// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sinks/json/writer.h"

static char *text;
static size_t size;

static struct lp_json_writer begin(void)
{
	return json_writer(open_memstream(&text, &size));
}

static void expect(struct lp_json_writer *json, const char *expected)
{
	fclose(json->out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_commas_and_nesting(void **state)
{
	struct lp_json_writer json = begin();

	(void)state;
	json_object(&json, NULL);
	json_array(&json, "empty");
	json_end(&json);
	json_array(&json, "values");
	json_number(&json, NULL, UINT64_MAX);
	json_signed(&json, NULL, -1);
	json_object(&json, NULL);
	json_bool(&json, "yes", true);
	json_null(&json, "none");
	json_end(&json);
	json_end(&json);
	json_text_or_null(&json, "text", "");
	json_text(&json, "a\"b", "c\n");
	json_millionths(&json, "share", 1000001);
	json_address(&json, "task", 0x7f00);
	json_end(&json);
	expect(&json, "{\"empty\":[],\"values\":[18446744073709551615,-1,{\"yes\":true,"
		      "\"none\":null}],\"text\":null,\"a\\\"b\":\"c\\n\",\"share\":1.000001,"
		      "\"task\":\"0x7f00\"}");
}

static void test_formats_of_numbers(void **state)
{
	struct lp_json_writer json = begin();

	(void)state;
	json_array(&json, NULL);
	json_number(&json, NULL, 0);
	json_signed(&json, NULL, INT64_MIN);
	json_quoted_number(&json, NULL, UINT64_MAX);
	json_formatted(&json, NULL, "9.5e-07");
	json_address_or_null(&json, NULL, 0);
	json_address_or_null(&json, NULL, 16);
	json_end(&json);
	expect(&json, "[0,-9223372036854775808,\"18446744073709551615\",9.5e-07,null,\"0x10\"]");
}

/* A new line comes after the comma, and never before the end of an object or array. */
static void test_new_lines(void **state)
{
	struct lp_json_writer json = begin();

	(void)state;
	json_object(&json, NULL);
	json_array(&json, "list");
	json_newline(&json);
	json_number(&json, NULL, 1);
	json_newline(&json);
	json_number(&json, NULL, 2);
	json_newline(&json);
	json_end(&json);
	json_newline(&json);
	json_null(&json, "last");
	json_end(&json);
	expect(&json, "{\"list\":[\n1,\n2],\n\"last\":null}");
}

static void test_names_and_texts_in_a_script(void **state)
{
	struct lp_json_writer json = begin();

	(void)state;
	json.script = true;
	json_object(&json, NULL);
	json_text(&json, "<", "</script>");
	json_end(&json);
	expect(&json, "{\"\\u003c\":\"\\u003c/script\\u003e\"}");
}

/* Values below the greatest depth are left out, and a close without an open is ignored. */
static void test_depth_has_a_bound(void **state)
{
	struct lp_json_writer json = begin();
	size_t i;

	(void)state;
	for (i = 0; i < LP_JSON_DEPTH_MAX + 3; i++)
		json_array(&json, NULL);
	json_number(&json, NULL, 1);
	for (i = 0; i < LP_JSON_DEPTH_MAX + 5; i++)
		json_end(&json);
	fclose(json.out);
	assert_int_equal(size, 2 * LP_JSON_DEPTH_MAX);
	assert_int_equal(strspn(text, "["), LP_JSON_DEPTH_MAX);
	assert_int_equal(strspn(text + LP_JSON_DEPTH_MAX, "]"), LP_JSON_DEPTH_MAX);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commas_and_nesting),
		cmocka_unit_test(test_formats_of_numbers),
		cmocka_unit_test(test_new_lines),
		cmocka_unit_test(test_names_and_texts_in_a_script),
		cmocka_unit_test(test_depth_has_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
