/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of results.  All are written as root, often in directories of other users (see
 * output_place.h).  A new file belongs to the user who called sudo (SUDO_UID, SUDO_GID), if
 * there is one.
 */
#ifndef LP_FILES_OUTPUT_FILE_H
#define LP_FILES_OUTPUT_FILE_H

#include "base/error.h"

#include <stdio.h>
#include <sys/types.h>

/*
 * Opens a stream to a file, or to stdout if path is NULL.  An existing file is unchanged
 * until the first write; then a new one takes its place, with the same mode and owner (mode
 * 0600 if there was none), which can be read while it grows.  FIFOs, devices and paths such
 * as /dev/stdout are written in place.  Returns 0, or a negative errno with a sentence in
 * error.  To be closed by output_close().
 */
int output_open(const char *path, FILE **stream, struct lp_error *error);

/* The same, but a new file only takes its place when it is complete: in output_close(). */
int output_open_whole(const char *path, FILE **stream, struct lp_error *error);

/*
 * Creates a file of mode 0600 in an open directory; an existing file is an error.  Returns
 * its descriptor or a negative errno.
 */
int output_create_at(int directory, const char *name);

/* Writes all of data, and waits for a slow reader.  Returns 0 or a negative errno. */
int output_write_all(int descriptor, const void *data, size_t size);

/* The reason of an error and what to do about it: "the disk is full; make room, ...". */
const char *output_advice(int err);

/*
 * Writes all of data past the stream's buffer, in one system call if the kernel takes it;
 * waits for a slow reader.  Returns 0 or a negative errno.
 */
int output_write(FILE *stream, const char *data, size_t size);

/* Closes the stream, or just flushes stdout.  Returns 0 or a negative errno. */
int output_close(FILE *stream);

/* Warns that results cannot be written while the run continues.  path: NULL means stdout. */
void output_warn(const char *path, int err);

/* Puts the same sentence into error; returns err. */
int output_cannot_write(struct lp_error *error, const char *path, int err);

/* Reports that results can be written again. */
void output_note_again(const char *path);

/* A file whose versions replace each other as a whole, so that readers never get a part of one. */
struct lp_output_snapshot;

/*
 * Makes sure that path can be written, by creating a temporary file beside it and removing
 * that; path itself is not changed.  mode: of each version of the file, whatever the umask.
 * Returns 0, or a negative errno with a sentence in error.  To be freed by
 * output_snapshot_free().
 */
int output_snapshot_new(const char *path, mode_t mode, struct lp_output_snapshot **snapshot,
			struct lp_error *error);
void output_snapshot_free(struct lp_output_snapshot *snapshot);

/*
 * Begins the next version.  The snapshot owns *stream, which is valid until
 * output_snapshot_commit() or output_snapshot_abandon().  Returns 0 or a negative errno.
 */
int output_snapshot_begin(struct lp_output_snapshot *snapshot, FILE **stream);

/*
 * Replaces the file by the version.  Returns 0, or the negative errno of the first failure;
 * then the file is unchanged.
 */
int output_snapshot_commit(struct lp_output_snapshot *snapshot);

/* Discards the version; the file is unchanged. */
void output_snapshot_abandon(struct lp_output_snapshot *snapshot);

#endif /* LP_FILES_OUTPUT_FILE_H */
