/* SPDX-License-Identifier: BSD-2-Clause */
/* Every command and option, once: for the parser, --help and the man page. */
#ifndef LP_OPTIONS_TABLE_H
#define LP_OPTIONS_TABLE_H

#include "options.h"

#include <getopt.h>

/* Sets of commands. */
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
	int letter; /* 0: none */
	const char *name;
	const char *value; /* what it takes; NULL: nothing */
	unsigned int commands; /* that it is for */
	/* NULL: not shown.  "{formats}" and "{live formats}" become their names. */
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

/* An option of no row shows the man page. */
#define LP_SHOW_MAN 0

/* Prints help ('h'), version ('V') or the man page (LP_SHOW_MAN) on stdout. */
void option_table_show(int key);

/*
 * The names of all formats, and of those that --export takes, for help and man page: given
 * once, before the options are parsed, by main, as formats are not below the options.
 */
void option_table_set_formats(const char *all, const char *live);

/* The row of what getopt_long returned, or of its optopt; NULL if there is none. */
const struct lp_option_row *option_table_row(int key);

/* The command's word for messages; "loopprof" for the command without a word. */
const char *option_table_command(enum lp_command command);

/*
 * How many options the word, without its dashes, may abbreviate; its '=' and the value after
 * it do not count.  Their names go into names, divided by commas.
 */
size_t option_table_matches(const char *word, char *names, size_t size);

/* "-p" or "--queue", for messages. */
const char *option_table_name(const struct lp_option_row *row);

/* The man page, as roff, on stdout. */
void options_print_man(void);

#endif /* LP_OPTIONS_TABLE_H */
