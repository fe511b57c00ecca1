/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line.  One table feeds the parser, --help and the man page. */
#ifndef LP_OPTIONS_OPTIONS_H
#define LP_OPTIONS_OPTIONS_H

#include "model/group_by.h"
#include "base/error.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum lp_command {
	LP_COMMAND_PROFILE,
	LP_COMMAND_RECORD,
	LP_COMMAND_REPORT,
	LP_COMMAND_CHECK,
	LP_COMMAND_TASKS,
	LP_COMMAND_EXPORT,
	LP_COMMAND_DIFF,
};

#define LP_EXPORTS_MAX 8

/* --export FORMAT=FILE */
struct lp_export {
	char format[24];
	const char *path;
};

struct lp_options {
	enum lp_command command;
	pid_t *pids;
	size_t pid_count;
	bool all; /* -a */
	const char *cgroup; /* --cgroup, which implies -a; NULL: all cgroups */
	char **launch; /* -- COMMAND ARG..., NULL-terminated; NULL: none */
	bool subprocesses;
	bool sampling; /* -m sample, and -a without -m */
	bool mode_given;
	unsigned int frequency; /* Hz; 0: chosen by the threshold */
	bool native;
	bool kernel;
	uint64_t threshold_ns;
	uint64_t duration_ns; /* 0: until the run is interrupted */
	uint64_t interval_ns; /* -i; 0: none */
	uint64_t export_ns; /* period of --export without -i; 0: no period */
	const char *output; /* NULL: stdout */
	bool to_stdout; /* -o - */
	const char *format;
	bool force; /* report, export: the output may replace one of the captures */
	bool json;
	bool inner;
	bool queue;
	uint32_t findings; /* --find: bits, 1 << enum lp_finding_kind */
	bool origins;
	bool cancels;
	bool lifetimes;
	bool explain;
	bool stack; /* tasks: whole await chains */
	bool consistent; /* tasks: stop the target while its tasks are read */
	uint64_t watch_ns; /* tasks --watch; 0: one snapshot */
	char **captures; /* report, export, diff: FILE... */
	size_t capture_count;
	struct lp_export exports[LP_EXPORTS_MAX];
	size_t export_count;
	const char *host; /* --host; NULL: the host name of the system */
	uint32_t budget_ppm; /* --budget; 0: none */
	bool archive; /* record: --rotate or --retain was given, so that -o is a directory */
	uint64_t rotate_bytes; /* record --rotate; 0: no limit of size */
	uint64_t rotate_ns; /* record --rotate; 0: no limit of age */
	uint64_t retain_bytes; /* record --retain; 0: no limit */
	enum lp_by by; /* report, export, diff */
	const char **fail_if; /* diff --fail-if; the conditions are checked where they are used */
	size_t fail_if_count;
	bool help;
	int verbosity; /* 0: default; each -v adds 1; -q: -1 */
};

#endif /* LP_OPTIONS_OPTIONS_H */
