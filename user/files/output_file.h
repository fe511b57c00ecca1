/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that results go to.  All are written as root, often into directories of
 * other users (see place.h).  A new file belongs to the user who called sudo
 * (SUDO_UID, SUDO_GID), where there is one.
 */
#ifndef LP_FILES_OUTPUT_FILE_H
#define LP_FILES_OUTPUT_FILE_H

#include "base/error.h"

#include <stdio.h>
#include <sys/types.h>

/*
 * Opens a stream: a file, or stdout if path is NULL.  A file in that place
 * stays unchanged until the first write; then a new one is put there, of the same mode and
 * owner (mode 0600 if there was none), which others can read as it grows.  FIFOs,
 * devices and paths such as /dev/stdout are written where they are.  Returns 0, or a
 * negative errno with a sentence in error.  To be closed by output_close().
 */
int output_open(const char *path, FILE **stream, struct lp_error *error);

/* The same, but a new file is put in its place only once it is whole: by output_close(). */
int output_open_whole(const char *path, FILE **stream, struct lp_error *error);

/*
 * Creates a file, of mode 0600, that must not be there yet, in a directory that is open.
 * Returns its descriptor or a negative errno.
 */
int output_create_at(int directory, const char *name);

/* Writes all of data; waits for a reader that is slow.  Returns 0 or a negative errno. */
int output_write_all(int descriptor, const void *data, size_t size);

/* Why that error came and what to do about it: "the disk is full; make room, ...". */
const char *output_advice(int err);

/*
 * Writes all of data past the stream's buffer, in one piece where the system
 * takes it as one; waits for a reader that is slow.  Returns 0 or a negative errno.
 */
int output_write(FILE *stream, const char *data, size_t size);

/* Closes the stream, or just flushes stdout.  Returns 0 or a negative errno. */
int output_close(FILE *stream);

/* Warns that results cannot be written while a run goes on.  path: NULL means stdout. */
void output_warn(const char *path, int err);

/* The same as an error; returns err. */
int output_cannot_write(struct lp_error *error, const char *path, int err);

/* Tells that they can again. */
void output_note_again(const char *path);

/* A file that is replaced as a whole, so that no reader ever sees a part of it. */
struct lp_output_snapshot;

/*
 * Makes sure that path can be written, by creating a temporary file next to it,
 * and removing that; path itself is not touched.  mode: of each version of the
 * file, whatever the umask.  Returns 0, or a negative errno with a sentence in
 * error.  To be freed by output_snapshot_free().
 */
int output_snapshot_new(const char *path, mode_t mode, struct lp_output_snapshot **snapshot,
			struct lp_error *error);
void output_snapshot_free(struct lp_output_snapshot *snapshot);

/*
 * Begins the next version.  *stream belongs to the snapshot, until
 * output_snapshot_commit() or output_snapshot_abandon().  Returns 0 or a negative errno.
 */
int output_snapshot_begin(struct lp_output_snapshot *snapshot, FILE **stream);

/*
 * Puts what was written in the place of the file.  Returns 0, or the negative
 * errno of the first failure; then the file is as it was.
 */
int output_snapshot_commit(struct lp_output_snapshot *snapshot);

/* Forgets what was written; the file is as it was. */
void output_snapshot_abandon(struct lp_output_snapshot *snapshot);

#endif /* LP_FILES_OUTPUT_FILE_H */
