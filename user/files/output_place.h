/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places of files that are written as root, often in directories of other users.  The
 * directory is opened once and held: whatever replaces it or one of its parents
 * later, files go into this one.  A symbolic link on the way is followed only
 * where nobody but root and the user who called us can have put it.
 */
#ifndef LP_FILES_OUTPUT_PLACE_H
#define LP_FILES_OUTPUT_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Who can create or replace a name in a directory. */
enum lp_reach {
	LP_REACH_FOREIGN, /* another user */
	LP_REACH_SHARED, /* everybody, each their own: it is sticky, like /tmp */
	LP_REACH_OWN, /* root and the user who called us */
};

struct lp_directory {
	int descriptor; /* O_PATH; -1: none */
	char *path; /* absolute, without symbolic links */
	uid_t owner;
	enum lp_reach reach;
};

/* Returns 0 or a negative errno; to be closed by directory_close() in any case. */
int directory_open(struct lp_directory *directory, const char *path);
void directory_close(struct lp_directory *directory);

/*
 * Its descriptor for the *at() functions; to be closed.  A directory that was removed is
 * looked up again, without following any link; the new one has to be of the same
 * owner, or of one who could have made the first.  Returns a negative errno on failure.
 */
int directory_use(struct lp_directory *directory);

/* Is it root, the user who runs this, or the one who called sudo? */
bool place_trusts(uid_t user);

/* The user and the group who called sudo, if this runs as root for somebody. */
bool place_caller(uid_t *user, gid_t *group);

/* A file in a directory. */
struct lp_file_path {
	struct lp_directory directory;
	char *name;
};

/* Returns 0 or a negative errno; to be cleared by file_path_clear() in any case. */
int file_path_set(struct lp_file_path *place, const char *path);
void file_path_clear(struct lp_file_path *place);

/* As directory_use(). */
int file_path_open(struct lp_file_path *place);

/* Are they the same file, or would they be? */
bool file_path_same(const struct lp_file_path *left, const struct lp_file_path *right);

/*
 * May a new file be put in this place?  Returns 0 if the place is empty, or has a
 * regular file with this name only; else a negative errno.  status: of the old file;
 * st_nlink is 0 if there is none.
 */
int file_path_replaceable(const struct lp_file_path *place, int directory, struct stat *status);

#endif /* LP_FILES_OUTPUT_PLACE_H */
