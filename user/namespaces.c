// SPDX-License-Identifier: BSD-2-Clause
#include "namespaces.h"

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

const struct lp_namespace_row lp_namespaces[LP_NAMESPACES] = {
	[LP_NAMESPACE_PROC] = {
		.what = "/proc",
		.found = "of this PID namespace",
		.wrong = "/proc is of another PID namespace than loopprof, so that process IDs mean two things",
		.fix = "mount a /proc of its own (unshare --mount-proc), or run it in the host's PID namespace",
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

/* The inode in "pid:[4026531836]"; 0 if it cannot be read. */
static unsigned long inode_of(const char *proc, const char *name)
{
	char path[PATH_MAX], link[64];
	const char *bracket;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/self/ns/%s", proc, name);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return 0;
	link[length] = '\0';
	bracket = strchr(link, '[');
	return bracket ? strtoul(bracket + 1, NULL, 10) : 0;
}

/* /proc/self is the PID of whoever reads it, in the namespace that /proc is of. */
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

/* "monotonic  100000  0": seconds and nanoseconds that are added to the kernel's clock. */
static bool has_offsets(const char *proc)
{
	char path[PATH_MAX], line[128];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/self/timens_offsets", proc);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		long long seconds = 0, nanoseconds = 0;

		if (sscanf(line, "%*s %lld %lld", &seconds, &nanoseconds) == 2)
			found = seconds || nanoseconds;
	}
	if (file)
		fclose(file);
	return found;
}

bool namespace_fits(const char *proc, enum lp_namespace which)
{
	unsigned long inode;

	switch (which) {
	case LP_NAMESPACE_PROC:
		return proc_is_ours(proc);
	case LP_NAMESPACE_PID:
		inode = inode_of(proc, "pid");
		return !inode || inode == INITIAL_PID;
	default:
		inode = inode_of(proc, "time");
		/* one without offsets changes nothing */
		return !inode || inode == INITIAL_TIME || !has_offsets(proc);
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
