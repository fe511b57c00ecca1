/* SPDX-License-Identifier: BSD-2-Clause */
/* The file that a recording writes, and whether it still has what was written to it. */
#ifndef LP_CAPTURE_CURRENT_FILE_H
#define LP_CAPTURE_CURRENT_FILE_H

#include "format.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

/* The error code of a file that another program has truncated; no file system returns it. */
#define LP_TRUNCATED EREMCHG

struct lp_current_file {
	int descriptor; /* -1: no file is open */
	bool from_start; /* it is a regular file that begins with the header */
	uint64_t bytes; /* its size up to its last whole block */
};

/* Begins with a file that has only its header.  The descriptor is not owned. */
void current_file_begin(struct lp_current_file *file, int descriptor,
			const struct lp_capture_header *header);

/*
 * Returns 0 if the file has what was written to it, or is not a regular file; -ENOENT if it was
 * unlinked, so that what is written to it would be lost; or -LP_TRUNCATED, also if it has grown
 * since, as records that are written after that follow a hole.
 */
int current_file_check(const struct lp_current_file *file);

#endif /* LP_CAPTURE_CURRENT_FILE_H */
