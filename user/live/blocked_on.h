/* SPDX-License-Identifier: BSD-2-Clause */
/* The file systems of the files that a loop's thread was blocked on. */
#ifndef LP_LIVE_BLOCKED_ON_H
#define LP_LIVE_BLOCKED_ON_H

#include "wire/wire.h"

#include <stdint.h>
#include <sys/types.h>

/* The mounts of the process that were read last; begins with zeros. */
struct lp_blocked_on {
	char *mountinfo; /* owned */
	pid_t pid;
	uint64_t read_ns;
};

void blocked_on_free(struct lp_blocked_on *blocked_on);

/* Stores the kind of file system in each block that has the path of a file. */
void blocked_on_fill(struct lp_blocked_on *blocked_on, pid_t pid, struct lp_segment_times *times);

#endif /* LP_LIVE_BLOCKED_ON_H */
