// SPDX-License-Identifier: BSD-2-Clause
#include "sqlite_file.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/file_locks.h"
#include "process/open_in.h"

#include <string.h>

/* A process is looked up again after this time in ns: that reads all of its descriptors. */
#define VALID_NS (1000 * NS_PER_MS)
/* The time in ns that a look-up may take; the pause after it is PAUSE_FACTOR times as long as it
 * took. */
#define SEARCH_NS (20 * NS_PER_MS)
#define PAUSE_FACTOR 50

static void look_up(struct lp_sqlite_look_up *found, pid_t pid, uint64_t until_ns)
{
	struct lp_file_lock lock;
	int descriptor;

	found->pid = pid;
	if (!file_locks_of_sqlite(pid, &lock, 1, until_ns, &descriptor) || lock.pid == pid ||
	    !open_in_name(pid, descriptor, found->path, sizeof(found->path)))
		found->path[0] = '\0';
	found->read_ns = clock_now();
}

/* Returns the entry of a process; that of the oldest look-up if it has none. */
static struct lp_sqlite_look_up *entry_of(struct lp_sqlite_file *file, pid_t pid)
{
	struct lp_sqlite_look_up *oldest = &file->look_ups[0];
	size_t i;

	for (i = 0; i < LP_SQLITE_LOOK_UPS; i++) {
		if (file->look_ups[i].pid == pid)
			return &file->look_ups[i];
		if (file->look_ups[i].read_ns < oldest->read_ns)
			oldest = &file->look_ups[i];
	}
	return oldest;
}

/* Returns the path of the file that a process waits for; "" if it is not known. */
static const char *path_of(struct lp_sqlite_file *file, pid_t pid)
{
	struct lp_sqlite_look_up *entry = entry_of(file, pid);
	uint64_t begun_ns = clock_now();

	if (entry->pid == pid && begun_ns - entry->read_ns <= VALID_NS)
		return entry->path;
	if (begun_ns < file->paused_until_ns)
		return "";
	look_up(entry, pid, begun_ns + SEARCH_NS);
	file->paused_until_ns = entry->read_ns + PAUSE_FACTOR * (entry->read_ns - begun_ns);
	return entry->path;
}

void sqlite_file_add(struct lp_sqlite_file *file, pid_t pid, struct lp_resource *resource)
{
	/* those of sqliteDefaultBusyCallback */
	static const uint64_t delays_ms[] = { 1, 2, 5, 10, 15, 20, 25, 50, 100 };
	const char *path;
	size_t i;

	if (resource->kind != LP_RESOURCE_SLEEP || resource->flags & LP_RESOURCE_UNTIL)
		return;
	for (i = 0; i < ARRAY_SIZE(delays_ms); i++)
		if (resource->number == delays_ms[i] * NS_PER_MS)
			break;
	if (i == ARRAY_SIZE(delays_ms))
		return;
	path = path_of(file, pid);
	resource->bytes = (uint16_t)strlen(path);
	memcpy(resource->data, path, resource->bytes);
}
