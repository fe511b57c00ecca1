/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new file that replaces an older one: it is written under a temporary name in the same
 * directory; the older file remains until the new one is renamed.
 */
#ifndef LP_FILES_REPLACE_H
#define LP_FILES_REPLACE_H

#include "output_place.h"

struct lp_replacement {
	/* descriptor of the directory; -1: the file is in its place, or there is none */
	int directory;
	int descriptor; /* descriptor of the file, for reading and writing; -1: none */
	char temporary[48];
};

#define LP_NO_REPLACEMENT                                                                          \
	{                                                                                          \
		.directory = -1, .descriptor = -1                                                  \
	}

/*
 * Creates the file with the mode, whatever the umask, for the user who called sudo.  Returns
 * 0 or a negative errno; then there is nothing to abandon.
 */
int replacement_begin(struct lp_replacement *file, struct lp_file_path *place, mode_t mode);

/*
 * Renames the file to its place; the descriptor remains open.  fresh: an existing file is an
 * error.  Returns 0 or a negative errno; then the file is to be abandoned.
 */
int replacement_commit(struct lp_replacement *file, const struct lp_file_path *place, bool fresh);

/* Removes the file unless it is in its place, and closes the descriptors. */
void replacement_abandon(struct lp_replacement *file);

/*
 * Tests whether a file could be created and put in the place, by creating and removing a
 * temporary one.  Returns 0 or a negative errno.
 */
int replacement_check(struct lp_file_path *place);

#endif /* LP_FILES_REPLACE_H */
