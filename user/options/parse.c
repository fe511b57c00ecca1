// SPDX-License-Identifier: BSD-2-Clause
#include "parse.h"

#include "wire/finding_kinds.h"
#include "table.h"
#include "values.h"
#include "base/macros.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_THRESHOLD_NS 100000000ULL
#define FREQUENCY_MAX 10000
#define PID_MOST (1UL << 22)
#define DURATION_LEAST_NS NS_PER_MS
/* -i and --watch: nobody reads output at a faster rate, and the target pays for it */
#define PERIOD_LEAST_NS 10000000ULL
#define DEFAULT_EXPORT_NS (10 * NS_PER_S)
#define DEFAULT_ROTATE_BYTES (64ULL << 20)
#define DEFAULT_RETAIN_BYTES (1ULL << 30)

/* Writes the sentence and returns 2, the status of a wrong usage. */
#define usage_error(...) (log_usage(__VA_ARGS__), 2)

static int add_pid(struct lp_options *options, const char *text)
{
	unsigned long pid;
	pid_t *grown;

	if (option_number(text, PID_MOST, &pid) || !pid)
		return -EINVAL;
	grown = realloc(options->pids, (options->pid_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	options->pids = grown;
	grown[options->pid_count++] = (pid_t)pid;
	return 0;
}

static int add_pids(struct lp_options *options, const char *list)
{
	char *copy = strdup(list), *rest = copy, *word;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (word = strsep(&rest, ",")))
		err = add_pid(options, word);
	free(copy);
	if (err == -ENOMEM)
		return usage_error("out of memory");
	return err ? usage_error(
			     "-p takes process IDs: '%s' is not a list of process IDs such as 4242,4243",
			     list)
		   : 0;
}

/* Times below the least are refused. */
static int take_duration(const char *name, const char *text, uint64_t least, uint64_t *ns)
{
	uint64_t value;

	if (options_duration(text, &value))
		return usage_error(
			"%s takes a time such as 100ms, 2s or 1.5m (a bare number is in seconds), not '%s'",
			name, text);
	if (value < least)
		return usage_error("%s takes a time of at least %g ms, not '%s'", name,
				   (double)least / 1e6, text);
	*ns = value;
	return 0;
}

static int take_mode(struct lp_options *options, const char *value)
{
	options->mode_given = true;
	options->sampling = strcmp(value, "sample") == 0;
	return options->sampling || strcmp(value, "trace") == 0
		       ? 0
		       : usage_error("-m knows the modes trace and sample, not '%s'", value);
}

static int take_frequency(struct lp_options *options, const char *value)
{
	unsigned long frequency;

	if (option_number(value, FREQUENCY_MAX, &frequency) || !frequency)
		return usage_error("-F takes samples a second, from 1 to 10000, not '%s'", value);
	options->frequency = (unsigned int)frequency;
	return 0;
}

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
		{ LP_OPTION_FORCE, offsetof(struct lp_options, force) },
		{ LP_OPTION_EXPLAIN, offsetof(struct lp_options, explain) },
		{ LP_OPTION_STACK, offsetof(struct lp_options, stack) },
		{ LP_OPTION_CONSISTENT, offsetof(struct lp_options, consistent) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (flags[i].key == key) {
			*(bool *)((char *)options + flags[i].field) = true;
			return 0;
		}
	}
	return 2;
}

static int take_export(struct lp_options *options, const char *value)
{
	if (options->export_count == LP_EXPORTS_MAX)
		return usage_error("--export may be given at most eight times");
	if (option_export(value, &options->exports[options->export_count]))
		return usage_error("--export takes FORMAT=FILE such as prom=/var/x.prom, not '%s'",
				   value);
	options->export_count++;
	return 0;
}

static int take_fail_if(struct lp_options *options, const char *value)
{
	const char **grown =
		realloc(options->fail_if, (options->fail_if_count + 1) * sizeof(*grown));

	if (!grown)
		return usage_error("out of memory");
	options->fail_if = grown;
	grown[options->fail_if_count++] = value;
	return 0;
}

/* What a service that stays on takes. */
static int take_fleet_option(struct lp_options *options, int key, const char *value)
{
	switch (key) {
	case LP_OPTION_CGROUP:
		options->cgroup = value;
		return option_cgroup(value)
			       ? usage_error(
					 "--cgroup takes the path of a cgroup below /sys/fs/cgroup, without '..', not '%s'",
					 value)
			       : 0;
	case LP_OPTION_EXPORT:
		return take_export(options, value);
	case LP_OPTION_BUDGET:
		return option_percent(value, &options->budget_ppm)
			       ? usage_error(
					 "--budget takes a share of a CPU such as 1%%, up to 100%%, not '%s'",
					 value)
			       : 0;
	case LP_OPTION_ROTATE:
		options->keep = true;
		return option_rotate(value, &options->rotate_bytes, &options->rotate_ns)
			       ? usage_error(
					 "--rotate takes a size such as 64M or a time such as 1h, not '%s'",
					 value)
			       : 0;
	case LP_OPTION_RETAIN:
		options->keep = true;
		return options_size(value, &options->retain_bytes) || !options->retain_bytes
			       ? usage_error("--retain takes a size such as 1G, not '%s'", value)
			       : 0;
	case LP_OPTION_BY:
		return option_by(value, &options->by)
			       ? usage_error("--by takes loop, name, container or host, not '%s'",
					     value)
			       : 0;
	case LP_OPTION_HOST:
		options->host = value;
		return *value ? 0 : usage_error("--host takes the name of a host, not ''");
	case LP_OPTION_FAIL_IF:
		return take_fail_if(options, value);
	default:
		return take_flag(options, key);
	}
}

static int take_option(struct lp_options *options, int key, char *value)
{
	switch (key) {
	case 'p':
		return add_pids(options, value);
	case 't':
		return take_duration("-t", value, 0, &options->threshold_ns);
	case 'd':
		return take_duration("-d", value, DURATION_LEAST_NS, &options->duration_ns);
	case 'i':
		return take_duration("-i", value, PERIOD_LEAST_NS, &options->interval_ns);
	case 'm':
		return take_mode(options, value);
	case 'F':
		return take_frequency(options, value);
	case 'o':
		options->output = value;
		return *value ? 0 : usage_error("-o takes the name of a file, not ''");
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
		return take_duration("--watch", value, PERIOD_LEAST_NS, &options->watch_ns);
	case 'v':
		options->verbosity++;
		return 0;
	case 'q':
		options->verbosity = -1;
		return 0;
	default:
		return take_fleet_option(options, key, value);
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

/* What only makes sense together, or not at all. */
static int check_combination(const struct lp_options *options)
{
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
	if (options->command == LP_COMMAND_RECORD && !options->output)
		return usage_error("record needs -o FILE");
	if (options->sampling && options->queue)
		return usage_error("%s needs a probe: leave out -m sample",
				   options->lifetimes ? "--lifetimes"
				   : options->findings >> LP_FINDING_WRONG_THREAD & 1
					   ? "--find wrong_thread"
					   : "--queue");
	if (options->budget_ppm &&
	    (options->lifetimes || options->findings >> LP_FINDING_WRONG_THREAD & 1))
		return usage_error("%s has to see every callback: leave out --budget",
				   options->lifetimes ? "--lifetimes" : "--find wrong_thread");
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
				"'%s' is too much (to start a program, put -- before it)",
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

/* What is not given follows from what is. */
static void complete_options(struct lp_options *options)
{
	/* what a task waits for a turn of the loop is a part of its life; and a callback from
	 * another thread is seen where it is put into the queue */
	options->queue |= options->lifetimes || options->findings >> LP_FINDING_WRONG_THREAD & 1;
	if (options->cgroup && !options->pid_count && !options->launch)
		options->all = true;
	/* to be left on: no probe, unless it is asked for or paid from a budget */
	if (options->all && !options->mode_given && !options->queue && !options->budget_ppm)
		options->sampling = true;
	if (options->export_count && !options->interval_ns)
		options->export_ns = DEFAULT_EXPORT_NS;
	if (!options->rotate_bytes && !options->rotate_ns)
		options->rotate_bytes = DEFAULT_ROTATE_BYTES;
	if (!options->retain_bytes)
		options->retain_bytes = DEFAULT_RETAIN_BYTES;
}

static void show_and_exit(int key)
{
	option_table_show(key);
	exit(0);
}

/*
 * An error of getopt_long: ':' for an option without its value, '?' for all others.  The
 * word is where it stopped, and optopt the option where that is known.
 */
static int refuse_option(int key, const char *word)
{
	const struct lp_option_row *row = option_table_row(optopt);
	bool is_long = word && !strncmp(word, "--", 2);
	char names[512];

	if (key == ':' && row)
		return usage_error("%s requires an argument: %s", option_table_name(optopt),
				   row->value);
	if (is_long && row)
		return usage_error("%s allows no argument: '%s'", option_table_name(optopt), word);
	if (!is_long)
		return usage_error("invalid option -%c", optopt);
	if (option_table_matches(word + 2, names, sizeof(names)) > 1)
		return usage_error("'%s' is ambiguous: it may be any of %s", word, names);
	return usage_error("unrecognized option '%s'", word);
}

int options_parse(int argc, char **argv, struct lp_options *options)
{
	bool given[LP_OPTION_MAN + 1] = { false };
	int separator = argc, key, err, i;
	struct option *longs;
	char shorts[128];

	memset(options, 0, sizeof(*options));
	options->captures = calloc((size_t)argc + 1, sizeof(*options->captures));
	if (!options->captures)
		return usage_error("out of memory");
	options->threshold_ns = DEFAULT_THRESHOLD_NS;
	options->findings = findings_default();
	for (i = 1; i < argc && separator == argc; i++)
		if (!strcmp(argv[i], "--"))
			separator = i;
	for (i = 1; i < separator; i++)
		if (!strcmp(argv[i], "--" LP_OPTION_MAN_NAME))
			show_and_exit(LP_OPTION_MAN);
	longs = option_table_getopt(shorts, sizeof(shorts));
	if (!longs)
		return usage_error("out of memory");
	err = 0;
	opterr = 0;
	while (!err && (key = getopt_long(separator, argv, shorts, longs, NULL)) != -1) {
		if (key == 'h' || key == 'V')
			show_and_exit(key);
		given[key] = true;
		err = key == '?' || key == ':' ? refuse_option(key, argv[optind - 1])
					       : take_option(options, key, optarg);
	}
	free(longs);
	if (!err)
		err = parse_words(argc, argv, separator, options);
	for (key = 0; !err && key <= LP_OPTION_MAN; key++)
		if (given[key] && !option_allowed(options, key))
			err = usage_error("%s is not for this command", option_table_name(key));
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
