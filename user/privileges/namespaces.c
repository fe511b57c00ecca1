// SPDX-License-Identifier: BSD-2-Clause
#include "namespaces.h"

#include "base/macros.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Inodes of the initial namespaces: include/uapi/linux/nsfs.h, and the same in older kernels. */
#define INITIAL_TIME 0xeffffffaUL
#define INITIAL_PID 0xeffffffcUL
#define INITIAL_USER 0xeffffffdUL
/* kernel/time/namespace.c: KTIME_SEC_MAX / 2 */
#define OFFSET_MOST_S (INT64_MAX / NS_PER_S / 2)

const struct lp_namespace_row lp_namespaces[LP_NAMESPACES] = {
	[LP_NAMESPACE_PROC] = {
		.what = "/proc",
		.found = "of this PID namespace",
		.wrong = "/proc is of another PID namespace than loopprof, so that process IDs mean two things",
		.fix = "mount a /proc of its own (unshare --mount-proc), or run it in the host's PID namespace",
	},
	[LP_NAMESPACE_USER] = {
		.what = "users",
		.found = "the kernel's",
		.wrong = "loopprof runs in a user namespace, and the rights of its root are not the kernel's: no BPF program and no probe is allowed there",
		.fix = "run it as root of the host (a container: without userns-remap, not rootless; in Kubernetes hostUsers: true)",
		.only_live = true,
	},
	[LP_NAMESPACE_PID] = {
		.what = "process IDs",
		.found = "the kernel's",
		.wrong = "loopprof runs in a PID namespace of its own, and the kernel's process IDs are others than those here",
		.fix = "run it in the host's PID namespace (docker run --pid=host; in Kubernetes hostPID: true); it profiles processes in containers from there",
		.only_live = true,
	},
	[LP_NAMESPACE_TIME] = {
		.what = "clocks",
		.found = "the kernel's",
		.wrong = "loopprof runs in a time namespace, and the kernel's clocks are others than those here",
		.fix = "run it in the host's time namespace (nsenter --time=/proc/1/ns/time)",
		.only_live = true,
	},
};

/* The inode in "pid:[4026531836]" of a process, or of "self"; 0 if it cannot be read. */
static unsigned long inode_of(const char *proc, const char *process, const char *name)
{
	char path[PATH_MAX], link[64];
	const char *bracket;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/%s/ns/%s", proc, process, name);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return 0;
	link[length] = '\0';
	bracket = strchr(link, '[');
	return bracket ? strtoul(bracket + 1, NULL, 10) : 0;
}

/* /proc/self is the reader's PID in the namespace of the /proc mount. */
static bool proc_is_ours(const char *proc)
{
	char path[PATH_MAX], link[32], own[32];
	ssize_t length;

	snprintf(path, sizeof(path), "%s/self", proc);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return access(proc, F_OK) != 0;
	link[length] = '\0';
	snprintf(own, sizeof(own), "%d", getpid());
	return !strcmp(link, own);
}

/* The offsets of a time namespace to the kernel's clocks, in ns; none is over 2^62 ns. */
struct offsets {
	int64_t monotonic_ns, boottime_ns;
};

/* "monotonic  100000  0": seconds and nanoseconds. */
static struct offsets read_offsets(const char *proc, const char *process)
{
	unsigned long inode = inode_of(proc, process, "time");
	struct offsets offsets = { 0, 0 };
	char path[PATH_MAX], line[128], clock[16];
	FILE *file;

	/* in the initial namespace the offsets are those of future children */
	if (!inode || inode == INITIAL_TIME)
		return offsets;
	snprintf(path, sizeof(path), "%s/%s/timens_offsets", proc, process);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		long long seconds, nanoseconds;
		int64_t ns;

		if (sscanf(line, "%15s %lld %lld", clock, &seconds, &nanoseconds) != 3 ||
		    seconds > OFFSET_MOST_S || seconds < -OFFSET_MOST_S || nanoseconds < 0 ||
		    nanoseconds >= NS_PER_S)
			continue;
		ns = seconds * NS_PER_S + nanoseconds;
		if (!strcmp(clock, "monotonic"))
			offsets.monotonic_ns = ns;
		else if (!strcmp(clock, "boottime"))
			offsets.boottime_ns = ns;
	}
	if (file)
		fclose(file);
	return offsets;
}

int64_t namespaces_clock_shift(const char *proc, pid_t pid)
{
	char process[16];

	snprintf(process, sizeof(process), "%d", pid);
	return read_offsets(proc, process).monotonic_ns - read_offsets(proc, "self").monotonic_ns;
}

bool namespace_fits(const char *proc, enum lp_namespace which)
{
	struct offsets offsets;
	unsigned long inode;

	switch (which) {
	case LP_NAMESPACE_PROC:
		return proc_is_ours(proc);
	case LP_NAMESPACE_USER:
		inode = inode_of(proc, "self", "user");
		return !inode || inode == INITIAL_USER;
	case LP_NAMESPACE_PID:
		inode = inode_of(proc, "self", "pid");
		return !inode || inode == INITIAL_PID;
	default:
		/* a namespace without offsets changes no clock */
		offsets = read_offsets(proc, "self");
		return !offsets.monotonic_ns && !offsets.boottime_ns;
	}
}

int namespaces_check(bool live, struct lp_error *error)
{
	int i;

	for (i = 0; i < LP_NAMESPACES; i++) {
		const struct lp_namespace_row *row = &lp_namespaces[i];

		if ((live || !row->only_live) && !namespace_fits("/proc", (enum lp_namespace)i))
			return error_set(error, -ENOTSUP, "%s: %s", row->wrong, row->fix);
	}
	return 0;
}
