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

/* Takes a file that has a header only, and is written from its end on. */
void current_file_begin(struct lp_current_file *file, int descriptor,
			const struct lp_capture_header *header);

/*
 * Returns 0 if the file has what was written to it, or is no regular one; -ENOENT if it was
 * unlinked, so that what is written to it would be lost; or -LP_TRUNCATED, also if it has grown
 * again since, as writing goes on behind a hole.
 */
int current_file_check(const struct lp_current_file *file);

#endif /* LP_CAPTURE_CURRENT_FILE_H */
