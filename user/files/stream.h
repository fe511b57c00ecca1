/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams of results: a file, a FIFO, a device, or a descriptor of this program. */
#ifndef LP_FILES_STREAM_H
#define LP_FILES_STREAM_H

#include "output_place.h"

/*
 * The number of the descriptor that a path such as /dev/stdout or /dev/fd/63 means; -1 if
 * it means none.
 */
int stream_number(const char *path);

/*
 * Opens a path that is written in place and never replaced: a descriptor of ours, a FIFO that
 * somebody reads, a device; the last two only where nobody else can have put them.  Returns
 * 1 and a descriptor, 0 if the path is that of a file, or a negative errno.
 */
int stream_open_special(const char *path, struct lp_file_path *place, int *descriptor);

#endif /* LP_FILES_STREAM_H */
