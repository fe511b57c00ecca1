// SPDX-License-Identifier: BSD-2-Clause
#include "preflight.h"

#include "base/log.h"
#include "base/macros.h"
#include "privileges/namespaces.h"
#include "privileges/open_files.h"
#include "privileges/rights.h"
#include "process/cgroup.h"
#include "process/process.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static bool any_process_within(const char *cgroup)
{
	ssize_t count, i;
	bool found = false;
	pid_t *pids;

	count = process_list(&pids);
	for (i = 0; !found && i < count; i++)
		found = process_is_within(pids[i], cgroup);
	if (count >= 0)
		free(pids);
	return found;
}

/* Checks that the cgroup exists: a run with a misspelled name would wait for processes in vain. */
static int check_cgroup(const char *given, struct lp_error *error)
{
	char path[PATH_MAX];
	int err = cgroup_normalise(given, path, sizeof(path));

	if (err)
		return error_set(error, err, "--cgroup: '%s' is no path below /sys/fs/cgroup",
				 given);
	if (cgroup_exists(path) || any_process_within(path))
		return 0;
	return error_set(
		error, -ENOENT,
		"--cgroup: there is no cgroup '%s' on this host; `systemd-cgls` and `ls /sys/fs/cgroup` list the existing ones",
		given);
}

void preflight_warn_of_rights(void)
{
	static const enum lp_right rights[] = { LP_RIGHT_MEMORY, LP_RIGHT_FILES };
	char missing[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rights); i++)
		if (right_lacks(rights[i], missing, sizeof(missing)))
			log_warning(
				"%s is missing (to %s): processes that need it are left out; `loopprof check` shows what works without",
				missing, lp_rights[rights[i]].what);
}

/* A run needs some open files to begin. */
static int check_files(struct lp_error *error)
{
	uint64_t files = open_files_raise(LP_OPEN_FILES_DOZEN);

	if (files >= LP_OPEN_FILES_ONE_PROCESS)
		return 0;
	return error_set(
		error, -EMFILE,
		"too many open files: at most %llu are allowed; allow 1024 (ulimit -n 1024, in a systemd unit LimitNOFILE=)",
		(unsigned long long)files);
}

int preflight_check(const struct lp_options *options, struct lp_error *error)
{
	int err = namespaces_check(options->command != LP_COMMAND_TASKS, error);

	if (!err && options->cgroup)
		err = check_cgroup(options->cgroup, error);
	if (!err && options->command != LP_COMMAND_TASKS)
		err = check_files(error);
	return err;
}
