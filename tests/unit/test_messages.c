// SPDX-License-Identifier: BSD-2-Clause
/* A name that is quoted on stderr or in an error is sanitised, and the message is one line. */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"

#define LONG_NAME (1 << 20)

static char said[1 << 16]; /* what was written to stderr */

/* Names as an attacker may choose them for a process, a file, a host or an argument. */
static const char *const hostile[] = {
	"x\x1b[2J\x1b]0;title\x07", /* clears the screen, sets the title */
	"x\x1b]52;c;cm0gLXJm\x07", /* sets the clipboard */
	"x\r\nloopprof: error: run this as root", /* resembles a line of loopprof */
	"\nnext",
	"a\tb\vc\fd\be",
	"\x7f",
	"\xc2\x9b"
	"2J", /* CSI of C1 */
	"\xc2\x85next", /* NEL */
	"\x9b"
	"2J\x84", /* C1 as bytes */
	"\xe2\x80\xa8line\xe2\x80\xa9paragraph", /* U+2028, U+2029 */
	"\xe2\x80\xae"
	"drow", /* right to left */
	"\xe2\x81\xa6isolate\xe2\x81\xa9",
	"\xd8\x9c",
	"\xef\xbb\xbf",
	"\xf3\xa0\x81\x81\xf3\xa0\x80\x81", /* tag characters */
	"\xe2\x80\x8bhidden\xe2\x81\xa0", /* no width */
	"\xc0\x9b[2J",
	"\xe0\x80\x8a",
	"\xf0\x80\x80\x8a", /* overlong */
	"\xed\xa0\x9b",
	"\xed\xb0\x8a", /* surrogates */
	"\x80",
	"\xbf",
	"\xc3",
	"\xf0\x9f",
	"\xff\xfe",
	"\xf5\x80\x80\x80",
	"\xfc\x80\x80\x80\x80\x9b",
};

static void listen(int *saved, FILE **file)
{
	*saved = dup(STDERR_FILENO);
	*file = tmpfile();
	assert_non_null(*file);
	dup2(fileno(*file), STDERR_FILENO);
}

static void heard(int saved, FILE *file)
{
	size_t length;

	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	length = fread(said, 1, sizeof(said) - 1, file);
	said[length] = '\0';
	fclose(file);
}

/* The text has no control character, and is valid UTF-8 without what text_sanitise() removes. */
static void expect_clean(const char *text)
{
	static const char *const hidden[] = { "\xc2\x80",     "\xc2\x85",     "\xc2\x9b",
					      "\xe2\x80\x8b", "\xe2\x80\xa8", "\xe2\x80\xa9",
					      "\xe2\x80\xae", "\xe2\x81\xa6", "\xd8\x9c",
					      "\xef\xbb\xbf", "\xf3\xa0\x80", "\xf3\xa0\x81",
					      "\xed\xa0",     "\xed\xb0" };
	size_t i;

	for (i = 0; text[i]; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			fail_msg("'%s' has the byte %02x", text, text[i]);
	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		assert_null(strstr(text, hidden[i]));
	assert_true(mbstowcs(NULL, text, 0) != (size_t)-1);
}

static void expect_one_line(const char *end)
{
	char *newline = strchr(said, '\n');

	assert_non_null(newline);
	assert_string_equal(newline, "\n");
	*newline = '\0';
	expect_clean(said);
	assert_int_equal(strncmp(said, "loopprof: ", 10), 0);
	if (!strstr(said, end))
		fail_msg("'%s' has no '%s'", said, end);
}

static const struct {
	void (*log)(const char *format, ...) __attribute__((format(printf, 1, 2)));
	const char *begin;
} ways[] = {
	{ log_error, "loopprof: error: " }, { log_warning, "loopprof: warning: " },
	{ log_note, "loopprof: " },	    { log_detail, "loopprof: " },
	{ log_usage, "loopprof: " },
};

static void every_way_to_stderr_writes_one_clean_line(void **state)
{
	size_t way, i;
	FILE *file;
	int saved;

	(void)state;
	log_set_level(LP_LOG_DETAIL);
	for (way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
		for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
			listen(&saved, &file);
			ways[way].log("pid 42 (%s) is none; give another", hostile[i]);
			heard(saved, file);
			expect_one_line(") is none; give another");
			assert_int_equal(strncmp(said, ways[way].begin, strlen(ways[way].begin)),
					 0);
		}
	}
	log_set_level(LP_LOG_NOTE);
}

static void library_says(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_library(format, arguments);
	va_end(arguments);
}

static void a_library_has_lines_of_its_own_under_our_name(void **state)
{
	FILE *file;
	int saved;

	(void)state;
	listen(&saved, &file);
	library_says("libbpf: %s\nsecond\n", "x\x1b[2J");
	heard(saved, file);
	assert_string_equal(said, "loopprof: libbpf: x?[2J\nloopprof: second\n");
}

static void an_error_is_clean_however_it_is_put_together(void **state)
{
	struct lp_error error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		assert_int_equal(error_set(&error, -EPERM, "no %s; run it", hostile[i]), -EPERM);
		expect_clean(error.text);
		assert_non_null(strstr(error.text, "; run it"));
		error_prefix(&error, "in %s: ", hostile[i]);
		expect_clean(error.text);
		assert_int_equal(strncmp(error.text, "in ", 3), 0);
		assert_non_null(strstr(error.text, ": no "));
		assert_non_null(strstr(error.text, "; run it"));
	}
}

/* A sentence has its beginning and its fix, however long the name between them is. */
static void a_long_name_loses_its_middle(void **state)
{
	char *name = malloc(LONG_NAME + 1);
	struct lp_error error;
	unsigned int shift;
	FILE *file;
	int saved;

	(void)state;
	assert_non_null(name);
	/* each character has two bytes, and the cuts fall on both */
	for (shift = 0; shift < 2; shift++) {
		memset(name, '.', LONG_NAME);
		for (size_t at = shift; at + 1 < LONG_NAME; at += 2)
			memcpy(name + at, "\xc3\xa9", 2);
		name[LONG_NAME] = '\0';
		listen(&saved, &file);
		log_error("cannot open '%s': give another", name);
		heard(saved, file);
		expect_one_line("': give another");
		assert_in_range(strlen(said), 1000, 5000);
		assert_non_null(strstr(said, "..."));
		error_set(&error, -ENOENT, "cannot open '%s': give another", name);
		expect_clean(error.text);
		assert_in_range(strlen(error.text), 600, sizeof(error.text) - 1);
		assert_int_equal(strncmp(error.text, "cannot open '", 13), 0);
		assert_non_null(strstr(error.text, "': give another"));
	}
	free(name);
}

static void a_locale_without_utf8_gets_ascii(void **state)
{
	FILE *file;
	int saved;

	(void)state;
	setlocale(LC_CTYPE, "C");
	listen(&saved, &file);
	log_error("%s", "caf\xc3\xa9 \xe4\xbb\xbb\xf0\x9f\x90\x8d\x1b");
	heard(saved, file);
	assert_string_equal(said, "loopprof: error: caf? ?????\n");
	setlocale(LC_CTYPE, "C.UTF-8");
	listen(&saved, &file);
	log_error("%s", "caf\xc3\xa9");
	heard(saved, file);
	assert_string_equal(said, "loopprof: error: caf\xc3\xa9\n");
}

static void what_is_not_asked_for_is_not_written(void **state)
{
	FILE *file;
	int saved;

	(void)state;
	log_set_level(LP_LOG_WARNING);
	listen(&saved, &file);
	log_note("note");
	log_detail("detail");
	heard(saved, file);
	assert_string_equal(said, "");
	log_set_level(LP_LOG_NOTE);
}

/* The log cannot be flooded by starting a process for each message. */
static void many_processes_do_not_flood(void **state)
{
	size_t lines = 0, i;
	FILE *file;
	int saved;

	(void)state;
	listen(&saved, &file);
	for (i = 0; i < 1000; i++)
		log_process("pid %zu", i);
	heard(saved, file);
	for (i = 0; said[i]; i++)
		lines += said[i] == '\n';
	assert_int_equal(strncmp(said, "loopprof: warning: pid 0\n", 25), 0);
	assert_true(lines > 1 && lines <= 30);
	assert_non_null(strstr(said, "is left out"));
	log_set_level(LP_LOG_DETAIL);
	listen(&saved, &file);
	log_process("pid %d (\x1b)", 1000);
	heard(saved, file);
	expect_one_line("pid 1000");
	log_set_level(LP_LOG_NOTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_to_stderr_writes_one_clean_line),
		cmocka_unit_test(a_library_has_lines_of_its_own_under_our_name),
		cmocka_unit_test(an_error_is_clean_however_it_is_put_together),
		cmocka_unit_test(a_long_name_loses_its_middle),
		cmocka_unit_test(a_locale_without_utf8_gets_ascii),
		cmocka_unit_test(what_is_not_asked_for_is_not_written),
		cmocka_unit_test(many_processes_do_not_flood),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
