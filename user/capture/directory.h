/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory of captures, named loopprof-HOST-START-SEGMENT.lpc, of one or more runs.  Over
 * a limit of bytes the oldest ones are removed.  Other files in the directory are left alone.
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
 * Opens the directory.  create: a missing directory is created, accessible only to its owner.
 * retain_bytes: limit of all captures together; 0: none is removed.  Returns 0, or a negative
 * errno with a sentence in error.
 */
int capture_directory_open(const char *path, bool create, uint64_t retain_bytes,
			   struct lp_capture_directory **archive, struct lp_error *error);
void capture_directory_free(struct lp_capture_directory *archive);

/*
 * Creates the file of a segment.  It is locked while it is open, so that no run removes it.
 * The directory is opened by its name each time, as it may have been removed and created
 * again.  Returns a descriptor or a negative errno.
 */
int capture_directory_create(struct lp_capture_directory *archive,
			     const struct lp_capture_header *header);

/* Removes the file that capture_directory_create() created last. */
void capture_directory_discard(struct lp_capture_directory *archive);

/* The path of the file that capture_directory_create() created last, or tried to create. */
const char *capture_directory_path(const struct lp_capture_directory *archive);

/*
 * Removes the oldest captures until the rest and the current one, whose size is
 * current_bytes, are within the limit.
 */
void capture_directory_retain(struct lp_capture_directory *archive, uint64_t current_bytes);

#endif /* LP_CAPTURE_DIRECTORY_H */
