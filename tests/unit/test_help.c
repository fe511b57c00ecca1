// SPDX-License-Identifier: BSD-2-Clause
/* --help: of all commands and of one, within the width of the page. */
#include "options_fixture.h"

#include "options/help.h"
#include "options/table.h"
#include "base/macros.h"
#include "base/text.h"

#include <sys/wait.h>

static char text[1 << 16];

static void read_back(FILE *file)
{
	size_t bytes;

	rewind(file);
	bytes = fread(text, 1, sizeof(text) - 1, file);
	text[bytes] = '\0';
	fclose(file);
}

static const char *help_of(const struct lp_command_row *command, size_t columns)
{
	int standard = dup(STDOUT_FILENO);
	FILE *file = tmpfile();

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	help_set_page("text, json, prom, openmetrics, otlp and folded", "prom and otlp", columns);
	help_print(command);
	fflush(stdout);
	dup2(standard, STDOUT_FILENO);
	close(standard);
	read_back(file);
	return text;
}

/* Returns whether the text lists the option, at the beginning of a line. */
static bool lists(const char *help, const struct lp_option_row *row)
{
	char start[64];

	if (row->letter)
		snprintf(start, sizeof(start), "\n  -%c, --%s ", row->letter, row->name);
	else
		snprintf(start, sizeof(start), "\n      --%s ", row->name);
	return strstr(help, start) != NULL;
}

static void help_has_all_commands_and_options(void **state)
{
	const char *help = help_of(NULL, 80);
	size_t i;

	(void)state;
	for (i = 0; i < lp_option_count; i++)
		if (!lists(help, &lp_options[i]))
			fail_msg("--%s is not in the help", lp_options[i].name);
	for (i = 0; i < lp_command_count; i++)
		assert_true(!lp_commands[i].name || strstr(help, lp_commands[i].name));
	assert_non_null(strstr(help, "(only with tasks)"));
	assert_non_null(strstr(help, "(only with report, export)"));
}

static void help_of_a_command_has_its_options_only(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < lp_command_count; i++) {
		const char *help = help_of(&lp_commands[i], 80);

		for (j = 0; j < lp_option_count; j++)
			if (lists(help, &lp_options[j]) !=
			    (lp_options[j].commands >> lp_commands[i].command & 1))
				fail_msg("%s and --%s", lp_commands[i].name, lp_options[j].name);
		assert_null(strstr(help, "(only with"));
	}
}

static void no_line_is_wider_than_the_page(void **state)
{
	static const size_t widths[] = { 64, 80, 133 };
	size_t i, command;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		for (command = 0; command <= lp_command_count; command++) {
			char *rest = NULL, *part;

			help_of(command ? &lp_commands[command - 1] : NULL, widths[i]);
			for (part = strtok_r(text, "\n", &rest); part;
			     part = strtok_r(NULL, "\n", &rest))
				if (text_columns(part) > widths[i])
					fail_msg("%zu columns: %s", text_columns(part), part);
		}
	}
}

/* Parses a command line that exits; its stdout is in text afterwards. */
static int exit_status_of(const char *command)
{
	FILE *file = tmpfile();
	int status;
	pid_t child;

	assert_non_null(file);
	fflush(stdout);
	child = fork();
	if (!child) {
		dup2(fileno(file), STDOUT_FILENO);
		_exit(100 + parse(command));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	read_back(file);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void the_command_may_be_on_either_side_of_help(void **state)
{
	static const char *const lines[] = { "tasks --help", "--help tasks", "tasks -h -p 1",
					     "-h -t nonsense tasks" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(exit_status_of(lines[i]), 0);
		assert_non_null(strstr(text, "\n      --watch TIME"));
		assert_null(strstr(text, "--budget"));
	}
	assert_int_equal(exit_status_of("--help"), 0);
	assert_non_null(strstr(text, "--budget"));
	assert_int_equal(exit_status_of("--help nonsense"), 0);
	assert_non_null(strstr(text, "--budget"));
	assert_int_equal(exit_status_of("-t nonsense --help"), 102);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(help_has_all_commands_and_options),
		TEST(help_of_a_command_has_its_options_only),
		TEST(no_line_is_wider_than_the_page),
		TEST(the_command_may_be_on_either_side_of_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
