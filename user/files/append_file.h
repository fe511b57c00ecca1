/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file to which lines are appended, each of them whole or not at all.  Over a limit of
 * bytes it is renamed to FILE.1, replacing the previous one, and a new file begins.
 */
#ifndef LP_FILES_APPEND_FILE_H
#define LP_FILES_APPEND_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

struct lp_append;

/*
 * Makes sure that the file can be written, and creates it if it is missing.  mode: of a new
 * file, whatever the umask; limit: in bytes.  Returns 0, or a negative errno with a sentence
 * in error.  To be freed by append_free().
 */
int append_new(const char *path, mode_t mode, off_t limit, struct lp_append **append,
	       struct lp_error *error);

/*
 * Appends complete lines in one write.  Returns 0, or a negative errno; then nothing is
 * appended.
 */
int append_lines(struct lp_append *append, const char *lines, size_t size);

void append_free(struct lp_append *append);

#endif /* LP_FILES_APPEND_FILE_H */
