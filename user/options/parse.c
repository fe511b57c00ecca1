// SPDX-License-Identifier: BSD-2-Clause
#include "parse.h"

#include "model/finding_kinds.h"
#include "help.h"
#include "table.h"
#include "take.h"
#include "values.h"
#include "base/log.h"
#include "base/macros.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_THRESHOLD_NS 100000000ULL
#define DEFAULT_EXPORT_NS (10 * NS_PER_S)
#define DEFAULT_ROTATE_BYTES (64ULL << 20)
#define DEFAULT_RETAIN_BYTES (1ULL << 30)

/* A number without a unit is in seconds: -t 50 is rarely what the user means. */
static void warn_missing_unit(const char *name, const char *text)
{
	log_warning("%s %s is %s seconds; %sms is %s milliseconds", name, text, text, text, text);
}

static int take_duration(const struct lp_option_row *row, const char *text, uint64_t *ns)
{
	const char *name = option_table_name(row);
	uint64_t value;

	if (options_duration(text, &value))
		return usage_error(
			"%s takes a time such as 100ms, 2s or 1.5m (a bare number is in seconds), not '%s'",
			name, text);
	if (value < row->least)
		return usage_error("%s takes a time of at least %g ms, not '%s'", name,
				   (double)row->least / 1e6, text);
	if (row->unit_expected_from_ns && value >= row->unit_expected_from_ns &&
	    !text[strspn(text, "0123456789.")])
		warn_missing_unit(name, text);
	*ns = value;
	return 0;
}

static int take_size(const struct lp_option_row *row, const char *text, uint64_t *bytes)
{
	if (!options_size(text, bytes) && *bytes)
		return 0;
	return usage_error("%s takes %s, not '%s'", option_table_name(row), row->what, text);
}

static int take_count(const struct lp_option_row *row, const char *text, unsigned int *count)
{
	unsigned long value;

	if (option_number(text, row->most, &value) || !value)
		return usage_error("%s takes %s, from 1 to %u, not '%s'", option_table_name(row),
				   row->what, row->most, text);
	*count = (unsigned int)value;
	return 0;
}

static int take_text(const struct lp_option_row *row, const char *text, const char **field)
{
	*field = text;
	if (*text || !row->what)
		return 0;
	return usage_error("%s takes %s, not ''", option_table_name(row), row->what);
}

static int take_option(struct lp_options *options, const struct lp_option_row *row,
		       const char *value)
{
	void *field = (char *)options + row->field;

	switch (row->type) {
	case LP_OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case LP_OPTION_DURATION:
		return take_duration(row, value, field);
	case LP_OPTION_SIZE:
		return take_size(row, value, field);
	case LP_OPTION_COUNT:
		return take_count(row, value, field);
	case LP_OPTION_TEXT:
		return take_text(row, value, field);
	default:
		return row->take(options, value);
	}
}

static int parse_command(char *word, struct lp_options *options)
{
	const struct lp_command_row *command = option_table_find_command(word);

	if (command) {
		options->command = command->command;
		return 0;
	}
	if (!word[strspn(word, "0123456789,")])
		return usage_error("'%s' is no command of loopprof (to profile a process, -p %s)",
				   word, word);
	return usage_error("'%s' is no command of loopprof (to start a program, put -- before it)",
			   word);
}

/* Names the commands that take the option. */
static int refuse_for_command(const struct lp_options *options, const struct lp_option_row *row)
{
	const char *command = option_table_command(options->command);
	bool profile = strcmp(command, "loopprof") == 0;
	char names[128] = "";
	size_t i, used = 0;

	for (i = 0; i < lp_command_count && used < sizeof(names); i++)
		if (row->commands >> lp_commands[i].command & 1)
			used += (size_t)snprintf(names + used, sizeof(names) - used,
						 "%s`loopprof%s%s`", used ? ", " : "",
						 lp_commands[i].name ? " " : "",
						 lp_commands[i].name ? lp_commands[i].name : "");
	return usage_error("%s is not an option of `loopprof%s%s`, but of %s",
			   option_table_name(row), profile ? "" : " ", profile ? "" : command,
			   names);
}

bool options_only_explain(const struct lp_options *options)
{
	return options->explain && options->command == LP_COMMAND_PROFILE && !options->pid_count &&
	       !options->all && !options->launch;
}

static bool reads_captures(const struct lp_options *options)
{
	return LP_FOR_CAPTURES >> options->command & 1;
}

static int check_captures(const struct lp_options *options)
{
	const char *command = option_table_command(options->command);

	if (options->launch)
		return usage_error("%s starts nothing: leave out -- COMMAND", command);
	if (options->command == LP_COMMAND_DIFF)
		return options->capture_count == 2
			       ? 0
			       : usage_error("%s needs two captures: the old one and the new one",
					     command);
	if (!options->capture_count)
		return usage_error("%s needs the name of a capture", command);
	if (options->command == LP_COMMAND_EXPORT && !options->format && !options->output)
		return usage_error("%s needs -f FORMAT", command);
	return 0;
}

/* Checks combinations of options. */
static int check_combination(const struct lp_options *options)
{
	const char *in_queue = finding_kinds_in_queue(options->findings);
	bool targets = options->pid_count || options->all || options->launch;

	if (options->json && options->format && !options->output &&
	    strcmp(options->format, "json") != 0)
		return usage_error(
			"-j and -f %s both write to stdout: leave out one, or give -o FILE",
			options->format);
	if (reads_captures(options))
		return check_captures(options);
	if (options->command == LP_COMMAND_CHECK)
		return options->launch ? usage_error("check starts nothing: leave out -- COMMAND")
				       : 0;
	if (options_only_explain(options))
		return 0;
	if (options->command == LP_COMMAND_TASKS)
		return options->pid_count ? 0 : usage_error("tasks needs -p PID");
	if (!targets)
		return usage_error("nothing to profile: give -p PID, -a or -- COMMAND");
	if (options->cgroup && (options->pid_count || options->launch))
		return usage_error("--cgroup chooses the processes: leave out -p and -- COMMAND");
	if (options->all && (options->pid_count || options->launch))
		return usage_error("-a means every process: leave out -p and -- COMMAND");
	if (options->pid_count && options->launch)
		return usage_error("give either -p PID or -- COMMAND, not both");
	if (options->command == LP_COMMAND_RECORD && options->to_stdout)
		return usage_error(
			"record writes a capture to a file, and none to stdout: give -o FILE (a file of the name - is ./-)");
	if (options->command == LP_COMMAND_RECORD && !options->output)
		return usage_error("record needs -o FILE");
	if (options->sampling && options->queue)
		return usage_error("%s%s needs a probe: leave out -m sample",
				   options->lifetimes ? "--lifetimes"
				   : in_queue	      ? "--find "
						      : "--queue",
				   options->lifetimes || !in_queue ? "" : in_queue);
	if (options->inner && options->sampling)
		return usage_error("--inner has to see every callback: leave out -m sample");
	if (options->inner && options->lifetimes)
		return usage_error(
			"--inner and --lifetimes count tasks by different coroutines: leave out one of them");
	if (options->budget_ppm && (options->lifetimes || in_queue))
		return usage_error("%s%s has to see every callback: leave out --budget",
				   options->lifetimes ? "--lifetimes" : "--find ",
				   options->lifetimes ? "" : in_queue);
	return 0;
}

static int parse_words(int argc, char **argv, int separator, struct lp_options *options)
{
	bool command_given = false;
	int err;

	for (; optind < separator; optind++) {
		if (reads_captures(options) && command_given) {
			options->captures[options->capture_count++] = argv[optind];
			continue;
		}
		if (command_given)
			return usage_error(
				"unexpected argument '%s' (to start a program, put -- before it)",
				argv[optind]);
		err = parse_command(argv[optind], options);
		if (err)
			return err;
		command_given = true;
	}
	if (separator < argc) {
		if (separator + 1 == argc)
			return usage_error("there is no COMMAND after --");
		options->launch = argv + separator + 1;
	}
	return 0;
}

/* Sets options that follow from others. */
static void complete_options(struct lp_options *options)
{
	/*
	 * a task's lifetime includes its queue delays, and some kinds of findings are recognised
	 * when a callback is put into the queue
	 */
	if (options->cancels)
		options->findings |= 1U << LP_FINDING_CANCELLED;
	options->queue |= options->lifetimes || finding_kinds_in_queue(options->findings);
	if (options->cgroup && !options->pid_count && !options->launch)
		options->all = true;
	options->archive = options->rotate_bytes || options->rotate_ns || options->retain_bytes;
	/*
	 * -a is meant to run for long: without a mode it samples, and probes are only used if an
	 * option asks for them or a budget limits them
	 */
	if (options->all && !options->mode_given && !options->queue && !options->inner &&
	    !options->budget_ppm)
		options->sampling = true;
	if (options->export_count && !options->interval_ns)
		options->export_ns = DEFAULT_EXPORT_NS;
	if (!options->rotate_bytes && !options->rotate_ns)
		options->rotate_bytes = DEFAULT_ROTATE_BYTES;
	if (!options->retain_bytes)
		options->retain_bytes = DEFAULT_RETAIN_BYTES;
}

/*
 * Prints the sentence for an error of getopt_long(): ':' for a missing value, '?' for any
 * other.  word: the argument with the error; optopt is the option if it is known.
 */
static int refuse_option(int key, const char *word)
{
	const struct lp_option_row *row = option_table_row(optopt);
	bool is_long = word && !strncmp(word, "--", 2);
	char names[512];

	if (key == ':' && row)
		return usage_error("%s requires an argument: %s", option_table_name(row),
				   row->value);
	if (is_long && row)
		return usage_error("%s allows no argument: '%s'", option_table_name(row), word);
	if (!is_long)
		return usage_error("invalid option -%c", optopt);
	if (option_table_matches(word + 2, names, sizeof(names)) > 1)
		return usage_error("'%s' is ambiguous: it may be any of %s", word, names);
	return usage_error("unrecognized option '%s'", word);
}

int options_parse(int argc, char **argv, struct lp_options *options)
{
	bool given[LP_OPTIONS_MAX] = { false };
	int separator = argc, key, err, i;
	const struct lp_option_row *row;
	struct option *longs;
	char shorts[128];

	memset(options, 0, sizeof(*options));
	options->captures = calloc((size_t)argc + 1, sizeof(*options->captures));
	if (!options->captures)
		return usage_error("out of memory");
	options->threshold_ns = DEFAULT_THRESHOLD_NS;
	options->findings = finding_kinds_default();
	for (i = 1; i < argc && separator == argc; i++)
		if (!strcmp(argv[i], "--"))
			separator = i;
	for (i = 1; i < separator; i++)
		if (!strcmp(argv[i], "--" LP_OPTION_MAN_NAME)) {
			help_print_man();
			exit(0);
		}
	longs = option_table_getopt(shorts, sizeof(shorts));
	if (!longs)
		return usage_error("out of memory");
	err = 0;
	opterr = 0;
	while (!err && (key = getopt_long(separator, argv, shorts, longs, NULL)) != -1) {
		/* what is wrong elsewhere is no reason to refuse help */
		if (options->help)
			continue;
		if (key == '?' || key == ':') {
			err = refuse_option(key, argv[optind - 1]);
			continue;
		}
		row = option_table_row(key);
		given[row - lp_options] = true;
		err = take_option(options, row, optarg);
	}
	free(longs);
	if (!err && options->help) {
		help_print(optind < separator ? option_table_find_command(argv[optind]) : NULL);
		exit(0);
	}
	if (!err)
		err = parse_words(argc, argv, separator, options);
	for (row = lp_options; !err && row < lp_options + lp_option_count; row++)
		if (given[row - lp_options] && !(row->commands >> options->command & 1))
			err = refuse_for_command(options, row);
	complete_options(options);
	return err ? err : check_combination(options);
}

void options_free(struct lp_options *options)
{
	free(options->pids);
	free(options->captures);
	free(options->fail_if);
	memset(options, 0, sizeof(*options));
}
