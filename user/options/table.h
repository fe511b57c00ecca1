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

/* The type of the field of struct lp_options that gets the value of an option. */
enum lp_option_type {
	LP_OPTION_SPECIAL, /* no field: the row's function takes the value */
	LP_OPTION_FLAG, /* bool, set to true; the option has no value */
	LP_OPTION_DURATION, /* uint64_t, ns */
	LP_OPTION_SIZE, /* uint64_t, bytes, not 0 */
	LP_OPTION_COUNT, /* unsigned int, from 1 on */
	LP_OPTION_TEXT, /* const char *, which points into argv */
};

struct lp_option_row {
	int letter; /* 0: the option has only a name */
	const char *name;
	const char *value; /* placeholder of the value in --help; NULL: the option has no value */
	unsigned int commands; /* the commands that have the option */
	/*
	 * help text, in which "{formats}" and "{live formats}" are replaced by the names of formats
	 */
	const char *text;
	enum lp_option_type type;
	/* offset of the field in struct lp_options; not used with LP_OPTION_SPECIAL */
	size_t field;
	uint64_t least; /* least value of a duration, ns */
	/* a number without a unit that is such a duration or longer was probably meant as
	 * milliseconds; 0: there is none */
	uint64_t unit_expected_from_ns;
	unsigned int most; /* largest value of a count */
	/*
	 * The expected value, for the message about a wrong one: "a size such as 1G". NULL: a text
	 * that may be empty.
	 */
	const char *what;
	/* with LP_OPTION_SPECIAL: takes the value and returns 0, or 2 after a message */
	int (*take)(struct lp_options *options, const char *value);
};

/* The largest number of rows. */
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

/*
 * The name of an option for the build, which prints the man page. --help and abbreviations leave it
 * out.
 */
#define LP_OPTION_MAN_NAME "print-man-page"

/*
 * Returns the options of all rows for getopt_long(), which the caller frees, or NULL if out of
 * memory. shorts gets the string of letters.
 */
struct option *option_table_getopt(char *shorts, size_t size);

/*
 * Returns the row for a return value of getopt_long(), or for its optopt, or NULL if there is none.
 */
const struct lp_option_row *option_table_row(int key);

/* Returns the command with this word, or NULL. */
const struct lp_command_row *option_table_find_command(const char *word);

/* Returns the word of a command for messages; "loopprof" for the command without a word. */
const char *option_table_command(enum lp_command command);

/*
 * Returns the number of options that the word, without its dashes, may abbreviate; '=' and a value
 * in the word are ignored. names gets the names of these options, separated by commas.
 */
size_t option_table_matches(const char *word, char *names, size_t size);

/* Returns the name of an option for messages: "-p" or "--queue". */
const char *option_table_name(const struct lp_option_row *row);

#endif /* LP_OPTIONS_TABLE_H */
