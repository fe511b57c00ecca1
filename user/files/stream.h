/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams of results: a file, a FIFO, a device, or a descriptor of this program. */
#ifndef LP_FILES_STREAM_H
#define LP_FILES_STREAM_H

#include "output_place.h"

/*
 * The number of the descriptor that a path such as /dev/stdout or /dev/fd/63 means; -1 for
 * any other path.
 */
int stream_number(const char *path);

/*
 * Opens a path that is written in place and never replaced: an open descriptor of this
 * process, a FIFO that has a reader, or a device; the last two only where no untrusted user
 * can have put them.  Returns 1 and a descriptor, 0 if the path is that of a file, or a
 * negative errno.
 */
int stream_open_special(const char *path, struct lp_file_path *place, int *descriptor);

#endif /* LP_FILES_STREAM_H */
