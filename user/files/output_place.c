// SPDX-License-Identifier: BSD-2-Clause
#include "output_place.h"

#include "privileges/sudo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The most symbolic links in one path: the kernel's own limit. */
#define LINKS_MAX 40

/* ---- users -------------------------------------------------------------------------- */

bool place_caller(uid_t *user, gid_t *group)
{
	struct lp_sudo_user caller;
	struct lp_error error;

	/* if the user who called sudo is unknown, root owns new files */
	if (sudo_ids(&caller, &error) <= 0)
		return false;
	*user = caller.user;
	*group = caller.group;
	return true;
}

bool place_trusts(uid_t user)
{
	uid_t caller;
	gid_t group;

	return !user || user == geteuid() || user == getuid() ||
	       (place_caller(&caller, &group) && user == caller);
}

static enum lp_reach reach_of(const struct stat *status)
{
	/* root's group, and the group with the user's own number, have no other members */
	bool group_writes = (status->st_mode & S_IWGRP) && status->st_gid &&
			    status->st_gid != status->st_uid;

	if (!place_trusts(status->st_uid))
		return LP_REACH_FOREIGN;
	if (!group_writes && !(status->st_mode & S_IWOTH))
		return LP_REACH_OWN;
	return status->st_mode & S_ISVTX ? LP_REACH_SHARED : LP_REACH_FOREIGN;
}

/* ---- directories -------------------------------------------------------------------- */

/* A path that is opened one name after the other. */
struct path_walk {
	int descriptor; /* the directory that has been reached, O_PATH */
	struct stat status; /* status of that directory */
	char rest[2 * PATH_MAX];
	bool follow; /* follow symbolic links that only trusted users can have made */
	int links;
};

static int walk_to(struct path_walk *walk, int descriptor)
{
	if (descriptor < 0)
		return -errno;
	if (walk->descriptor >= 0)
		close(walk->descriptor);
	walk->descriptor = descriptor;
	return fstat(descriptor, &walk->status) ? -errno : 0;
}

/* Begins at the root for an absolute path, else at the working directory. */
static int walk_begin(struct path_walk *walk)
{
	if (walk->rest[0] != '/' && walk->descriptor >= 0)
		return 0;
	return walk_to(walk,
		       open(walk->rest[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* Replaces the name of a link by its target, before the rest of the path. */
static int walk_link(struct path_walk *walk, int link, const struct stat *status)
{
	enum lp_reach reach = reach_of(&walk->status);
	char target[PATH_MAX], rest[sizeof(walk->rest)];
	ssize_t length;
	int size;

	if (!walk->follow || ++walk->links > LINKS_MAX || reach == LP_REACH_FOREIGN ||
	    (reach == LP_REACH_SHARED && !place_trusts(status->st_uid)))
		return -ELOOP;
	length = readlinkat(link, "", target, sizeof(target) - 1);
	if (length <= 0)
		return length ? -errno : -ENOENT;
	target[length] = '\0';
	size = snprintf(rest, sizeof(rest), "%s/%s", target, walk->rest);
	if (size < 0 || (size_t)size >= sizeof(rest))
		return -ENAMETOOLONG;
	memcpy(walk->rest, rest, (size_t)size + 1);
	return walk_begin(walk);
}

/* Opens the first name of the rest of the path. */
static int walk_step(struct path_walk *walk)
{
	char name[NAME_MAX + 1];
	size_t length = strcspn(walk->rest, "/");
	size_t next = length + strspn(walk->rest + length, "/");
	struct stat status;
	int descriptor, err;

	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, walk->rest, length);
	name[length] = '\0';
	memmove(walk->rest, walk->rest + next, strlen(walk->rest + next) + 1);
	if (!length || !strcmp(name, "."))
		return 0;
	descriptor = openat(walk->descriptor, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, &status))
		err = -errno;
	else if (S_ISDIR(status.st_mode))
		return walk_to(walk, descriptor);
	else
		err = S_ISLNK(status.st_mode) ? walk_link(walk, descriptor, &status) : -ENOTDIR;
	close(descriptor);
	return err;
}

/*
 * Opens the directory of a path.  Returns 0, with walk->descriptor to be closed, or a
 * negative errno.
 */
static int walk_path(struct path_walk *walk, const char *path, bool follow)
{
	int err;

	walk->descriptor = -1;
	walk->follow = follow;
	walk->links = 0;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (!*path)
		return -ENOENT;
	snprintf(walk->rest, sizeof(walk->rest), "%s", path);
	err = walk_begin(walk);
	while (!err && walk->rest[0])
		err = walk_step(walk);
	if (err && walk->descriptor >= 0)
		close(walk->descriptor);
	return err;
}

/* The directory's path according to the kernel; NULL if out of memory. */
static char *path_of(int descriptor, const char *path)
{
	char name[64], found[PATH_MAX];
	ssize_t length;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", descriptor);
	length = readlink(name, found, sizeof(found) - 1);
	/* without /proc the path is used as it was given */
	if (length <= 0 || found[0] != '/')
		return strdup(path);
	found[length] = '\0';
	return strdup(found);
}

int directory_open(struct lp_directory *directory, const char *path)
{
	struct path_walk walk;
	int err;

	memset(directory, 0, sizeof(*directory));
	directory->descriptor = -1;
	err = walk_path(&walk, path, true);
	if (err)
		return err;
	directory->descriptor = walk.descriptor;
	directory->owner = walk.status.st_uid;
	directory->reach = reach_of(&walk.status);
	directory->path = path_of(walk.descriptor, path);
	return directory->path ? 0 : -ENOMEM;
}

void directory_close(struct lp_directory *directory)
{
	if (directory->descriptor >= 0)
		close(directory->descriptor);
	free(directory->path);
	directory->path = NULL;
	directory->descriptor = -1;
}

/* The directory was removed: opens a new one of the same path. */
static int look_up_again(struct lp_directory *directory)
{
	struct path_walk walk;
	int err = walk_path(&walk, directory->path, false);

	if (err)
		return err;
	if (walk.status.st_uid != directory->owner && !place_trusts(walk.status.st_uid)) {
		close(walk.descriptor);
		return -EPERM;
	}
	close(directory->descriptor);
	directory->descriptor = walk.descriptor;
	directory->owner = walk.status.st_uid;
	directory->reach = reach_of(&walk.status);
	return 0;
}

int directory_use(struct lp_directory *directory)
{
	struct stat status;
	int err = 0, copy;

	if (!directory->path)
		return -ENOENT;
	if (fstat(directory->descriptor, &status))
		return -errno;
	if (!status.st_nlink)
		err = look_up_again(directory);
	if (err)
		return err;
	copy = fcntl(directory->descriptor, F_DUPFD_CLOEXEC, 0);
	return copy < 0 ? -errno : copy;
}

/* ---- files -------------------------------------------------------------------------- */

int file_path_set(struct lp_file_path *place, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *directory;
	int err;

	memset(place, 0, sizeof(*place));
	place->directory.descriptor = -1;
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return *path ? -EISDIR : -ENOENT;
	place->name = strdup(name);
	/* the slash remains: it may be the root directory */
	directory = slash ? strndup(path, (size_t)(name - path)) : strdup(".");
	err = place->name && directory ? directory_open(&place->directory, directory) : -ENOMEM;
	free(directory);
	return err;
}

void file_path_clear(struct lp_file_path *place)
{
	directory_close(&place->directory);
	free(place->name);
	place->name = NULL;
}

int file_path_open(struct lp_file_path *place)
{
	return directory_use(&place->directory);
}

bool file_path_same(const struct lp_file_path *left, const struct lp_file_path *right)
{
	struct stat first, second;

	if (fstat(left->directory.descriptor, &first) ||
	    fstat(right->directory.descriptor, &second))
		return false;
	return first.st_dev == second.st_dev && first.st_ino == second.st_ino &&
	       !strcmp(left->name, right->name);
}

int file_path_replaceable(const struct lp_file_path *place, int directory, struct stat *status)
{
	if (fstatat(directory, place->name, status, AT_SYMLINK_NOFOLLOW)) {
		memset(status, 0, sizeof(*status));
		return errno == ENOENT ? 0 : -errno;
	}
	if (S_ISDIR(status->st_mode))
		return -EISDIR;
	if (S_ISLNK(status->st_mode))
		return -ELOOP;
	if (!S_ISREG(status->st_mode))
		return -EEXIST;
	if (status->st_nlink > 1)
		return -EMLINK;
	/*
	 * a file of an untrusted user in a shared directory must not be replaced: that user's
	 * permission to do so is not checked for us
	 */
	if (place->directory.reach == LP_REACH_SHARED && !place_trusts(status->st_uid))
		return -EACCES;
	return 0;
}
