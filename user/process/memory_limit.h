/* SPDX-License-Identifier: BSD-2-Clause */
/* The limit to the memory of a process: of its cgroup, of one above it, or the host's memory. */
#ifndef LP_PROCESS_MEMORY_LIMIT_H
#define LP_PROCESS_MEMORY_LIMIT_H

#include "cgroup_folder.h"

#include "wire/wire.h"

struct lp_memory_limit {
	uint64_t used_bytes;
	uint64_t limit_bytes;
	enum lp_memory_limit_kind kind;
	char cgroup[LP_CGROUP_BYTES]; /* as in struct lp_event_memory_limit */
};

/*
 * Reads the limit that is used up most, of the process's cgroup and those above it.  mounts and
 * text: see cgroup_folder_find.  Returns false if none has a limit.
 */
bool memory_limit_read(const char *mounts, const char *text, struct lp_memory_limit *limit);

/* Reads the memory of the host from the text of /proc/meminfo.  Returns false if it is not there. */
bool memory_limit_parse_host(const char *text, struct lp_memory_limit *limit);

/* The same from /proc/meminfo. */
bool memory_limit_read_host(struct lp_memory_limit *limit);

#endif /* LP_PROCESS_MEMORY_LIMIT_H */
