/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the command line share. */
#ifndef LP_TESTS_UNIT_OPTIONS_FIXTURE_H
#define LP_TESTS_UNIT_OPTIONS_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/finding_kinds.h"
#include "options/parse.h"
#include "options/values.h"

#define WORDS 32

static struct lp_options options;
static char said[1024]; /* what was written to stderr */
static char line[512];
static char *words[WORDS + 1];

static inline int parse_words_of(int count, char **arguments)
{
	int saved = dup(STDERR_FILENO), pipes[2], status;
	ssize_t length;

	options_free(&options);
	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	optind = 0; /* makes getopt begin anew */
	status = options_parse(count, arguments, &options);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(pipes[1]);
	close(saved);
	length = read(pipes[0], said, sizeof(said) - 1);
	said[length > 0 ? length : 0] = '\0';
	close(pipes[0]);
	return status;
}

/* Parses a command line, which is split into words at blanks. */
static inline int parse(const char *command)
{
	char *rest = NULL, *word;
	int count = 0;

	snprintf(line, sizeof(line), "loopprof %s", command);
	for (word = strtok_r(line, " ", &rest); word && count < WORDS; count++) {
		words[count] = word;
		word = strtok_r(NULL, " ", &rest);
	}
	words[count] = NULL;
	return parse_words_of(count, words);
}

static inline void expect_refused(const char *command, const char *reason)
{
	int status = parse(command);

	if (status != 2)
		fail_msg("'%s': status %d", command, status);
	if (!strstr(said, reason))
		fail_msg("'%s': says '%s', not '%s'", command, said, reason);
	assert_non_null(strstr(said, "loopprof"));
}

static inline void expect_accepted(const char *command)
{
	if (parse(command))
		fail_msg("'%s': %s", command, said);
	assert_string_equal(said, "");
}

static inline int free_options(void **state)
{
	(void)state;
	options_free(&options);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, free_options)

#endif /* LP_TESTS_UNIT_OPTIONS_FIXTURE_H */
