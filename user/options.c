// SPDX-License-Identifier: BSD-2-Clause
#include "options.h"

#include "findings.h"
#include "option_table.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_THRESHOLD_NS 100000000ULL
#define FREQUENCY_MAX 10000

int options_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *suffix;
		double ns;
	} units[] = { { "", 1e9 }, { "s", 1e9 },  { "ms", 1e6 },   { "us", 1e3 },
		      { "ns", 1 }, { "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 } };
	double value;
	char *end;
	size_t i;

	value = strtod(text, &end);
	if (end == text || !isfinite(value) || value < 0)
		return -EINVAL;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		value *= units[i].ns;
		if (value > 1e18)
			return -EINVAL;
		*ns = (uint64_t)(value + 0.5);
		return 0;
	}
	return -EINVAL;
}

static int usage_error(const char *format, const char *what)
{
	fputs("loopprof: ", stderr);
	fprintf(stderr, format, what);
	fputs("; see `loopprof --help`\n", stderr);
	return 2;
}

static int add_pids(struct lp_options *options, char *list)
{
	char *at = list, *end;
	pid_t *grown;
	long pid;

	do {
		errno = 0;
		pid = strtol(at, &end, 10);
		if (end == at || (*end && *end != ',') || pid <= 0 || pid > 1 << 22 || errno)
			return usage_error("'%s' is not a list of process IDs such as 4242,4243",
					   list);
		grown = realloc(options->pids, (options->pid_count + 1) * sizeof(*grown));
		if (!grown)
			return usage_error("%s", "out of memory");
		options->pids = grown;
		grown[options->pid_count++] = (pid_t)pid;
		at = end + 1;
	} while (*end);
	return 0;
}

static int take_duration(const char *name, const char *text, bool zero, uint64_t *ns)
{
	if (!options_duration(text, ns) && (zero || *ns))
		return 0;
	fprintf(stderr,
		"loopprof: %s takes a time such as 100ms, 2s or 1.5m (a bare number is in seconds), not '%s'\n",
		name, text);
	return 2;
}

static int take_mode(struct lp_options *options, const char *value)
{
	options->sampling = strcmp(value, "sample") == 0;
	return options->sampling || strcmp(value, "trace") == 0
		       ? 0
		       : usage_error("-m knows the modes trace and sample, not '%s'", value);
}

static int take_frequency(struct lp_options *options, const char *value)
{
	char *end;
	unsigned long frequency = strtoul(value, &end, 10);

	/* strtoul takes a sign */
	if (!isdigit((unsigned char)*value) || *end || frequency < 1 || frequency > FREQUENCY_MAX)
		return usage_error("-F takes samples a second, from 1 to 10000, not '%s'", value);
	options->frequency = (unsigned int)frequency;
	return 0;
}

/* Returns 0, or 2 for a wrong use. */
/* Options that take nothing and only say yes. */
static int take_flag(struct lp_options *options, int key)
{
	static const struct {
		int key;
		size_t field;
	} flags[] = {
		{ 'a', offsetof(struct lp_options, all) },
		{ 's', offsetof(struct lp_options, subprocesses) },
		{ 'j', offsetof(struct lp_options, json) },
		{ LP_OPTION_NATIVE, offsetof(struct lp_options, native) },
		{ LP_OPTION_KERNEL, offsetof(struct lp_options, kernel) },
		{ LP_OPTION_QUEUE, offsetof(struct lp_options, queue) },
		{ LP_OPTION_ORIGINS, offsetof(struct lp_options, origins) },
		{ LP_OPTION_LIFETIMES, offsetof(struct lp_options, lifetimes) },
		{ LP_OPTION_EXPLAIN, offsetof(struct lp_options, explain) },
		{ LP_OPTION_STACK, offsetof(struct lp_options, stack) },
		{ LP_OPTION_CONSISTENT, offsetof(struct lp_options, consistent) },
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].key == key) {
			*(bool *)((char *)options + flags[i].field) = true;
			return 0;
		}
	}
	return 2;
}

static int take_option(struct lp_options *options, int key, char *value)
{
	switch (key) {
	case 'p':
		return add_pids(options, value);
	case 't':
		return take_duration("-t", value, true, &options->threshold_ns);
	case 'd':
		return take_duration("-d", value, false, &options->duration_ns);
	case 'i':
		return take_duration("-i", value, false, &options->interval_ns);
	case 'm':
		return take_mode(options, value);
	case 'F':
		return take_frequency(options, value);
	case 'o':
		options->output = value;
		return 0;
	case 'f':
		options->format = value;
		return 0;
	case LP_OPTION_FIND:
		return findings_parse(value, &options->findings)
			       ? usage_error(
					 "--find takes kinds such as wrong_thread,closed_loop, or all, or none, not '%s'",
					 value)
			       : 0;
	case LP_OPTION_WATCH:
		return take_duration("--watch", value, false, &options->watch_ns);
	case 'v':
		options->verbosity++;
		return 0;
	case 'q':
		options->verbosity = -1;
		return 0;
	default:
		return take_flag(options, key);
	}
}

static int parse_command(char *word, struct lp_options *options)
{
	size_t i;

	for (i = 0; i < lp_command_count; i++) {
		if (!lp_commands[i].name || strcmp(lp_commands[i].name, word) != 0)
			continue;
		options->command = lp_commands[i].command;
		return 0;
	}
	return usage_error("'%s' is no command of loopprof (to start a program, put -- before it)",
			   word);
}

static bool option_allowed(const struct lp_options *options, int key)
{
	size_t i;

	for (i = 0; i < lp_option_count; i++)
		if (lp_options[i].key == key)
			return lp_options[i].commands >> options->command & 1;
	return true;
}

bool options_only_explain(const struct lp_options *options)
{
	return options->explain && options->command == LP_COMMAND_PROFILE && !options->pid_count &&
	       !options->all && !options->launch;
}

/* What only makes sense together, or not at all. */
static int check_combination(const struct lp_options *options)
{
	bool targets = options->pid_count || options->all || options->launch;

	if (options->command == LP_COMMAND_REPORT && options->launch)
		return usage_error("%s starts nothing: leave out -- COMMAND", "report");
	if (options->command == LP_COMMAND_REPORT)
		return options->capture ? 0
					: usage_error("report needs the name of a %s", "capture");
	if (options->capture)
		return usage_error("'%s' is too much (to start a program, put -- before it)",
				   options->capture);
	if (options->command == LP_COMMAND_CHECK)
		return options->launch
			       ? usage_error("%s starts nothing: leave out -- COMMAND", "check")
			       : 0;
	if (options_only_explain(options))
		return 0;
	if (options->command == LP_COMMAND_TASKS)
		return options->pid_count ? 0 : usage_error("tasks needs %s", "-p PID");
	if (!targets)
		return usage_error("nothing to profile: give %s", "-p PID, -a or -- COMMAND");
	if (options->all && (options->pid_count || options->launch))
		return usage_error("-a means every process: leave out %s", "-p and -- COMMAND");
	if (options->pid_count && options->launch)
		return usage_error("give either -p PID or %s, not both", "-- COMMAND");
	if (options->command == LP_COMMAND_RECORD && !options->output)
		return usage_error("record needs %s", "-o FILE");
	if (options->sampling && options->queue)
		return usage_error("%s needs a probe: leave out -m sample",
				   options->lifetimes ? "--lifetimes"
				   : options->findings >> LP_FINDING_WRONG_THREAD & 1
					   ? "--find wrong_thread"
					   : "--queue");
	return 0;
}

static int parse_words(int argc, char **argv, int separator, struct lp_options *options)
{
	bool command_seen = false;
	int err;

	for (; optind < separator; optind++) {
		if (options->command == LP_COMMAND_REPORT && command_seen) {
			if (options->capture)
				return usage_error("report takes one capture; '%s' is one more",
						   argv[optind]);
			options->capture = argv[optind];
			continue;
		}
		if (command_seen)
			return usage_error(
				"'%s' is too much (to start a program, put -- before it)",
				argv[optind]);
		err = parse_command(argv[optind], options);
		if (err)
			return err;
		command_seen = true;
	}
	if (separator < argc) {
		if (separator + 1 == argc)
			return usage_error("there is no COMMAND after %s", "--");
		options->launch = argv + separator + 1;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct lp_options *options)
{
	int keys[64], separator = argc, key, err, i;
	struct option *longs;
	size_t seen = 0, j;
	char shorts[128];

	memset(options, 0, sizeof(*options));
	options->threshold_ns = DEFAULT_THRESHOLD_NS;
	options->findings = findings_default();
	for (i = 1; i < argc && separator == argc; i++)
		if (!strcmp(argv[i], "--"))
			separator = i;
	longs = option_table_getopt(shorts, sizeof(shorts));
	if (!longs)
		return usage_error("%s", "out of memory");
	err = 0;
	while (!err && (key = getopt_long(separator, argv, shorts, longs, NULL)) != -1) {
		if (key == 'h' || key == 'V' || key == LP_OPTION_MAN) {
			option_table_show(key);
			exit(0);
		}
		if (key == '?')
			fputs("loopprof: see `loopprof --help`\n", stderr);
		if (seen < sizeof(keys) / sizeof(keys[0]))
			keys[seen++] = key;
		err = take_option(options, key, optarg);
	}
	free(longs);
	if (!err)
		err = parse_words(argc, argv, separator, options);
	for (j = 0; !err && j < seen; j++)
		if (!option_allowed(options, keys[j]))
			err = usage_error("%s is not for this command", option_table_name(keys[j]));
	/* what a task waits for a turn of the loop is a part of its life; and a callback from
	 * another thread is seen where it is put into the queue */
	options->queue |= options->lifetimes || options->findings >> LP_FINDING_WRONG_THREAD & 1;
	return err ? err : check_combination(options);
}

void options_free(struct lp_options *options)
{
	free(options->pids);
	options->pids = NULL;
}
