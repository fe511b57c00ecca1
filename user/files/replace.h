/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new file on its way to its place: it is written under a temporary name in the same
 * directory, and an older file stays until the new one is put in its place.
 */
#ifndef LP_FILES_REPLACE_H
#define LP_FILES_REPLACE_H

#include "output_place.h"

struct lp_replacement {
	int directory; /* -1: the file is in its place, or there is none */
	int descriptor; /* the file's, for reading and writing; -1: none */
	char temporary[48];
};

#define LP_NO_REPLACEMENT                                                                          \
	{                                                                                          \
		.directory = -1, .descriptor = -1                                                  \
	}

/*
 * Creates the file with that mode, whatever the umask, for the user who called sudo.
 * Returns 0 or a negative errno; then there is nothing to be abandoned.
 */
int replacement_begin(struct lp_replacement *file, struct lp_file_path *place, mode_t mode);

/*
 * Moves it to its place; the descriptor stays open.  fresh: no file may be there.  Returns 0,
 * or a negative errno; then it is to be abandoned.
 */
int replacement_commit(struct lp_replacement *file, const struct lp_file_path *place, bool fresh);

/* Removes it unless it is in its place, and closes what is open. */
void replacement_abandon(struct lp_replacement *file);

/*
 * Could a file be created and put in that place?  Tries it under the temporary name and
 * removes it again.  Returns 0 or a negative errno.
 */
int replacement_try(struct lp_file_path *place);

#endif /* LP_FILES_REPLACE_H */
