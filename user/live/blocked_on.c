// SPDX-License-Identifier: BSD-2-Clause
#include "blocked_on.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/mounts.h"
#include "process/proc_file.h"
#include "wire/file_systems.h"
#include "wire/resource_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A list of mounts of this size or a greater one is not used. */
#define MOUNTINFO_BYTES (256 << 10)
/* A list of mounts is read again when it is needed and is older than this, in ns. */
#define AGAIN_NS NS_PER_S
/* After each reading of a list, none is read for PAUSE_FACTOR times as long as it took. */
#define PAUSE_FACTOR 50
/* Shorter waits for a file, in ns, need no explanation. */
#define LEAST_NS NS_PER_MS

#define PATH_BYTES 256
#define TYPE_BYTES 32

void blocked_on_free(struct lp_blocked_on *blocked_on)
{
	size_t i;

	for (i = 0; i < LP_MOUNT_LISTS; i++)
		free(blocked_on->lists[i].mountinfo);
	free(blocked_on->buffer);
	memset(blocked_on, 0, sizeof(*blocked_on));
}

/* Reads a link of a process, such as "ns/mnt". False: it cannot be read whole. */
static bool read_link(pid_t pid, const char *link, char name[LP_MOUNT_NAME_BYTES])
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, link);
	length = readlink(path, name, LP_MOUNT_NAME_BYTES);
	if (length <= 0 || length == LP_MOUNT_NAME_BYTES)
		return false;
	name[length] = '\0';
	return true;
}

/* Returns the list of a namespace and a root; the one that was read first if there is none. */
static struct lp_mount_list *list_of(struct lp_blocked_on *blocked_on, const char *space,
				     const char *root)
{
	struct lp_mount_list *oldest = &blocked_on->lists[0];
	size_t i;

	for (i = 0; i < LP_MOUNT_LISTS; i++) {
		struct lp_mount_list *list = &blocked_on->lists[i];

		if (!strcmp(list->space, space) && !strcmp(list->root, root))
			return list;
		if (list->read_ns < oldest->read_ns)
			oldest = list;
	}
	return oldest;
}

/* A list that does not fit is not known: a mount that is missing may cover a path. */
static void read_mounts(struct lp_blocked_on *blocked_on, struct lp_mount_list *list, pid_t pid,
			const char *space, const char *root)
{
	ssize_t length = -1;

	if (!blocked_on->buffer)
		blocked_on->buffer = malloc(MOUNTINFO_BYTES);
	if (blocked_on->buffer)
		length = proc_read(pid, "mountinfo", blocked_on->buffer, MOUNTINFO_BYTES);
	free(list->mountinfo);
	list->mountinfo = length > 0 && length < MOUNTINFO_BYTES - 1 ? strdup(blocked_on->buffer)
								     : NULL;
	snprintf(list->space, sizeof(list->space), "%s", space);
	snprintf(list->root, sizeof(list->root), "%s", root);
	list->read_ns = clock_now();
	blocked_on->reads++;
}

/* Returns the mounts of a process; NULL if they are not known. */
static const char *mounts_of(struct lp_blocked_on *blocked_on, pid_t pid)
{
	char space[LP_MOUNT_NAME_BYTES], root[LP_MOUNT_NAME_BYTES];
	uint64_t begun_ns = clock_now();
	struct lp_mount_list *list;
	bool known;

	if (!read_link(pid, "ns/mnt", space) || !read_link(pid, "root", root))
		return NULL;
	list = list_of(blocked_on, space, root);
	known = !strcmp(list->space, space) && !strcmp(list->root, root);
	if (known && begun_ns - list->read_ns < AGAIN_NS)
		return list->mountinfo;
	/* until the end of the pause an older list is better than none */
	if (begun_ns < blocked_on->paused_until_ns)
		return known ? list->mountinfo : NULL;
	read_mounts(blocked_on, list, pid, space, root);
	blocked_on->paused_until_ns = list->read_ns + PAUSE_FACTOR * (list->read_ns - begun_ns);
	return list->mountinfo;
}

void blocked_on_fill(struct lp_blocked_on *blocked_on, pid_t pid, struct lp_segment_times *times)
{
	char path[PATH_BYTES], type[TYPE_BYTES];
	const char *mountinfo = NULL;
	bool looked_up = false;
	uint32_t i;

	for (i = 0; i < times->block_count && i < LP_BLOCKS; i++) {
		struct lp_block *block = &times->blocks[i];
		struct lp_resource *resource = &block->resource;

		if ((resource->kind != LP_RESOURCE_FILE && resource->kind != LP_RESOURCE_PATH) ||
		    block->total_ns < LEAST_NS)
			continue;
		/* a path whose beginning is missing does not begin with a slash */
		resource_text(resource, path, sizeof(path));
		if (*path == '/' && !looked_up) {
			mountinfo = mounts_of(blocked_on, pid);
			looked_up = true;
		}
		if (*path != '/' || !mountinfo)
			continue;
		mounts_type_of(mountinfo, path, type, sizeof(type));
		resource->file_system = file_system_kind(type);
	}
}
