// SPDX-License-Identifier: BSD-2-Clause
#include "commands.h"
#include "compare/text.h"
#include "read_captures.h"
#include "files/output_file.h"
#include "open_sinks.h"
#include "sinks/terminal.h"
#include "files/standard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void take(void *context, const struct lp_event *record)
{
	model_take(context, record);
}

/*
 * Reads one of the two sides: a capture, or a directory of captures. Returns 0 or a negative errno;
 * the error was reported then.
 */
static int read_side(const struct lp_options *options, char *path, struct lp_side *side)
{
	struct lp_merge *captures = NULL;
	struct lp_error error = { .code = 0 };
	struct lp_model *model = NULL;
	int err;

	err = merge_open(&path, 1, &captures, &error);
	if (!err)
		err = read_captures_spare(captures, options, &error);
	if (!err && (model_new(&side_observer, side, &model) ||
		     read_captures_begin(captures, false, model)))
		err = error_set(&error, -ENOMEM, "out of memory");
	if (!err)
		err = read_captures(captures, model, take, model);
	else if (error.text[0])
		log_error("%s", error.text);
	model_free(model);
	merge_free(captures);
	return err;
}

static int check_conditions(const struct lp_options *options)
{
	size_t i;

	for (i = 0; i < options->fail_if_count; i++) {
		if (!gate_check(options->fail_if[i]))
			continue;
		log_error("--fail-if takes %s, not '%s'", LP_GATE_SYNTAX, options->fail_if[i]);
		return 2;
	}
	if (options->format && strcmp(options->format, "text") != 0 &&
	    strcmp(options->format, "json") != 0) {
		log_error("diff prints text or json, not '%s'", options->format);
		return 2;
	}
	return 0;
}

/* Reports which conditions of --fail-if hold and stores them in failed. Returns their number. */
static size_t apply_gate(const struct lp_options *options, const struct lp_comparison *comparison,
			 const char **failed)
{
	size_t i, count = 0;
	char why[512];

	for (i = 0; i < options->fail_if_count; i++) {
		if (!gate_holds(options->fail_if[i], comparison, why, sizeof(why)))
			continue;
		failed[count++] = options->fail_if[i];
		log_error("--fail-if %s: %s", options->fail_if[i], why);
	}
	return count;
}

static int print_result(const struct lp_options *options, const struct lp_comparison *comparison)
{
	bool json = options->json || (options->format && !strcmp(options->format, "json"));
	const char **failed = calloc(options->fail_if_count + 1, sizeof(*failed));
	struct lp_terminal terminal = terminal_of_stdout();
	size_t count;
	int err;

	if (!failed) {
		log_error("out of memory");
		return 1;
	}
	if (json)
		comparison_json(stdout, comparison);
	else
		comparison_print(stdout, &terminal, comparison);
	standard_flush();
	count = apply_gate(options, comparison, failed);
	if (json)
		comparison_json_end(stdout, failed, count);
	free(failed);
	err = standard_flush();
	if (err) {
		log_error("the comparison could not be written: %s", output_advice(err));
		return 1;
	}
	return count ? 1 : 0;
}

int command_diff(const struct lp_options *options)
{
	struct lp_side old = { .host = "" }, new = { .host = "" };
	struct lp_comparison comparison;
	int status = check_conditions(options);

	if (status)
		return status;
	open_sinks_confine(options);
	/* the readable part of a damaged capture must not pass a gate */
	if (read_side(options, options->captures[0], &old) ||
	    read_side(options, options->captures[1], &new)) {
		status = 1;
	} else if (comparison_make(&comparison, &old, &new)) {
		log_error("out of memory");
		status = 1;
	} else {
		status = print_result(options, &comparison);
		comparison_free(&comparison);
	}
	side_free(&old);
	side_free(&new);
	return status;
}
