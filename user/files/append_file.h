/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of lines that grows: what is added is there whole or not at all.  Over a size
 * it becomes FILE.1, in the place of the one before, and a new one begins.
 */
#ifndef LP_FILES_APPEND_FILE_H
#define LP_FILES_APPEND_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

struct lp_append;

/*
 * Makes sure that the file can be written, and creates it if it is not there.  mode: of
 * a new file, whatever the umask; limit: in bytes.  Returns 0, or a negative errno with a
 * sentence in error.  To be freed by append_free().
 */
int append_new(const char *path, mode_t mode, off_t limit, struct lp_append **append,
	       struct lp_error *error);

/* Adds lines that are whole, in one write.  Returns 0 or a negative errno; then nothing is added. */
int append_lines(struct lp_append *append, const char *lines, size_t size);

void append_free(struct lp_append *append);

#endif /* LP_FILES_APPEND_FILE_H */
