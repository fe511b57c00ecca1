/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of a recording that has only one.  An older file stays until there is something
 * to record: only then a new file, with its header, is put in its place.
 */
#ifndef LP_CAPTURE_DESTINATION_H
#define LP_CAPTURE_DESTINATION_H

#include "base/error.h"
#include "files/output_place.h"

#include <stdbool.h>
#include <stddef.h>

struct lp_destination;

/*
 * Makes sure that a capture can be written there, and changes nothing.  Returns 0, or a
 * negative errno with a sentence.
 */
int destination_open(const char *path, struct lp_destination **destination, struct lp_error *error);
void destination_free(struct lp_destination *destination);

/* The path as it was given, for messages. */
const char *destination_path(const struct lp_destination *destination);

/* Is there a file that an empty recording must not replace? */
bool destination_is_taken(const struct lp_destination *destination);

/*
 * Creates the file with what it begins with, and puts it in its place; the first time also
 * in that of an older file.  It is locked as long as it is open, so that no other recording
 * replaces it.  Returns its descriptor, or a negative errno; then nothing has changed.
 */
int destination_create(struct lp_destination *destination, const void *header, size_t size);

/* Removes the file that was created last, if it is still in its place. */
void destination_discard(struct lp_destination *destination, int descriptor);

#endif /* LP_CAPTURE_DESTINATION_H */
