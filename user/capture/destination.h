/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of a recording that is not rotated.  An older file remains until there is
 * something to record; only then a new file with its header takes its place.
 */
#ifndef LP_CAPTURE_DESTINATION_H
#define LP_CAPTURE_DESTINATION_H

#include "base/error.h"
#include "files/output_place.h"

#include <stdbool.h>
#include <stddef.h>

struct lp_destination;

/*
 * Makes sure that a capture can be written to the path, without changing anything there.
 * Returns 0, or a negative errno with a sentence in error.
 */
int destination_open(const char *path, struct lp_destination **destination, struct lp_error *error);
void destination_free(struct lp_destination *destination);

/* The path as the user gave it, for messages. */
const char *destination_path(const struct lp_destination *destination);

/* Returns whether the path has a file of another run, which an empty recording must not replace. */
bool destination_is_taken(const struct lp_destination *destination);

/*
 * Creates the file with its header and puts it at the path; the first time it replaces an
 * older file.  The file is locked while it is open, so that no other recording replaces it.
 * Returns its descriptor, or a negative errno; then the path is unchanged.
 */
int destination_create(struct lp_destination *destination, const void *header, size_t size);

/* Removes the file that was created last, if it is still at the path. */
void destination_discard(struct lp_destination *destination, int descriptor);

#endif /* LP_CAPTURE_DESTINATION_H */
