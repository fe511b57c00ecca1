// SPDX-License-Identifier: BSD-2-Clause
/* `loopprof check`: what this host offers, and what to do about what it lacks. */
#include "commands.h"
#include "session/features.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static bool all_well;

static void line(const char *what, bool well, const char *found, const char *fix)
{
	printf("%-4s %-28s %s\n", well ? "ok" : "NO", what, found);
	if (!well) {
		printf("     %-28s -> %s\n", "", fix);
		all_well = false;
	}
}

static void note(const char *what, const char *found)
{
	printf("     %-28s %s\n", what, found);
}

/* First line of a file, or "" if it cannot be read. */
static void read_line(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");

	text[0] = '\0';
	if (!file)
		return;
	if (!fgets(text, (int)size, file))
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	fclose(file);
}

/* "none [integrity] confidentiality": the one in brackets. */
static void check_lockdown(void)
{
	char text[128], *begin, *end;

	read_line("/sys/kernel/security/lockdown", text, sizeof(text));
	begin = strchr(text, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (!end) {
		note("kernel lockdown", "not in force, or securityfs is not mounted");
		return;
	}
	*end = '\0';
	line("kernel lockdown", strcmp(begin + 1, "confidentiality") != 0, begin + 1,
	     "lockdown=confidentiality forbids BPF to read memory: boot with lockdown=integrity");
}

static bool has_capability(unsigned long long set, int bit)
{
	return set >> bit & 1;
}

static void check_capabilities(void)
{
	static const struct {
		int bit; /* include/uapi/linux/capability.h */
		const char *name;
	} needed[] = { { 21, "CAP_SYS_ADMIN" }, { 19, "CAP_SYS_PTRACE" } };
	unsigned long long effective = 0;
	char text[256], missing[64] = "";
	FILE *file = fopen("/proc/self/status", "re");
	size_t i, length = 0;

	while (file && fgets(text, sizeof(text), file))
		if (!strncmp(text, "CapEff:", 7))
			effective = strtoull(text + 7, NULL, 16);
	if (file)
		fclose(file);
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!has_capability(effective, needed[i].bit))
			length += (size_t)snprintf(missing + length, sizeof(missing) - length,
						   " %s", needed[i].name);
	snprintf(text, sizeof(text), "%s%s", length ? "missing:" : "root's", missing);
	line("capabilities", !length, text, "run it with sudo, or in a privileged container");
}

static void check_kernel(const struct lp_features *features)
{
	char text[300];
	struct utsname name;
	int major = 0, minor = 0;

	uname(&name);
	snprintf(text, sizeof(text), "%s %s", name.release, name.machine);
	if (sscanf(name.release, "%d.%d", &major, &minor) != 2)
		major = 0;
	line("kernel",
	     !strcmp(name.machine, "x86_64") && (major > 5 || (major == 5 && minor >= 10)), text,
	     "loopprof needs Linux 5.10 or later on x86-64");
	line("BTF", !features->btf,
	     features->btf ? strerror(-features->btf) : "/sys/kernel/btf/vmlinux",
	     "use a kernel with CONFIG_DEBUG_INFO_BTF=y, as all big distributions have");
	line("BPF programs", !features->programs,
	     features->programs ? strerror(-features->programs) : "can be loaded",
	     features->programs == -EPERM
		     ? "run as root; if you are, a security module or the container forbids bpf()"
		     : "use a kernel with CONFIG_BPF_SYSCALL=y and CONFIG_BPF_EVENTS=y");
	line("BPF ring buffer", !features->ring_buffer,
	     features->ring_buffer ? strerror(-features->ring_buffer) : "works",
	     "loopprof needs Linux 5.10 or later, and root");
	line("uprobes", !features->uprobes,
	     features->uprobes ? "no perf PMU for uprobes" : "the perf PMU is there",
	     "use a kernel with CONFIG_UPROBE_EVENTS=y, or -m sample; in a container mount /sys");
	line("scheduler tracepoint", !features->scheduler,
	     features->scheduler ? strerror(-features->scheduler) : "tells why a loop stands still",
	     "use a kernel with CONFIG_DEBUG_INFO_BTF=y and CONFIG_BPF_EVENTS=y; run as root");
	line("CPU clock events", !features->clock,
	     features->clock ? strerror(-features->clock) : "sample late loops",
	     "run as root; in a container allow perf_event_open (seccomp)");
}

int command_check(const struct lp_options *options)
{
	struct lp_features features;
	char text[64];

	(void)options;
	all_well = true;
	features_probe(&features);
	check_kernel(&features);
	check_capabilities();
	check_lockdown();
	read_line("/proc/sys/kernel/perf_event_paranoid", text, sizeof(text));
	note("perf_event_paranoid", text[0] ? text : "not readable");
	note("waits for a CPU",
	     features.run_delay
		     ? "are told apart from blocking"
		     : "are known only where a loop is preempted (no CONFIG_SCHED_INFO)");
	note("loop boundaries by",
	     features.fentry
		     ? "fentry on the poll calls"
		     : "syscall tracepoints (no fentry: all system calls of the host get a little slower)");
	puts(all_well ? "\nloopprof can run here" : "\nloopprof cannot run here yet");
	return all_well ? 0 : 1;
}
