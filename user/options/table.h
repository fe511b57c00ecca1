/* SPDX-License-Identifier: BSD-2-Clause */
/* Every command and option, once: for the parser, --help and the man page. */
#ifndef LP_OPTIONS_TABLE_H
#define LP_OPTIONS_TABLE_H

#include "options.h"

#include <getopt.h>

/* Options without a letter. */
enum {
	LP_OPTION_QUEUE = 256,
	LP_OPTION_NATIVE,
	LP_OPTION_KERNEL,
	LP_OPTION_FIND,
	LP_OPTION_ORIGINS,
	LP_OPTION_LIFETIMES,
	LP_OPTION_EXPLAIN,
	LP_OPTION_STACK,
	LP_OPTION_CONSISTENT,
	LP_OPTION_WATCH,
	LP_OPTION_EXPORT,
	LP_OPTION_BUDGET,
	LP_OPTION_ROTATE,
	LP_OPTION_RETAIN,
	LP_OPTION_BY,
	LP_OPTION_FAIL_IF,
	LP_OPTION_HOST,
	LP_OPTION_CGROUP,
	LP_OPTION_FORCE,
	LP_OPTION_MAN
};

/* Sets of commands. */
#define LP_FOR(command) (1U << (command))
#define LP_FOR_LIVE (LP_FOR(LP_COMMAND_PROFILE) | LP_FOR(LP_COMMAND_RECORD))
#define LP_FOR_CAPTURES                                                                            \
	(LP_FOR(LP_COMMAND_REPORT) | LP_FOR(LP_COMMAND_EXPORT) | LP_FOR(LP_COMMAND_DIFF))
#define LP_FOR_OUTPUT (LP_FOR_LIVE | LP_FOR_CAPTURES)
#define LP_FOR_TASKS LP_FOR(LP_COMMAND_TASKS)
#define LP_FOR_ALL (LP_FOR_OUTPUT | LP_FOR(LP_COMMAND_CHECK) | LP_FOR_TASKS)

struct lp_option_row {
	int key; /* a letter, or one of the above */
	const char *name;
	const char *value; /* what it takes; NULL: nothing */
	unsigned int commands; /* that it is for */
	/* NULL: not shown.  "{formats}" and "{live formats}" become their names. */
	const char *text;
};

struct lp_command_row {
	enum lp_command command;
	const char *name; /* NULL: no word is needed */
	const char *synopsis;
	const char *text;
};

extern const struct lp_option_row lp_options[];
extern const size_t lp_option_count;
extern const struct lp_command_row lp_commands[];
extern const size_t lp_command_count;

/* An option for the build, which neither --help nor an abbreviation shows. */
#define LP_OPTION_MAN_NAME "print-man-page"

/* The options for getopt_long, without hidden ones; the result is to be freed. */
struct option *option_table_getopt(char *shorts, size_t size);

/* Prints help ('h'), version ('V') or the man page (LP_OPTION_MAN) on stdout. */
void option_table_show(int key);

/*
 * The names of all formats, and of those that --export takes, for help and man page: given
 * once, before the options are parsed, by main, as formats are not below the options.
 */
void option_table_set_formats(const char *all, const char *live);

/* The row of an option; NULL if there is none. */
const struct lp_option_row *option_table_row(int key);

/* The command's word for messages; "loopprof" for the command without a word. */
const char *option_table_command(enum lp_command command);

/*
 * How many options the word, without its dashes, may abbreviate; its '=' and the value after
 * it do not count.  Their names go into names, divided by commas.
 */
size_t option_table_matches(const char *word, char *names, size_t size);

/* "-p" or "--queue", for messages. */
const char *option_table_name(int key);

/* The man page, as roff, on stdout. */
void options_print_man(void);

#endif /* LP_OPTIONS_TABLE_H */
