// SPDX-License-Identifier: BSD-2-Clause
/* --help and the man page, from the table of commands and options. */
#include "help.h"

#include "table.h"
#include "base/macros.h"
#include "base/version.h"
#include "base/wrap.h"
#include "model/finding_kinds.h"

#include <stdio.h>
#include <string.h>

/* Columns of an option and its value, and those before its text. */
#define OPTION_COLUMNS 26
#define TEXT_COLUMNS (2 + OPTION_COLUMNS + 1)
/* Indentation of what describes a command or an example. */
#define INDENT "      "
/* Width of the page if none was set. */
#define COLUMNS_ELSE 80
/* The exit status in words, of the help and of the man page; README.md has the same. */
#define EXIT_STATUS                                                                                \
	"0, also when the target exits; 1 for an error, if nothing was attached, or if the "       \
	"process that attaches probes was killed, which ends the run; 2 for wrong usage. With "    \
	"--, it is that of COMMAND, or as in shells 127 or 126 if COMMAND is not there or cannot " \
	"be executed; but 1 if that is 0 and a result could not be written, or if the process "    \
	"that attaches probes was killed. If COMMAND outlives the run, loopprof waits for it: "    \
	"SIGINT, SIGTERM or SIGHUP that loopprof alone receives ends the run and is forwarded "    \
	"to COMMAND, a second one ends loopprof alone."

static const struct {
	enum lp_command of;
	const char *command;
	const char *text;
} examples[] = {
	{ LP_COMMAND_PROFILE, "sudo loopprof -p 4242", "what holds up the loop of process 4242" },
	{ LP_COMMAND_PROFILE, "sudo loopprof -p 4242 -t 20ms -d 30s",
	  "stalls from 20 ms on, for half a minute" },
	{ LP_COMMAND_PROFILE, "sudo loopprof -p 4242 -m sample",
	  "the same at a lower cost: no probe on callbacks" },
	{ LP_COMMAND_PROFILE, "sudo loopprof -p 4242 -s", "the workers of process 4242, too" },
	{ LP_COMMAND_TASKS, "sudo loopprof tasks -p 4242",
	  "what each of its tasks waits for, now" },
	{ LP_COMMAND_TASKS, "sudo loopprof tasks -p 4242 --watch 5",
	  "which tasks are new, have ended or only accumulate, each five seconds" },
	{ LP_COMMAND_PROFILE, "sudo loopprof -p 4242 --find all --explain",
	  "also lost coroutines and tasks, and what to do about them" },
	{ LP_COMMAND_PROFILE, "sudo loopprof -a -i 10s",
	  "every loop of the host, a summary each ten seconds" },
	{ LP_COMMAND_PROFILE, "sudo loopprof -- python3 app.py",
	  "from the first callback of a program on" },
	{ LP_COMMAND_PROFILE, "sudo loopprof -a --budget 1% --export prom=/var/x.prom",
	  "all the time, with metrics for node_exporter" },
	{ LP_COMMAND_RECORD, "sudo loopprof record -o x.lpc -p 4242", "capture now, ..." },
	{ LP_COMMAND_REPORT, "loopprof report x.lpc", "... read later, elsewhere" },
	{ LP_COMMAND_EXPORT, "loopprof export -f html -o x.html x.lpc", "a page for a browser" },
	{ LP_COMMAND_DIFF, "loopprof diff old.lpc new.lpc --fail-if slower",
	  "a gate for a release" },
	{ LP_COMMAND_RECORD, "sudo loopprof record -a -o /var/lib/loopprof/",
	  "all the time: the last gigabyte stays on the disk" },
};

static struct {
	const char *formats, *live_formats;
	size_t columns;
} page = { "", "", COLUMNS_ELSE };

void help_set_page(const char *formats, const char *live_formats, size_t columns)
{
	page.formats = formats;
	page.live_formats = live_formats;
	page.columns = columns;
}

/*
 * Returns the text of an option with the names of formats and kinds of findings in it. It is valid
 * until the next call.
 */
static const char *row_text(const struct lp_option_row *row)
{
	char findings[512];
	const struct {
		const char *mark, *names;
	} marks[] = { { "{formats}", page.formats },
		      { "{live formats}", page.live_formats },
		      { "{findings}", finding_kinds_offered(findings, sizeof(findings)) } };
	static char text[1024];
	const char *at;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		at = strstr(row->text, marks[i].mark);
		if (!at)
			continue;
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - row->text), row->text,
			 marks[i].names, at + strlen(marks[i].mark));
		return text;
	}
	return row->text;
}

/* Returns " " and the word of a command, or "" for the command without one. */
static const char *word_of(const struct lp_command_row *command, char *word, size_t size)
{
	snprintf(word, size, "%s%s", command->name ? " " : "", command->name ? command->name : "");
	return word;
}

static void print_usage(const struct lp_command_row *command)
{
	char word[32];
	int columns = printf("  loopprof%s%s", word_of(command, word, sizeof(word)),
			     *command->synopsis ? " " : "");

	wrap_print(stdout, command->synopsis, (size_t)columns, INDENT "    ", page.columns);
	fputs(INDENT, stdout);
	wrap_print(stdout, command->text, strlen(INDENT), INDENT, page.columns);
}

/* Prints an option. command: add the names of the commands that take it. */
static void print_option(const struct lp_option_row *row, bool commands)
{
	char text[1200], left[64], letter[8] = "    ", prefix[TEXT_COLUMNS + 1];
	size_t i, at = (size_t)snprintf(text, sizeof(text), "%s", row_text(row));
	const char *before = " (only with ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name, row->value ? " " : "",
		 row->value ? row->value : "");
	for (i = 0; commands && i < lp_command_count && at < sizeof(text); i++) {
		if (!(row->commands >> lp_commands[i].command & 1))
			continue;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", before,
				       option_table_command(lp_commands[i].command));
		before = ", ";
	}
	if (commands && at < sizeof(text))
		snprintf(text + at, sizeof(text) - at, ")");
	snprintf(prefix, sizeof(prefix), "%*s", TEXT_COLUMNS, "");
	printf("  %-*s ", OPTION_COLUMNS, left);
	wrap_print(stdout, text, TEXT_COLUMNS, prefix, page.columns);
}

static void print_examples(const struct lp_command_row *command)
{
	const char *title = "\nExamples:\n";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		if (command && examples[i].of != command->command)
			continue;
		printf("%s  %s\n" INDENT, title, examples[i].command);
		wrap_print(stdout, examples[i].text, strlen(INDENT), INDENT, page.columns);
		title = "";
	}
}

/* Prints the options that a command has; with others, those that it has not. */
static void print_options(enum lp_command command, bool others)
{
	size_t i;

	for (i = 0; i < lp_option_count; i++)
		if (!(lp_options[i].commands >> command & 1) == others)
			print_option(&lp_options[i], others);
}

static void print_all(void)
{
	size_t i;

	wrap_print(stdout,
		   "loopprof shows what holds up an event loop: which callback, how long, at which "
		   "line; what each task waits for; and which tasks, coroutines and errors were "
		   "lost.",
		   0, "", page.columns);
	puts("\nUsage:");
	for (i = 0; i < lp_command_count; i++)
		print_usage(&lp_commands[i]);
	puts("\n`loopprof COMMAND --help` shows the options of one command.\n\nOptions:");
	print_options(LP_COMMAND_PROFILE, false);
	puts("\nOptions of the other commands only:");
	print_options(LP_COMMAND_PROFILE, true);
}

void help_print(const struct lp_command_row *command)
{
	if (command) {
		puts("Usage:");
		print_usage(command);
		puts("\nOptions:");
		print_options(command->command, false);
	} else {
		print_all();
	}
	print_examples(command);
	putchar('\n');
	wrap_print(stdout,
		   "Results go to stdout, everything else to stderr. Ctrl-C once: summary; twice: "
		   "quit at once. Exit status: " EXIT_STATUS,
		   0, "", page.columns);
}

/* Prints text for roff, which takes a leading dot or quote as a request, and - as a hyphen. */
static void print_roff(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '-' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static const char man_description[] =
	".SH DESCRIPTION\n"
	"loopprof attaches to running, unmodified asyncio programs from outside, by eBPF. It shows\n"
	"which callback or task step held the loop, for how long, at which line and why (computing,\n"
	"blocked in a system call, waiting for the GIL or for a CPU, collecting garbage), and what\n"
	"had to wait. It also shows what was lost: coroutines that were never awaited, exceptions\n"
	"that were never retrieved, tasks that were destroyed while they were pending, and loops\n"
	"that were used after their end or from the wrong thread.\n"
	".B loopprof tasks\n"
	"shows what each task waits for. The programs are neither changed nor restarted. With \\-a,\n"
	"loopprof follows every loop of a host within a budget, and writes captures and metrics to\n"
	"files.\n";

static const char man_overhead[] =
	".SH OVERHEAD\n"
	"In trace mode a uprobe costs the target a trap for each callback. Hooks cost each poll\n"
	"system call and each context switch of the host a look-up in a map. Sample mode has no\n"
	"uprobe on callbacks. Detecting lost tasks and errors costs nothing until one is lost;\n"
	"options that cost more say so. README.md has measured figures.\n";

static const char man_end[] =
	".SH FILES\n"
	"Captures, JSON lines and metrics belong to the user who called sudo.\n"
	".SH REQUIREMENTS\n"
	"Linux 5.10 or later on x86\\-64 with BTF, and root. asyncio on CPython 3.8 to 3.15, and\n"
	"uvloop 0.17 to 0.23.\n"
	".B loopprof check\n"
	"shows what a host lacks, which capability is needed for what, and what works without it.\n";

static void print_man_commands(void)
{
	size_t i;

	puts(".SH NAME\nloopprof \\- show what holds up an event loop\n.SH SYNOPSIS");
	for (i = 0; i < lp_command_count; i++) {
		printf(".B loopprof%s%s\n.RI \"", lp_commands[i].name ? " " : "",
		       lp_commands[i].name ? lp_commands[i].name : "");
		print_roff(lp_commands[i].synopsis);
		puts("\"\n.br");
	}
	fputs(man_description, stdout);
	for (i = 0; i < lp_command_count; i++) {
		printf(".TP\n.B loopprof%s%s\n", lp_commands[i].name ? " " : "",
		       lp_commands[i].name ? lp_commands[i].name : "");
		print_roff(lp_commands[i].text);
		putchar('\n');
	}
}

static void print_man_options(void)
{
	size_t i;

	puts(".SH OPTIONS");
	for (i = 0; i < lp_option_count; i++) {
		const struct lp_option_row *row = &lp_options[i];

		fputs(".TP\n.B ", stdout);
		if (row->letter)
			printf("\\-%c, ", row->letter);
		fputs("\\-\\-", stdout);
		print_roff(row->name);
		if (row->value)
			printf(" \\fI%s\\fR", row->value);
		putchar('\n');
		print_roff(row_text(row));
		putchar('\n');
	}
	puts(".SH EXAMPLES");
	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		fputs(".TP\n.B ", stdout);
		print_roff(examples[i].command);
		putchar('\n');
		print_roff(examples[i].text);
		putchar('\n');
	}
}

void help_print_man(void)
{
	printf(".TH LOOPPROF 8 \"\" \"loopprof %s\" \"System Administration\"\n", LP_VERSION);
	print_man_commands();
	print_man_options();
	fputs(man_overhead, stdout);
	puts(".SH EXIT STATUS");
	print_roff(EXIT_STATUS);
	putchar('\n');
	fputs(man_end, stdout);
}
