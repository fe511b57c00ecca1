/* SPDX-License-Identifier: BSD-2-Clause */
/* The file systems of the files that a loop's thread was blocked on. */
#ifndef LP_LIVE_BLOCKED_ON_H
#define LP_LIVE_BLOCKED_ON_H

#include "wire/wire.h"

#include <stdint.h>
#include <sys/types.h>

/* The lists of mounts that are remembered, and the most bytes of a name. */
#define LP_MOUNT_LISTS 8
#define LP_MOUNT_NAME_BYTES 256

/* The mounts that all processes of a namespace with the same root have. */
struct lp_mount_list {
	char space[LP_MOUNT_NAME_BYTES], root[LP_MOUNT_NAME_BYTES];
	char *mountinfo; /* owned; NULL: they are not known, or too many */
	uint64_t read_ns;
};

/* Begins with zeros. */
struct lp_blocked_on {
	struct lp_mount_list lists[LP_MOUNT_LISTS];
	char *buffer; /* owned */
	uint64_t paused_until_ns; /* instant until which no mounts are read */
	uint64_t reads; /* number of lists that were read */
};

void blocked_on_free(struct lp_blocked_on *blocked_on);

/*
 * Stores the kind of file system in each block that has the path of a file, if the mounts are
 * known: reading them takes a small share of the time.
 */
void blocked_on_fill(struct lp_blocked_on *blocked_on, pid_t pid, struct lp_segment_times *times);

#endif /* LP_LIVE_BLOCKED_ON_H */
