// SPDX-License-Identifier: BSD-2-Clause
#include "rights.h"

#include "namespaces.h"
#include "base/macros.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BIT(number) (1ULL << (number))

/* include/uapi/linux/capability.h; older headers lack the last three. */
#define READ_SEARCH BIT(2)
#define PTRACE BIT(19)
#define ADMIN BIT(21)
#define SYSLOG BIT(34)
#define PERFMON BIT(38)
#define BPF BIT(39)
#define CHECKPOINT BIT(40)

static const struct {
	uint64_t bit;
	const char *name;
} names[] = {
	{ READ_SEARCH, "CAP_DAC_READ_SEARCH" },
	{ PTRACE, "CAP_SYS_PTRACE" },
	{ ADMIN, "CAP_SYS_ADMIN" },
	{ SYSLOG, "CAP_SYSLOG" },
	{ PERFMON, "CAP_PERFMON" },
	{ BPF, "CAP_BPF" },
	{ CHECKPOINT, "CAP_CHECKPOINT_RESTORE" },
};

const struct lp_right_row lp_rights[LP_RIGHTS] = {
	[LP_RIGHT_BPF] = { "load BPF programs", BPF | PERFMON, ADMIN, 0, "loopprof tasks" },
	[LP_RIGHT_TRACEFS] = { "find tracepoints (tracefs is root's)", READ_SEARCH, 0, 0,
			       "loopprof tasks" },
	[LP_RIGHT_EVENTS] = { "open clocks on all CPUs", PERFMON, ADMIN, 0, "loopprof tasks" },
	[LP_RIGHT_PROBES] = { "attach uprobes", ADMIN, 0, 0, "-m sample --find none" },
	[LP_RIGHT_MEMORY] = { "read the memory of other users' processes", PTRACE, 0, 0,
			      "processes of the same user" },
	/* the folder map_files belongs to the user of the process */
	[LP_RIGHT_FILES] = { "open the files that a process has mapped", CHECKPOINT, 0, READ_SEARCH,
			     "sample mode and tasks, of files that this user may read" },
	[LP_RIGHT_KERNEL] = { "name the kernel's functions (--kernel)", SYSLOG, 0, 0,
			      "all but --kernel" },
};

/* Was set before the program put a filter on itself. */
static bool filtered;

/* The value of a line of /proc/self/status, or "". */
static void read_status(const char *key, char *value, size_t size)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];

	value[0] = '\0';
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			snprintf(value, size, "%s", line + strlen(key));
	if (file)
		fclose(file);
}

uint64_t rights_effective(void)
{
	char value[64];

	read_status("CapEff:", value, sizeof(value));
	return strtoull(value, NULL, 16);
}

bool right_held(enum lp_right right, uint64_t effective)
{
	const struct lp_right_row *row = &lp_rights[right];

	return (effective & row->all_of) == row->all_of || effective & row->or_one_of;
}

static void name_capabilities(uint64_t missing, char *text, size_t size)
{
	const char *between = "";
	size_t i, at = 0;

	text[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(names) && at < size; i++) {
		if (!(missing & names[i].bit))
			continue;
		at += (size_t)snprintf(text + at, size - at, "%s%s", between, names[i].name);
		between = " + ";
	}
}

void right_missing(enum lp_right right, uint64_t effective, char *text, size_t size)
{
	name_capabilities(lp_rights[right].all_of & ~effective, text, size);
}

void rights_begin(void)
{
	char value[64];

	read_status("Seccomp:", value, sizeof(value));
	filtered = strtol(value, NULL, 10) == 2;
}

bool rights_filtered(void)
{
	return filtered;
}

/* "none [integrity] confidentiality": the one in brackets. */
void rights_lockdown(char *text, size_t size)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "", *begin, *end;

	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	begin = strchr(line, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (end)
		*end = '\0';
	snprintf(text, size, "%s", end ? begin + 1 : "");
}

bool rights_count_locked_memory(const char *release)
{
	unsigned int major, minor;

	/* If the version is not known, the limit is not given as the cause. */
	return sscanf(release, "%u.%u", &major, &minor) == 2 &&
	       (major < 5 || (major == 5 && minor < 11));
}

/* The purpose of a right; Yama extends that of reading memory to processes of the same user. */
static const char *purpose_of(enum lp_right right)
{
	FILE *file = right == LP_RIGHT_MEMORY ? fopen("/proc/sys/kernel/yama/ptrace_scope", "re")
					      : NULL;
	int scope = file ? fgetc(file) : '0';

	if (file)
		fclose(file);
	return scope == '0' || scope == EOF
		       ? lp_rights[right].what
		       : "read the memory of any process but its children, as kernel.yama.ptrace_scope is set";
}

/* Names other causes of a refusal, as all capabilities are present. */
static const char *other_reason(enum lp_right right)
{
	struct utsname kernel = { .release = "" };
	struct rlimit locked;
	char lockdown[32];

	if (!namespace_fits("/proc", LP_NAMESPACE_USER))
		return "they are those of a user namespace, and count for nothing outside of it: run loopprof on the host";
	rights_lockdown(lockdown, sizeof(lockdown));
	if (right == LP_RIGHT_BPF && !strcmp(lockdown, "confidentiality"))
		return "the kernel is locked down: boot with lockdown=integrity";
	uname(&kernel);
	if (right == LP_RIGHT_BPF && rights_count_locked_memory(kernel.release) &&
	    !getrlimit(RLIMIT_MEMLOCK, &locked) && locked.rlim_cur != RLIM_INFINITY)
		return "the limit of locked memory may be too low: allow more (ulimit -l unlimited, in a systemd unit LimitMEMLOCK=infinity)";
	if (rights_filtered())
		return "a seccomp filter, as of a container, may forbid it: run loopprof outside, or in a privileged container";
	if (right == LP_RIGHT_FILES)
		return "a security module (SELinux, AppArmor), the namespaces of a container, or a file system of one user (FUSE) forbids it: run loopprof on the host";
	return "a security module (SELinux, AppArmor, Yama) or the namespaces of a container forbid it: run loopprof on the host";
}

bool right_lacks(enum lp_right right, char *text, size_t size)
{
	uint64_t effective = rights_effective(), lacks;
	const struct lp_right_row *row = &lp_rights[right];

	lacks = (right_held(right, effective) ? row->of_others : row->all_of) & ~effective;
	name_capabilities(lacks, text, size);
	return lacks != 0;
}

int rights_refuse(struct lp_error *error, int err, enum lp_right right, const char *failure)
{
	char missing[64];

	if (!right_lacks(right, missing, sizeof(missing)))
		return error_set(error, err, "%s, though the capabilities are there: %s", failure,
				 other_reason(right));
	return error_set(error, err,
			 "%s: %s is missing (to %s): %s; `loopprof check` shows what works without",
			 failure, missing, purpose_of(right),
			 geteuid() ? "run loopprof as root (sudo)"
				   : "give it to this container, or run loopprof on the host");
}
