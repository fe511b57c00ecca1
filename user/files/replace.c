// SPDX-License-Identifier: BSD-2-Clause
#include "replace.h"

#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

/* The suffix differs from that of the file, as node_exporter reads every *.prom in a directory. */
#define TEMPORARY_FORMAT ".loopprof-%016" PRIx64 ".tmp"
#define TEMPORARY_TRIES 8

/*
 * Creates the temporary file; its name is in file->temporary.  Returns a descriptor or a
 * negative errno.
 */
static int create_temporary(struct lp_replacement *file)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int tries, descriptor;
	uint64_t number;

	for (tries = 0; tries < TEMPORARY_TRIES; tries++) {
		if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			return -EIO;
		snprintf(file->temporary, sizeof(file->temporary), TEMPORARY_FORMAT, number);
		descriptor = openat(file->directory, file->temporary, flags, 0600);
		if (descriptor >= 0)
			return descriptor;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

int replacement_begin(struct lp_replacement *file, struct lp_file_path *place, mode_t mode)
{
	int err;

	file->descriptor = -1;
	file->directory = file_path_open(place);
	if (file->directory < 0) {
		err = file->directory;
		file->directory = -1;
		return err;
	}
	file->descriptor = create_temporary(file);
	if (file->descriptor < 0) {
		err = file->descriptor;
		close(file->directory);
		*file = (struct lp_replacement)LP_NO_REPLACEMENT;
		return err;
	}
	/* the mode comes first: to change it after the owner takes a capability */
	if (fchmod(file->descriptor, mode)) {
		err = -errno;
		replacement_abandon(file);
		return err;
	}
	owner_give_to_caller(file->descriptor);
	return 0;
}

/*
 * Renames the file to a name that must be free.  On a file system without RENAME_NOREPLACE
 * only the check before protects an existing file.
 */
static int rename_fresh(const struct lp_replacement *file, const char *name)
{
	if (!renameat2(file->directory, file->temporary, file->directory, name, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	return renameat(file->directory, file->temporary, file->directory, name) ? -errno : 0;
}

int replacement_commit(struct lp_replacement *file, const struct lp_file_path *place, bool fresh)
{
	struct stat status;
	int err = file_path_replaceable(place, file->directory, &status);

	if (err)
		return err;
	if (fresh && status.st_nlink)
		return -EEXIST;
	if (fresh || !status.st_nlink)
		err = rename_fresh(file, place->name);
	else if (renameat(file->directory, file->temporary, file->directory, place->name))
		err = -errno;
	if (err)
		return err;
	close(file->directory);
	file->directory = -1;
	return 0;
}

void replacement_abandon(struct lp_replacement *file)
{
	if (file->directory >= 0) {
		unlinkat(file->directory, file->temporary, 0);
		close(file->directory);
	}
	if (file->descriptor >= 0)
		close(file->descriptor);
	*file = (struct lp_replacement)LP_NO_REPLACEMENT;
}

int replacement_check(struct lp_file_path *place)
{
	struct lp_replacement file;
	int err = replacement_begin(&file, place, 0600);

	if (!err)
		replacement_abandon(&file);
	return err;
}
