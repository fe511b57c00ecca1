// SPDX-License-Identifier: BSD-2-Clause
#include "memory_limit.h"

#include "base/macros.h"
#include "proc_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Cgroups of version 1 without a limit have the greatest number of pages as theirs. */
#define NO_LIMIT_BYTES (UINT64_C(1) << 60)
#define LIMIT_FILES 2

/* The files of a cgroup, by its version; the limits of version 2 are "max" if there are none. */
static const struct limit_files {
	const char *used;
	struct {
		const char *name; /* NULL: no further one */
		enum lp_memory_limit_kind kind;
	} limits[LIMIT_FILES];
} files[] = {
	{ "memory.usage_in_bytes", { { "memory.limit_in_bytes", LP_MEMORY_LIMIT_IN_BYTES } } },
	{ "memory.current",
	  { { "memory.high", LP_MEMORY_LIMIT_HIGH }, { "memory.max", LP_MEMORY_LIMIT_MAX } } },
};

static double share(const struct lp_memory_limit *limit)
{
	return limit->limit_bytes ? (double)limit->used_bytes / (double)limit->limit_bytes : 1;
}

/* Replaces the limit by one of this cgroup that is used up more.  found: there is one already. */
static bool read_level(const struct lp_cgroup_folder *folder, bool found,
		       struct lp_memory_limit *limit)
{
	const struct limit_files *names = &files[folder->version == 1 ? 0 : 1];
	struct lp_memory_limit own;
	size_t i;

	memset(&own, 0, sizeof(own));
	if (!cgroup_folder_number(folder, names->used, &own.used_bytes))
		return found;
	for (i = 0; i < LIMIT_FILES && names->limits[i].name; i++) {
		if (!cgroup_folder_number(folder, names->limits[i].name, &own.limit_bytes) ||
		    own.limit_bytes >= NO_LIMIT_BYTES || (found && share(&own) <= share(limit)))
			continue;
		own.kind = names->limits[i].kind;
		cgroup_folder_copy_name(folder, own.cgroup, sizeof(own.cgroup));
		*limit = own;
		found = true;
	}
	return found;
}

bool memory_limit_read(const char *mounts, const char *text, struct lp_memory_limit *limit)
{
	struct lp_cgroup_folder folder;
	bool found = false;
	size_t level;

	if (!cgroup_folder_find(mounts, text, "memory", &folder))
		return false;
	for (level = 0; level < LP_CGROUP_LEVELS; level++) {
		found = read_level(&folder, found, limit);
		if (!cgroup_folder_up(&folder))
			break;
	}
	return found;
}

/* Reads a line "MemTotal:   16318492 kB". */
static bool take_line(const char *text, const char *name, uint64_t *bytes)
{
	const char *at = strstr(text, name);
	uint64_t kilobytes;

	if (!at || sscanf(at + strlen(name), ": %" SCNu64, &kilobytes) != 1 ||
	    kilobytes > NO_LIMIT_BYTES / 1024)
		return false;
	*bytes = kilobytes * 1024;
	return true;
}

bool memory_limit_parse_host(const char *text, struct lp_memory_limit *limit)
{
	uint64_t available;

	memset(limit, 0, sizeof(*limit));
	limit->kind = LP_MEMORY_LIMIT_HOST;
	if (!take_line(text, "MemTotal", &limit->limit_bytes) ||
	    !take_line(text, "MemAvailable", &available))
		return false;
	limit->used_bytes = saturating_sub(limit->limit_bytes, available);
	return true;
}

bool memory_limit_read_host(struct lp_memory_limit *limit)
{
	char text[512];

	return proc_read_host("meminfo", text, sizeof(text)) > 0 &&
	       memory_limit_parse_host(text, limit);
}
