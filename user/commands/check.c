// SPDX-License-Identifier: BSD-2-Clause
/*
 * `loopprof check`: prints the features of this kernel, the rights of this process, the modes that
 * work with them, and a remedy for what is missing.
 */
#include "commands.h"
#include "privileges/namespaces.h"
#include "sinks/terminal.h"
#include "sinks/text/print.h"
#include "privileges/open_files.h"
#include "privileges/rights.h"
#include "session/features.h"
#include "base/macros.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Width in columns of the name of a row, before its result. */
#define WHAT_COLUMNS 22
#define INDENT (5 + WHAT_COLUMNS + 1)

/* Requirements. The first LP_RIGHTS numbers are those of enum lp_right. */
enum need {
	NEED_KERNEL = LP_RIGHTS, /* the features of the kernel that every profile needs */
	NEED_UPROBES,
	NEED_CLOCK,
	NEED_PROC,
	NEED_OWN, /* reading the memory of processes of the same user */
	NEED_PLACE, /* namespaces, lockdown, limits */
	NEEDS
};

struct check {
	struct lp_terminal terminal;
	struct lp_features features;
	bool users_fit; /* this process is in the initial user namespace */
	uint64_t effective;
	bool lacks[NEEDS];
};

static void note(const struct check *check, const char *mark, const char *what, const char *found)
{
	printf("%-4s %-*s", mark, WHAT_COLUMNS, what);
	text_print_wrapped(stdout, &check->terminal, INDENT - 1, INDENT, found);
}

static void fix(const struct check *check, const char *text)
{
	printf("%*s->", INDENT - 3, "");
	text_print_wrapped(stdout, &check->terminal, INDENT - 1, INDENT, text);
}

/* Prints a row and, if the check has failed, the remedy below it. */
static void row(struct check *check, enum need need, const char *what, bool well, const char *found,
		const char *remedy)
{
	note(check, well ? "ok" : "NO", what, found);
	if (well)
		return;
	fix(check, remedy);
	check->lacks[need] = true;
}

/* ---- the kernel ---------------------------------------------------------------------- */

static const struct feature {
	enum need need;
	const char *what;
	size_t field; /* offset of an int of struct lp_features, which is 0 or a negative errno */
	const char *found;
	const char *remedy;
} features[] = {
	{ NEED_KERNEL, "BTF", offsetof(struct lp_features, btf), "/sys/kernel/btf/vmlinux",
	  "use a kernel with CONFIG_DEBUG_INFO_BTF=y, as all big distributions have" },
	{ NEED_KERNEL, "BPF programs", offsetof(struct lp_features, programs), "can be loaded",
	  "use a kernel with CONFIG_BPF_SYSCALL=y and CONFIG_BPF_EVENTS=y" },
	{ NEED_KERNEL, "BPF ring buffer", offsetof(struct lp_features, ring_buffer), "works",
	  "loopprof needs Linux 5.10 or later" },
	{ NEED_UPROBES, "uprobes", offsetof(struct lp_features, uprobes), "the perf PMU is there",
	  "use a kernel with CONFIG_UPROBE_EVENTS=y, or -m sample; in a container mount /sys" },
	{ NEED_KERNEL, "scheduler tracepoint", offsetof(struct lp_features, scheduler),
	  "shows why a loop stands still",
	  "use a kernel with CONFIG_DEBUG_INFO_BTF=y and CONFIG_BPF_EVENTS=y" },
	{ NEED_CLOCK, "CPU clock events", offsetof(struct lp_features, clock), "sample late loops",
	  "in a container allow perf_event_open (seccomp)" },
};

/*
 * Returns the remedy for a missing feature. With -EPERM or -EACCES the kernel may have the feature
 * and refuse it to this process.
 */
static const char *remedy_of(const struct feature *feature, int err)
{
	if (err != -EPERM && err != -EACCES)
		return feature->remedy;
	return rights_filtered()
		       ? "refused: see the rights below, and the seccomp filter of this container"
		       : "refused: see the rights below";
}

static void check_kernel(struct check *check)
{
	int major = 0, minor = 0;
	struct utsname name;
	char text[300];
	size_t i;

	uname(&name);
	snprintf(text, sizeof(text), "%s %s", name.release, name.machine);
	if (sscanf(name.release, "%d.%d", &major, &minor) != 2)
		major = 0;
	row(check, NEED_KERNEL, "kernel",
	    !strcmp(name.machine, "x86_64") && (major > 5 || (major == 5 && minor >= 10)), text,
	    "loopprof needs Linux 5.10 or later on x86-64");
	for (i = 0; i < ARRAY_SIZE(features); i++) {
		int err = *(const int *)((const char *)&check->features + features[i].field);

		row(check, features[i].need, features[i].what, !err,
		    err ? strerror(-err) : features[i].found, remedy_of(&features[i], err));
	}
	note(check, "", "waits for a CPU",
	     check->features.run_delay
		     ? "are distinguished from blocking"
		     : "are known only where a loop is preempted (no CONFIG_SCHED_INFO)");
	note(check, "", "polls, in trace mode",
	     check->features.fentry
		     ? "by fentry on the poll calls"
		     : "by syscall tracepoints (no fentry: all system calls of the host get a little slower)");
}

/* ---- where it runs ------------------------------------------------------------------- */

static void check_namespaces(struct check *check)
{
	int i;

	for (i = 0; i < LP_NAMESPACES; i++) {
		const struct lp_namespace_row *line = &lp_namespaces[i];
		bool fits = namespace_fits("/proc", (enum lp_namespace)i);

		row(check, line->only_live ? NEED_PLACE : NEED_PROC, line->what, fits,
		    fits ? line->found : line->wrong, line->fix);
	}
}

/* Returns the number in a file, or -1 if there is none. */
static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

static void check_limits(struct check *check)
{
	/* a run raises the limit in the same way */
	uint64_t files = open_files_raise(LP_OPEN_FILES_DOZEN);
	char text[64];
	long scope;

	rights_lockdown(text, sizeof(text));
	if (*text)
		row(check, NEED_PLACE, "kernel lockdown", strcmp(text, "confidentiality") != 0,
		    text,
		    "lockdown=confidentiality forbids BPF to read memory: boot with lockdown=integrity");
	else
		note(check, "", "kernel lockdown", "not in force, or securityfs is not mounted");
	snprintf(text, sizeof(text), "%llu", (unsigned long long)files);
	row(check, NEED_PLACE, "open files (ulimit -n)", files >= LP_OPEN_FILES_DOZEN, text,
	    "allow 1024 (ulimit -n 1024, in a systemd unit LimitNOFILE=)");
	/*
	 * 1: only descendants may be traced, unless the tracer has the capability; 3: no process
	 * may be traced
	 */
	scope = read_number("/proc/sys/kernel/yama/ptrace_scope");
	snprintf(text, sizeof(text), "%ld", scope);
	row(check, NEED_OWN, "yama ptrace_scope",
	    scope <= 0 || (scope < 3 && right_held(LP_RIGHT_MEMORY, check->effective)),
	    scope < 0 ? "not in force" : text,
	    "it forbids to read other processes: give CAP_SYS_PTRACE, or set kernel.yama.ptrace_scope to 0");
	note(check, "", "seccomp filter",
	     rights_filtered() ? "there is one: it may forbid bpf() and perf_event_open()"
			       : "none");
}

/* ---- what this process may do -------------------------------------------------------- */

/*
 * Returns whether a right is held. That to tracefs is not needed with fentry, or if the permissions
 * of tracefs were changed.
 */
static bool is_held(const struct check *check, enum lp_right right)
{
	if (right_held(right, check->effective))
		return true;
	return right == LP_RIGHT_TRACEFS &&
	       (check->features.fentry ||
		!faccessat(AT_FDCWD, "/sys/kernel/tracing/events/syscalls", X_OK, AT_EACCESS));
}

static void check_rights(struct check *check)
{
	char missing[64], text[160];
	int i;

	puts("\nwhat this process may do");
	for (i = 0; i < LP_RIGHTS; i++) {
		const struct lp_right_row *right = &lp_rights[i];

		if (is_held(check, (enum lp_right)i)) {
			right_missing((enum lp_right)i, 0, missing, sizeof(missing));
			note(check, "ok", missing, right->what);
			continue;
		}
		right_missing((enum lp_right)i, check->effective, missing, sizeof(missing));
		note(check, "NO", missing, right->what);
		snprintf(text, sizeof(text), "%s; without it works: %s",
			 check->users_fit ? "run it with sudo" : "see 'users' above",
			 right->without);
		fix(check, text);
		check->lacks[i] = true;
	}
}

/* ---- what works ---------------------------------------------------------------------- */

#define NEED(need) (1U << (need))
#define NEED_TO_PROFILE                                                                            \
	(NEED(LP_RIGHT_BPF) | NEED(LP_RIGHT_TRACEFS) | NEED(LP_RIGHT_EVENTS) |                     \
	 NEED(LP_RIGHT_MEMORY) | NEED(NEED_KERNEL) | NEED(NEED_CLOCK) | NEED(NEED_PROC) |          \
	 NEED(NEED_OWN) | NEED(NEED_PLACE))
#define NEED_TO_TRACE                                                                              \
	(NEED_TO_PROFILE | NEED(LP_RIGHT_FILES) | NEED(LP_RIGHT_PROBES) | NEED(NEED_UPROBES))

static const struct {
	const char *what;
	const char *text;
	unsigned int needs;
} works[] = {
	{ "trace mode", "loopprof -p PID, -- COMMAND, record; lost tasks and errors",
	  NEED_TO_TRACE },
	{ "sample mode", "the same and -a with -m sample --find none", NEED_TO_PROFILE },
	{ "--kernel", "the kernel's frames with their names",
	  NEED_TO_PROFILE | NEED(LP_RIGHT_KERNEL) },
	{ "tasks", "of any process", NEED(LP_RIGHT_MEMORY) | NEED(NEED_PROC) | NEED(NEED_OWN) },
	{ "tasks", "of this user's own processes", NEED(NEED_PROC) | NEED(NEED_OWN) },
	{ "report, export, diff", "of captures, anywhere", 0 },
};

static bool does_work(const struct check *check, unsigned int needs)
{
	int i;

	for (i = 0; i < NEEDS; i++)
		if (needs >> i & 1 && check->lacks[i])
			return false;
	return true;
}

int command_check(const struct lp_options *options)
{
	struct check check = { .terminal = terminal_of_stdout() };
	bool all_well;
	size_t i;

	(void)options;
	check.users_fit = namespace_fits("/proc", LP_NAMESPACE_USER);
	/* capabilities in a user namespace have no effect outside of it */
	if (check.users_fit)
		check.effective = rights_effective();
	features_probe(&check.features);
	puts("what this host has");
	check_kernel(&check);
	check_namespaces(&check);
	check_limits(&check);
	check_rights(&check);
	puts("\nwhat works with it");
	for (i = 0; i < ARRAY_SIZE(works); i++)
		note(&check, does_work(&check, works[i].needs) ? "ok" : "NO", works[i].what,
		     works[i].text);
	all_well = does_work(&check, NEED_TO_TRACE);
	puts(all_well ? "\nloopprof can run here"
		      : "\nloopprof cannot run here yet, or only in part");
	return all_well ? 0 : 1;
}
