// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "options/help.h"
#include "sinks/sink.h"

static void test_names_as_in_a_sentence(void **state)
{
	char names[LP_FORMAT_NAMES_MAX];

	(void)state;
	assert_string_equal(format_names(names, sizeof(names), false, "or"),
			    "text, json, html, prom, openmetrics, otlp, folded, pprof, speedscope, "
			    "trace, hlog, csv or csv-stalls");
	assert_string_equal(format_names(names, sizeof(names), true, "and"),
			    "prom, openmetrics and otlp");
}

static void test_names_that_find_no_room_are_cut(void **state)
{
	char names[10];

	(void)state;
	assert_string_equal(format_names(names, sizeof(names), false, "or"), "text, jso");
}

/* Reads the option's help, which goes to stdout; stdout is a file meanwhile. */
static void read_help(void (*print)(void), char *text, size_t size)
{
	int standard = dup(STDOUT_FILENO);
	FILE *file = tmpfile();
	size_t bytes;

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	print();
	fflush(stdout);
	dup2(standard, STDOUT_FILENO);
	close(standard);
	rewind(file);
	bytes = fread(text, 1, size - 1, file);
	text[bytes] = '\0';
	fclose(file);
}

static void print_help(void)
{
	help_print(NULL);
}

static void test_help_and_man_page_name_the_formats(void **state)
{
	static void (*const prints[])(void) = { print_help, help_print_man };
	static char text[1 << 16];
	size_t i;

	(void)state;
	help_set_page("one, two or three", "two or three", 1000);
	for (i = 0; i < 2; i++) {
		read_help(prints[i], text, sizeof(text));
		assert_non_null(strstr(text, "one, two or three (default: by the suffix"));
		assert_non_null(strstr(text, ", in the format two or three; otlp"));
		assert_null(strstr(text, "formats}"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_as_in_a_sentence),
		cmocka_unit_test(test_names_that_find_no_room_are_cut),
		cmocka_unit_test(test_help_and_man_page_name_the_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
