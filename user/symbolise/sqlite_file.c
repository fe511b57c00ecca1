// SPDX-License-Identifier: BSD-2-Clause
#include "sqlite_file.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/file_locks.h"
#include "process/open_in.h"

#include <string.h>

/* A process is looked up again after this time in ns: that reads all of its descriptors. */
#define VALID_NS (1000 * NS_PER_MS)

static void look_up(struct lp_sqlite_file *last, pid_t pid)
{
	struct lp_file_lock lock;
	int descriptor;

	last->pid = pid;
	last->path[0] = '\0';
	if (!file_locks_of_sqlite(pid, &lock, 1, &descriptor) || lock.pid == pid ||
	    !open_in_name(pid, descriptor, last->path, sizeof(last->path)))
		last->path[0] = '\0';
	last->read_ns = clock_now();
}

void sqlite_file_add(struct lp_sqlite_file *last, pid_t pid, struct lp_resource *resource)
{
	/* those of sqliteDefaultBusyCallback */
	static const uint64_t delays_ms[] = { 1, 2, 5, 10, 15, 20, 25, 50, 100 };
	size_t i;

	if (resource->kind != LP_RESOURCE_SLEEP || resource->flags & LP_RESOURCE_UNTIL)
		return;
	for (i = 0; i < ARRAY_SIZE(delays_ms); i++)
		if (resource->number == delays_ms[i] * NS_PER_MS)
			break;
	if (i == ARRAY_SIZE(delays_ms))
		return;
	if (pid != last->pid || clock_now() - last->read_ns > VALID_NS)
		look_up(last, pid);
	resource->bytes = (uint16_t)strlen(last->path);
	memcpy(resource->data, last->path, resource->bytes);
}
