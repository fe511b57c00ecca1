// SPDX-License-Identifier: BSD-2-Clause
#include "options.h"

#include "findings.h"
#include "option_table.h"
#include "option_values.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_THRESHOLD_NS 100000000ULL
#define FREQUENCY_MAX 10000
#define DEFAULT_EXPORT_NS 10000000000ULL
#define DEFAULT_ROTATE_BYTES (64ULL << 20)
#define DEFAULT_RETAIN_BYTES (1ULL << 30)

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
	options->mode_given = true;
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

static int take_export(struct lp_options *options, const char *value)
{
	if (options->export_count == LP_EXPORTS_MAX)
		return usage_error("%s may be given eight times", "--export");
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
		return usage_error("%s", "out of memory");
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
		return *value ? 0 : usage_error("%s takes the path of a cgroup", "--cgroup");
	case LP_OPTION_EXPORT:
		return take_export(options, value);
	case LP_OPTION_BUDGET:
		return option_percent(value, &options->budget_ppm)
			       ? usage_error(
					 "--budget takes a share of a CPU such as 1%%, not '%s'",
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
		return 0;
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
	const char *command = lp_commands[options->command].name;

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

	if (reads_captures(options))
		return check_captures(options);
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
	if (options->cgroup && (options->pid_count || options->launch))
		return usage_error("--cgroup tells which processes: leave out %s",
				   "-p and -- COMMAND");
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
	if (options->budget_ppm &&
	    (options->lifetimes || options->findings >> LP_FINDING_WRONG_THREAD & 1))
		return usage_error("%s has to see every callback: leave out --budget",
				   options->lifetimes ? "--lifetimes" : "--find wrong_thread");
	return 0;
}

static int parse_words(int argc, char **argv, int separator, struct lp_options *options)
{
	bool command_seen = false;
	int err;

	for (; optind < separator; optind++) {
		if (reads_captures(options) && command_seen) {
			options->captures[options->capture_count++] = argv[optind];
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

int options_parse(int argc, char **argv, struct lp_options *options)
{
	int keys[64], separator = argc, key, err, i;
	struct option *longs;
	size_t seen = 0, j;
	char shorts[128];

	memset(options, 0, sizeof(*options));
	options->captures = calloc((size_t)argc + 1, sizeof(*options->captures));
	if (!options->captures)
		return usage_error("%s", "out of memory");
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
