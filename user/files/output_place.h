/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places of files that are written as root, often in directories of other users.  The
 * directory is opened once and held: a directory that is later moved into its path is not
 * written to.  Symbolic links in a path are followed only if no other user than root and
 * the one who called sudo can have made them.
 */
#ifndef LP_FILES_OUTPUT_PLACE_H
#define LP_FILES_OUTPUT_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The users who can create or replace a name in a directory. */
enum lp_reach {
	LP_REACH_FOREIGN, /* an untrusted user can */
	/* everybody can create names, and replace their own: the directory is sticky, like /tmp */
	LP_REACH_SHARED,
	LP_REACH_OWN, /* only trusted users can: see place_trusts() */
};

struct lp_directory {
	int descriptor; /* O_PATH; -1: none */
	char *path; /* absolute path without symbolic links */
	uid_t owner;
	enum lp_reach reach;
};

/*
 * Opens a directory.  Returns 0 or a negative errno; to be closed by directory_close() in
 * both cases.
 */
int directory_open(struct lp_directory *directory, const char *path);
void directory_close(struct lp_directory *directory);

/*
 * A descriptor for the *at() functions, to be closed.  A directory that was removed is opened
 * again by its path, without following links; the new one must have the same owner, or an
 * owner who could have created the first.  Returns a negative errno on failure.
 */
int directory_use(struct lp_directory *directory);

/* Returns whether a user is trusted: root, the user of this process, and the user who called sudo. */
bool place_trusts(uid_t user);

/*
 * Sets the user and group who called sudo.  Returns false if this process does not run as
 * root by sudo.
 */
bool place_caller(uid_t *user, gid_t *group);

/* A directory and the name of a file in it. */
struct lp_file_path {
	struct lp_directory directory;
	char *name;
};

/*
 * Splits a path and opens its directory.  Returns 0 or a negative errno; to be cleared by
 * file_path_clear() in both cases.
 */
int file_path_set(struct lp_file_path *place, const char *path);
void file_path_clear(struct lp_file_path *place);

/* A descriptor of the directory, as by directory_use(). */
int file_path_open(struct lp_file_path *place);

/* Returns whether both are the same name in the same directory. */
bool file_path_same(const struct lp_file_path *left, const struct lp_file_path *right);

/*
 * Returns whether a new file may be put in this place.  Returns 0 if the place is empty, or has a
 * regular file without further hard links; else a negative errno.  status: of the old file;
 * st_nlink is 0 if there is none.
 */
int file_path_replaceable(const struct lp_file_path *place, int directory, struct stat *status);

#endif /* LP_FILES_OUTPUT_PLACE_H */
