// SPDX-License-Identifier: BSD-2-Clause
#include "table.h"

#include "take.h"
#include "base/version.h"
#include "base/macros.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct lp_command_row lp_commands[] = {
	{ LP_COMMAND_PROFILE, NULL, "{-p PID[,PID]... | -a | -- COMMAND [ARG]...} [OPTION]...",
	  "Profile running loops: print each stall as it ends, and a summary at the end (Ctrl-C, -d, or when the targets have exited)." },
	{ LP_COMMAND_RECORD, "record",
	  "-o FILE|DIR {-p PID[,PID]... | -a | -- COMMAND [ARG]...} [OPTION]...",
	  "Write a capture to a file instead, or several to a directory, where the oldest ones are removed." },
	{ LP_COMMAND_REPORT, "report", "FILE|DIR... [OPTION]...",
	  "Print the same report from captures, without root. Captures of several runs and hosts are merged." },
	{ LP_COMMAND_EXPORT, "export", "-f FORMAT [-o OUT] FILE|DIR... [OPTION]...",
	  "Write captures in the format of another tool." },
	{ LP_COMMAND_DIFF, "diff", "OLD NEW [OPTION]...",
	  "Compare two captures by callback and by blocking line: what got slower, what is new, and whether the difference is more than noise." },
	{ LP_COMMAND_TASKS, "tasks", "-p PID[,PID]... [OPTION]...",
	  "Print every live task as a tree: its state, the line at which it waits, what it waits for, and the tasks that wait for it." },
	{ LP_COMMAND_CHECK, "check", "",
	  "Show what this host and this user's rights support, and what to do about the rest." },
};
const size_t lp_command_count = ARRAY_SIZE(lp_commands);

#define FREQUENCY_MOST 10000
#define DURATION_LEAST_NS NS_PER_MS
/* A callback hardly ever runs for so long. */
#define THRESHOLD_UNIT_EXPECTED_FROM_NS (10 * NS_PER_S)
/*
 * The least period in ns of -i and --watch: output at a higher rate is not read, and the target
 * pays for it.
 */
#define PERIOD_LEAST_NS (10 * NS_PER_MS)

/* The binding of a row: its type, and the field that gets the value. */
#define BIND(kind, member) .type = LP_OPTION_##kind, .field = offsetof(struct lp_options, member)
#define FLAG(member) BIND(FLAG, member)
#define DURATION(member, least_ns) BIND(DURATION, member), .least = least_ns
#define SIZE(member, words) BIND(SIZE, member), .what = words
#define COUNT(member, top, words) BIND(COUNT, member), .most = (top), .what = words
#define TEXT(member, words) BIND(TEXT, member), .what = words
#define SPECIAL(function) .take = function

static int ask_for_help(struct lp_options *options, const char *value)
{
	(void)value;
	options->help = true;
	return 0;
}

static int show_version(struct lp_options *options, const char *value)
{
	(void)options;
	(void)value;
	puts("loopprof " LP_VERSION);
	exit(0);
}

/* clang-format off */
const struct lp_option_row lp_options[] = {
	{ 'p', "pid", "PID[,PID]...", LP_FOR_LIVE | LP_FOR_TASKS,
	  "the processes; may be repeated",
	  SPECIAL(take_pids) },
	{ 'a', "all", NULL, LP_FOR_LIVE,
	  "profile every event loop of the host, in containers too, also those that start later",
	  FLAG(all) },
	{ 0, "cgroup", "PATH", LP_FOR_LIVE,
	  "as -a, but only for processes in this cgroup or below it (a systemd unit, a container, a pod): a path below /sys/fs/cgroup",
	  SPECIAL(take_cgroup) },
	{ 's', "subprocesses", NULL, LP_FOR_LIVE, "follow the targets' children too",
	  FLAG(subprocesses) },
	{ 't', "threshold", "TIME", LP_FOR_LIVE,
	  "a callback that runs for this long or longer is slow (default 100ms)",
	  DURATION(threshold_ns, 0), .unit_expected_from_ns = THRESHOLD_UNIT_EXPECTED_FROM_NS },
	{ 'd', "duration", "TIME", LP_FOR_LIVE, "end after this time (a bare number: seconds)",
	  DURATION(duration_ns, DURATION_LEAST_NS) },
	{ 'i', "interval", "TIME", LP_FOR_LIVE,
	  "print a summary of each interval (record prints none: its capture has the counters of each), and rewrite the file of -o (a capture is not rewritten)",
	  DURATION(interval_ns, PERIOD_LEAST_NS) },
	{ 'm', "mode", "MODE", LP_FOR_LIVE,
	  "trace (the default without -a): a probe times every callback; sample (the default with -a): no probe on callbacks, which are identified by samples of loops that are late",
	  SPECIAL(take_mode) },
	{ 'F', "freq", "HZ", LP_FOR_LIVE,
	  "samples a second of a loop that is late (default: 99, more for thresholds under 50ms)",
	  COUNT(frequency, FREQUENCY_MOST, "samples a second") },
	{ 0, "native", NULL, LP_FOR_LIVE, "show C frames in stacks, too",
	  FLAG(native) },
	{ 0, "kernel", NULL, LP_FOR_LIVE,
	  "show the kernel's frames in stacks, too",
	  FLAG(kernel) },
	{ 0, "queue", NULL, LP_FOR_LIVE,
	  "also measure how long callbacks wait to run; costs one more probe for each callback",
	  FLAG(queue) },
	{ 0, "inner", NULL, LP_FOR_LIVE,
	  "count the steps of a task by the innermost coroutine of the program that it awaits, not by its own coroutine, which may be a framework's; costs 0.3 us a step and 0.1 us for each coroutine in between",
	  FLAG(inner) },
	{ 0, "find", "KIND[,KIND]...", LP_FOR_LIVE,
	  "also report {findings}; all, or none",
	  SPECIAL(take_findings) },
	{ 0, "origins", NULL, LP_FOR_LIVE,
	  "also show where lost coroutines and tasks were created; costs a probe on each task, coroutine and generator that is created",
	  FLAG(origins) },
	{ 0, "cancels", NULL, LP_FOR_LIVE,
	  "also report each task that ends as cancelled, with the line that called its cancel() and the message; costs a probe on each cancellation and on each task that ends with an exception, 2 us each, the trap included",
	  FLAG(cancels) },
	{ 0, "lifetimes", NULL, LP_FOR_LIVE,
	  "also measure how long tasks exist and how they end; costs two probes for each task, and that of --queue",
	  FLAG(lifetimes) },
	{ 0, "explain", NULL, LP_FOR_OUTPUT | LP_FOR_TASKS,
	  "explain each finding and what to do about it; without a command: all kinds of findings",
	  FLAG(explain) },
	{ 0, "stack", NULL, LP_FOR_TASKS, "print whole await chains",
	  FLAG(stack) },
	{ 0, "consistent", NULL, LP_FOR_TASKS,
	  "stop the process while its memory is copied, for some milliseconds, and report for how long",
	  FLAG(consistent) },
	{ 0, "watch", "TIME", LP_FOR_TASKS,
	  "read the tasks again each TIME: which are new, which have ended, which only accumulate",
	  DURATION(watch_ns, PERIOD_LEAST_NS) },
	{ 0, "budget", "PERCENT", LP_FOR_LIVE,
	  "limit the probes to this share of the time of each loop's thread (trace in bursts, sample in between); loopprof lowers its own CPU time towards this share of a CPU as well, and reports it, but does not guarantee it",
	  SPECIAL(take_budget) },
	{ 0, "export", "FORMAT=FILE", LP_FOR_LIVE,
	  "update FILE each interval (-i, default 10s), in the format {live formats}; otlp appends lines until FILE has 64 MiB, and renames it to FILE.1 then; may be repeated",
	  SPECIAL(take_export) },
	{ 0, "host", "NAME", LP_FOR_LIVE,
	  "name of this host in all output (default: the system's; a container has a name of its own)",
	  TEXT(host, "the name of a host") },
	{ 0, "rotate", "SIZE|TIME", LP_FOR(LP_COMMAND_RECORD),
	  "begin a new file in the directory of -o at this size or after this time (default 64M)",
	  SPECIAL(take_rotate) },
	{ 0, "retain", "SIZE", LP_FOR(LP_COMMAND_RECORD),
	  "remove the oldest files so that the directory holds no more than this (default 1G)",
	  SIZE(retain_bytes, "a size such as 1G") },
	{ 0, "by", "WHAT", LP_FOR_CAPTURES,
	  "merge loops by name, container or host (default: loop, which merges none)",
	  SPECIAL(take_by) },
	{ 0, "fail-if", "CONDITION", LP_FOR(LP_COMMAND_DIFF),
	  "exit with 1 if the condition is true, such as p99>10% or new-stalls; may be repeated",
	  SPECIAL(take_fail_if) },
	{ 'o', "output", "FILE",
	  LP_FOR_LIVE | LP_FOR(LP_COMMAND_REPORT) | LP_FOR(LP_COMMAND_EXPORT),
	  "write to FILE: a capture with record, else the format of -f or of its suffix; html, prom and openmetrics need a FILE; - is stdout, for other formats only",
	  SPECIAL(take_output) },
	{ 0, "force", NULL, LP_FOR(LP_COMMAND_REPORT) | LP_FOR(LP_COMMAND_EXPORT),
	  "write to FILE even if it is one of the captures that are read",
	  FLAG(force) },
	{ 'f', "format", "FORMAT", LP_FOR(LP_COMMAND_PROFILE) | LP_FOR_CAPTURES,
	  "{formats} (default: by the suffix of FILE, or text); diff: text or json",
	  TEXT(format, NULL) },
	{ 'j', "json", NULL,
	  LP_FOR(LP_COMMAND_PROFILE) | LP_FOR(LP_COMMAND_REPORT) | LP_FOR(LP_COMMAND_DIFF) |
		  LP_FOR_TASKS,
	  "JSON lines on stdout instead of text",
	  FLAG(json) },
	{ 'v', "verbose", NULL, LP_FOR_ALL, "print more messages on stderr, and stalls with all frames; twice: also the messages of libbpf and the verifier",
	  SPECIAL(take_verbose) },
	{ 'q', "quiet", NULL, LP_FOR_ALL, "print only errors and warnings on stderr",
	  SPECIAL(take_quiet) },
	{ 'V', "version", NULL, LP_FOR_ALL, "print the version",
	  SPECIAL(show_version) },
	{ 'h', "help", NULL, LP_FOR_ALL, "print help; after a command, the help of that command",
	  SPECIAL(ask_for_help) },
};
/* clang-format on */
const size_t lp_option_count = ARRAY_SIZE(lp_options);
_Static_assert(ARRAY_SIZE(lp_options) <= LP_OPTIONS_MAX, "each option has a place");

/*
 * getopt_long() returns the letter of a row, or this value plus the index of a row without a
 * letter.
 */
#define FIRST_LONG 256

struct option *option_table_getopt(char *shorts, size_t size)
{
	struct option *longs = calloc(lp_option_count + 1, sizeof(*longs));
	size_t i, at = 0;

	if (!longs)
		return NULL;
	/* makes getopt_long() return ':' for a missing value, and print nothing itself */
	shorts[at++] = ':';
	for (i = 0; i < lp_option_count; i++) {
		longs[i].name = lp_options[i].name;
		longs[i].has_arg = lp_options[i].value ? required_argument : no_argument;
		longs[i].val = lp_options[i].letter ? lp_options[i].letter : FIRST_LONG + (int)i;
		if (lp_options[i].letter && at + 3 < size) {
			shorts[at++] = (char)lp_options[i].letter;
			if (lp_options[i].value)
				shorts[at++] = ':';
		}
	}
	shorts[at] = '\0';
	return longs;
}

const struct lp_option_row *option_table_row(int key)
{
	size_t i;

	if (key >= FIRST_LONG && (size_t)(key - FIRST_LONG) < lp_option_count)
		return &lp_options[key - FIRST_LONG];
	for (i = 0; i < lp_option_count; i++)
		if (key && lp_options[i].letter == key)
			return &lp_options[i];
	return NULL;
}

const struct lp_command_row *option_table_find_command(const char *word)
{
	size_t i;

	for (i = 0; i < lp_command_count; i++)
		if (lp_commands[i].name && !strcmp(lp_commands[i].name, word))
			return &lp_commands[i];
	return NULL;
}

const char *option_table_command(enum lp_command command)
{
	size_t i;

	for (i = 0; i < lp_command_count; i++)
		if (lp_commands[i].command == command && lp_commands[i].name)
			return lp_commands[i].name;
	return "loopprof";
}

size_t option_table_matches(const char *word, char *names, size_t size)
{
	size_t i, length = strcspn(word, "="), count = 0, at = 0;

	names[0] = '\0';
	for (i = 0; i < lp_option_count; i++) {
		if (strncmp(lp_options[i].name, word, length) != 0)
			continue;
		if (at < size)
			at += (size_t)snprintf(names + at, size - at, "%s--%s", count ? ", " : "",
					       lp_options[i].name);
		count++;
	}
	return count;
}

const char *option_table_name(const struct lp_option_row *row)
{
	static char text[32];

	if (row->letter)
		snprintf(text, sizeof(text), "-%c", row->letter);
	else
		snprintf(text, sizeof(text), "--%s", row->name);
	return text;
}
