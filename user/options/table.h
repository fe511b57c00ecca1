/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of all commands and options, which the parser, --help and the man page use. */
#ifndef LP_OPTIONS_TABLE_H
#define LP_OPTIONS_TABLE_H

#include "options.h"

#include <getopt.h>

/* A set of commands has one bit for each. */
#define LP_FOR(command) (1U << (command))
#define LP_FOR_LIVE (LP_FOR(LP_COMMAND_PROFILE) | LP_FOR(LP_COMMAND_RECORD))
#define LP_FOR_CAPTURES                                                                            \
	(LP_FOR(LP_COMMAND_REPORT) | LP_FOR(LP_COMMAND_EXPORT) | LP_FOR(LP_COMMAND_DIFF))
#define LP_FOR_OUTPUT (LP_FOR_LIVE | LP_FOR_CAPTURES)
#define LP_FOR_TASKS LP_FOR(LP_COMMAND_TASKS)
#define LP_FOR_ALL (LP_FOR_OUTPUT | LP_FOR(LP_COMMAND_CHECK) | LP_FOR_TASKS)

/* Where the value of an option goes. */
enum lp_option_type {
	LP_OPTION_SPECIAL, /* the row's function takes it */
	LP_OPTION_FLAG, /* bool: nothing is taken, it only says yes */
	LP_OPTION_DURATION, /* uint64_t: nanoseconds */
	LP_OPTION_SIZE, /* uint64_t: bytes, not 0 */
	LP_OPTION_COUNT, /* unsigned int, from 1 on */
	LP_OPTION_TEXT, /* const char *, of argv */
};

struct lp_option_row {
	int letter; /* 0: the option has only a name */
	const char *name;
	const char *value; /* placeholder of the value in --help; NULL: the option has no value */
	unsigned int commands; /* the commands that have the option */
	/* help; NULL: not shown.  "{formats}" and "{live formats}" stand for their names. */
	const char *text;
	enum lp_option_type type;
	size_t field; /* of struct lp_options: its offset, for all types but special ones */
	uint64_t least; /* of a duration */
	unsigned int most; /* of a count */
	/* What a wrong value is not, for the message: "a size such as 1G".  NULL for texts that
	 * may be empty. */
	const char *what;
	int (*take)(struct lp_options *options, const char *value); /* of special ones */
};

/* How many rows there may be. */
#define LP_OPTIONS_MAX 64

struct lp_command_row {
	enum lp_command command;
	const char *name; /* NULL: the command without a word */
	const char *synopsis;
	const char *text;
};

extern const struct lp_option_row lp_options[];
extern const size_t lp_option_count;
extern const struct lp_command_row lp_commands[];
extern const size_t lp_command_count;

/* An option for the build, which prints the man page; --help and abbreviations leave it out. */
#define LP_OPTION_MAN_NAME "print-man-page"

/* The options for getopt_long, without hidden ones; the result is to be freed. */
struct option *option_table_getopt(char *shorts, size_t size);

/* An option of no row shows the man page. */
#define LP_SHOW_MAN 0

/* Prints help ('h'), version ('V') or the man page (LP_SHOW_MAN) on stdout. */
void option_table_show(int key);

/*
 * The names of all formats, and of those that --export takes, for help and man page: given
 * once, before the options are parsed, by main, as formats are not below the options.
 */
void option_table_set_formats(const char *all, const char *live);

/* The row for a return value of getopt_long(), or for its optopt; NULL if there is none. */
const struct lp_option_row *option_table_row(int key);

/* The command's word for messages; "loopprof" for the command without a word. */
const char *option_table_command(enum lp_command command);

/*
 * The number of options that the word, without its dashes, may abbreviate; '=' and a value in
 * the word are ignored.  Their names go into names, separated by commas.
 */
size_t option_table_matches(const char *word, char *names, size_t size);

/* The name of an option for messages: "-p" or "--queue". */
const char *option_table_name(const struct lp_option_row *row);

/* Prints the man page, as roff, on stdout. */
void options_print_man(void);

#endif /* LP_OPTIONS_TABLE_H */
