// SPDX-License-Identifier: BSD-2-Clause
#include "take.h"

#include "model/finding_kinds.h"
#include "values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PID_MOST (1UL << 22)

/* Adds a process, unless it was named before. */
static int add_pid(struct lp_options *options, const char *text)
{
	unsigned long pid;
	pid_t *grown;
	size_t i;

	if (option_number(text, PID_MOST, &pid) || !pid)
		return -EINVAL;
	for (i = 0; i < options->pid_count; i++)
		if (options->pids[i] == (pid_t)pid)
			return 0;
	grown = realloc(options->pids, (options->pid_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	options->pids = grown;
	grown[options->pid_count++] = (pid_t)pid;
	return 0;
}

int take_pids(struct lp_options *options, const char *list)
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

/* A dash is stdout, where results go without -o. */
int take_output(struct lp_options *options, const char *value)
{
	options->to_stdout = !strcmp(value, "-");
	options->output = options->to_stdout ? NULL : value;
	return *value ? 0 : usage_error("-o takes the name of a file, not ''");
}

int take_mode(struct lp_options *options, const char *value)
{
	options->mode_given = true;
	options->sampling = strcmp(value, "sample") == 0;
	return options->sampling || strcmp(value, "trace") == 0
		       ? 0
		       : usage_error("-m knows the modes trace and sample, not '%s'", value);
}

int take_findings(struct lp_options *options, const char *value)
{
	char names[256];

	return finding_kinds_parse(value, &options->findings)
		       ? usage_error("--find takes kinds such as %s, or all, or none, not '%s'",
				     finding_kinds_offered_names(names, sizeof(names)), value)
		       : 0;
}

int take_cgroup(struct lp_options *options, const char *value)
{
	options->cgroup = value;
	return option_cgroup(value)
		       ? usage_error(
				 "--cgroup takes the path of a cgroup below /sys/fs/cgroup, without '..', not '%s'",
				 value)
		       : 0;
}

int take_export(struct lp_options *options, const char *value)
{
	if (options->export_count == LP_EXPORTS_MAX)
		return usage_error("--export may be given at most eight times");
	if (option_export(value, &options->exports[options->export_count]))
		return usage_error("--export takes FORMAT=FILE such as prom=/var/x.prom, not '%s'",
				   value);
	if (!strcmp(options->exports[options->export_count].path, "-"))
		return usage_error(
			"--export updates a file during the run, which stdout is not: '%s' needs the name of a file",
			value);
	options->export_count++;
	return 0;
}

int take_budget(struct lp_options *options, const char *value)
{
	return option_percent(value, &options->budget_ppm)
		       ? usage_error(
				 "--budget takes a share of a CPU such as 1%%, up to 100%%, not '%s'",
				 value)
		       : 0;
}

int take_rotate(struct lp_options *options, const char *value)
{
	return option_rotate(value, &options->rotate_bytes, &options->rotate_ns)
		       ? usage_error(
				 "--rotate takes a size such as 64M or a time such as 1h, not '%s'",
				 value)
		       : 0;
}

int take_by(struct lp_options *options, const char *value)
{
	return option_by(value, &options->by)
		       ? usage_error("--by takes loop, name, container or host, not '%s'", value)
		       : 0;
}

int take_fail_if(struct lp_options *options, const char *value)
{
	const char **grown =
		realloc(options->fail_if, (options->fail_if_count + 1) * sizeof(*grown));

	if (!grown)
		return usage_error("out of memory");
	options->fail_if = grown;
	grown[options->fail_if_count++] = value;
	return 0;
}

int take_verbose(struct lp_options *options, const char *value)
{
	(void)value;
	options->verbosity++;
	return 0;
}

int take_quiet(struct lp_options *options, const char *value)
{
	(void)value;
	options->verbosity = -1;
	return 0;
}
