// SPDX-License-Identifier: BSD-2-Clause
#include "blocked_on.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/mounts.h"
#include "process/proc_file.h"
#include "wire/file_systems.h"
#include "wire/resource_text.h"

#include <stdlib.h>

/* The most of a list of mounts that is read, and the time in ns after which it is read again. */
#define MOUNTINFO_BYTES (256 << 10)
#define AGAIN_NS NS_PER_S
/* Shorter waits for a file, in ns, need no explanation. */
#define LEAST_NS NS_PER_MS

#define PATH_BYTES 256
#define TYPE_BYTES 32

void blocked_on_free(struct lp_blocked_on *blocked_on)
{
	free(blocked_on->mountinfo);
	blocked_on->mountinfo = NULL;
}

static const char *mounts_of(struct lp_blocked_on *blocked_on, pid_t pid)
{
	uint64_t now = clock_now();

	if (blocked_on->pid == pid && blocked_on->read_ns && now - blocked_on->read_ns < AGAIN_NS)
		return blocked_on->mountinfo;
	if (!blocked_on->mountinfo)
		blocked_on->mountinfo = malloc(MOUNTINFO_BYTES);
	blocked_on->pid = pid;
	blocked_on->read_ns = now;
	if (blocked_on->mountinfo &&
	    proc_read(pid, "mountinfo", blocked_on->mountinfo, MOUNTINFO_BYTES) <= 0)
		blocked_on->mountinfo[0] = '\0';
	return blocked_on->mountinfo;
}

void blocked_on_fill(struct lp_blocked_on *blocked_on, pid_t pid, struct lp_segment_times *times)
{
	char path[PATH_BYTES], type[TYPE_BYTES];
	const char *mountinfo;
	uint32_t i;

	for (i = 0; i < times->block_count && i < LP_BLOCKS; i++) {
		struct lp_block *block = &times->blocks[i];
		struct lp_resource *resource = &block->resource;

		if ((resource->kind != LP_RESOURCE_FILE && resource->kind != LP_RESOURCE_PATH) ||
		    block->total_ns < LEAST_NS)
			continue;
		/* a path whose beginning is missing does not begin with a slash */
		resource_text(resource, path, sizeof(path));
		mountinfo = *path == '/' ? mounts_of(blocked_on, pid) : NULL;
		if (!mountinfo)
			continue;
		mounts_type_of(mountinfo, path, type, sizeof(type));
		resource->file_system = file_system_kind(type);
	}
}
