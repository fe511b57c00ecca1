/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory that captures are kept in: loopprof-HOST-START-SEGMENT.lpc, of several
 * runs, the oldest ones removed.  Other files in it are left alone.
 */
#ifndef LP_CAPTURE_DIRECTORY_H
#define LP_CAPTURE_DIRECTORY_H

#include "base/error.h"
#include "reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lp_capture_directory;

/*
 * create: if the directory is not there, it is made, for its owner only.  retain_bytes:
 * how much may lie in it, 0: everything is kept.  Returns 0, or a negative errno with a
 * sentence.
 */
int capture_directory_open(const char *path, bool create, uint64_t retain_bytes,
			   struct lp_capture_directory **archive, struct lp_error *error);
void capture_directory_free(struct lp_capture_directory *archive);

/*
 * Creates the file of a segment, locked against removal as long as it is open.  It is
 * looked for by its name each time, as it may have been removed and made again.
 * Returns a descriptor or a negative errno.
 */
int capture_directory_create(struct lp_capture_directory *archive,
			     const struct lp_capture_header *header);

/* Removes what capture_directory_create() created last. */
void capture_directory_discard(struct lp_capture_directory *archive);

/* The path of what capture_directory_create() created last, or tried to. */
const char *capture_directory_path(const struct lp_capture_directory *archive);

/*
 * Removes the oldest captures until all that are there and current_bytes, the size of
 * the one that is written, are no more than is to be kept.
 */
void capture_directory_retain(struct lp_capture_directory *archive, uint64_t current_bytes);

#endif /* LP_CAPTURE_DIRECTORY_H */
