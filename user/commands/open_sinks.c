// SPDX-License-Identifier: BSD-2-Clause
#include "open_sinks.h"

#include "files/output_file.h"
#include "sinks/terminal.h"
#include "files/output_place.h"
#include "files/standard.h"
#include "privileges/sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int choose_format(const struct lp_options *options, const struct lp_format **format,
			 struct lp_error *error)
{
	char names[LP_FORMAT_NAMES_MAX];

	format_names(names, sizeof(names), false, "and");
	*format = NULL;
	if (options->format) {
		*format = format_by_name(options->format);
		if (!*format)
			return error_set(error, -EINVAL, "there is no format '%s'; there are %s",
					 options->format, names);
		if ((*format)->snapshot && !options->output)
			return error_set(error, -EINVAL,
					 "the format %s is for a file: give one with -o",
					 options->format);
	} else if (options->output) {
		*format = format_by_path(options->output);
		if (!*format && options->json)
			*format = &json_format;
		if (!*format)
			return error_set(
				error, -EINVAL,
				"cannot derive the format of %s from its suffix; give it with -f: %s",
				options->output, names);
	}
	return 0;
}

/* Returns whether two paths name the same file. */
static bool same_file(const char *left, const char *right)
{
	struct lp_file_path first, second;
	bool same = !strcmp(left, right);

	int err = file_path_set(&first, left);

	err = file_path_set(&second, right) || err;
	if (!err)
		same = file_path_same(&first, &second);
	file_path_clear(&first);
	file_path_clear(&second);
	return same;
}

/*
 * Returns whether another output writes the file of an export. Two outputs would replace each
 * other's contents in turn.
 */
static bool is_taken(const struct lp_options *options, size_t export)
{
	const char *path = options->exports[export].path;
	size_t i;

	for (i = 0; i < export; i++)
		if (same_file(path, options->exports[i].path))
			return true;
	return options->output && same_file(path, options->output);
}

static int check_exports(const struct lp_options *options)
{
	const struct lp_format *format;
	char names[LP_FORMAT_NAMES_MAX];
	size_t i;

	for (i = 0; i < options->export_count; i++) {
		format = format_by_name(options->exports[i].format);
		if (!format || !format->live) {
			log_error("--export knows no format '%s'; there are %s",
				  options->exports[i].format,
				  format_names(names, sizeof(names), true, "and"));
			return 2;
		}
		if (is_taken(options, i)) {
			log_error(
				"'%s' is written by another output already; give each a file of its own",
				options->exports[i].path);
			return 2;
		}
	}
	return 0;
}

/*
 * Returns whether the output of record has the suffix of a format: the user expects a file of that
 * format, which a capture is not.
 */
static bool is_no_capture(const struct lp_options *options, struct lp_error *error)
{
	const struct lp_format *format = options->archive ? NULL : format_by_path(options->output);
	struct stat status;

	if (!format || (!stat(options->output, &status) && S_ISDIR(status.st_mode)))
		return false;
	error_set(
		error, -EINVAL,
		"record writes captures, and %s would be no %s file: leave out the word record for that file (`loopprof -o %s ...`), or record to a name such as x.lpc, and convert it: `loopprof export -o %s x.lpc`",
		options->output, format->name, options->output, options->output);
	return true;
}

int open_sinks_check(const struct lp_options *options)
{
	const struct lp_format *format;
	struct lp_error error;

	if (check_exports(options))
		return 2;
	/* diff has two formats of its own, which it checks itself */
	if (options->command == LP_COMMAND_DIFF ||
	    (options->command == LP_COMMAND_RECORD ? !is_no_capture(options, &error)
						   : !choose_format(options, &format, &error)))
		return 0;
	log_error("%s", error.text);
	return 2;
}

static int open_exports(struct lp_open_sinks *output, const struct lp_options *options,
			struct lp_error *error)
{
	const struct lp_terminal plain = { .columns = 80, .utf8 = true };
	size_t i;
	int err = 0;

	for (i = 0; !err && i < options->export_count; i++) {
		struct lp_format live = *format_by_name(options->exports[i].format);

		if (live.open_live)
			live.open = live.open_live;
		err = fanout_open(&output->fanout, &live, options->exports[i].path, &plain, error);
	}
	return err;
}

static int open_model(struct lp_open_sinks *output, enum lp_by by)
{
	int err;

	if (by == LP_BY_LOOP)
		return model_new(&fanout_observer, &output->fanout, &output->model);
	err = group_new(by, &fanout_observer, &output->fanout, &output->group);
	if (err)
		return err;
	err = model_new(&group_observer, output->group, &output->model);
	if (err) {
		group_free(output->group);
		output->group = NULL;
	}
	return err;
}

/*
 * Returns whether the output on stdout is left out: stdout is closed, and there are other outputs.
 */
static bool does_without(const struct lp_options *options)
{
	struct lp_error error;

	if ((!options->output && !options->export_count) || !standard_check(&error))
		return false;
	log_warning("stdout is closed: the output for it is left out");
	return true;
}

int open_sinks_start(struct lp_open_sinks *output, const struct lp_options *options,
		     struct lp_error *error)
{
	const struct lp_format *format, *on_stdout = options->json ? &json_format : &text_format;
	struct lp_terminal terminal = terminal_of_stdout();
	struct lp_terminal plain = { .columns = 80,
				     .utf8 = true,
				     .all_frames = terminal.all_frames,
				     .whole = options->capture_count };
	int err;

	memset(output, 0, sizeof(*output));
	if (options->command == LP_COMMAND_RECORD) {
		err = open_exports(output, options, error);
		goto open_model;
	}
	err = choose_format(options, &format, error);
	if (err)
		return err;
	if (format && !options->output)
		on_stdout = format;
	/* export with -o writes nothing to stdout */
	if ((options->command != LP_COMMAND_EXPORT || !options->output) && !does_without(options))
		err = fanout_open(&output->fanout, on_stdout, NULL, &terminal, error);
	if (!err && format && options->output)
		err = fanout_open(&output->fanout, format, options->output, &plain, error);
	if (!err)
		err = open_exports(output, options, error);
open_model:
	if (!err && open_model(output, options->by))
		err = error_set(error, -ENOMEM, "out of memory");
	if (err)
		fanout_close(&output->fanout);
	return err;
}

void open_sinks_take(void *context, const struct lp_event *record)
{
	struct lp_open_sinks *output = context;
	int err = model_take(output->model, record);

	if (err == -ENOTSUP)
		output->unknown++;
	else if (err == -ERANGE)
		output->impossible++;
	else if (err)
		output->damaged++;
}

int open_sinks_finish(struct lp_open_sinks *output, struct lp_error *error)
{
	int err;

	model_free(output->model);
	output->model = NULL;
	group_free(output->group);
	output->group = NULL;
	err = fanout_close(&output->fanout);
	if (err)
		return error_set(error, err,
				 "the output could not be written: %s; what it holds is incomplete",
				 output_advice(err));
	return 0;
}

void open_sinks_confine(const struct lp_options *options)
{
	struct lp_sandbox sandbox = { .kind = LP_SANDBOX_CAPTURES };
	size_t i;
	int err;

	if (options->output)
		sandbox.paths[sandbox.path_count++] = options->output;
	for (i = 0; i < options->export_count; i++)
		sandbox.paths[sandbox.path_count++] = options->exports[i].path;
	sandbox.writes = sandbox.path_count != 0;
	err = sandbox_enter(&sandbox);
	if (err)
		log_detail("captures are read with all rights: %s", strerror(-err));
}
