// SPDX-License-Identifier: BSD-2-Clause
#include "destination.h"

#include "base/log.h"
#include "files/output_file.h"
#include "files/replace.h"
#include "files/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define CAPTURE_MODE 0600

struct lp_destination {
	char *path;
	struct lp_file_path place;
	int special; /* descriptor of a FIFO, device or stream; -1: the destination is a file */
	bool taken; /* the path has a file that is not of this run */
	bool placed; /* a file of this run has been created at the path */
};

/* Fails if another recording writes the file: a recording holds a lock on its file. */
static int check_unused(const struct lp_file_path *place, int directory)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int descriptor = openat(directory, place->name, flags), err = 0;

	/* a file that this user cannot read may still be replaced */
	if (descriptor < 0)
		return 0;
	if (flock(descriptor, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
		err = -EBUSY;
	close(descriptor);
	return err;
}

/*
 * Checks the older file at the path.  Returns 0 if there is none or it may be replaced, or a
 * negative errno.
 */
static int check_path(struct lp_destination *destination)
{
	int directory = file_path_open(&destination->place), err;
	struct stat status;

	if (directory < 0)
		return directory;
	err = file_path_replaceable(&destination->place, directory, &status);
	destination->taken = !err && status.st_nlink;
	if (destination->taken)
		err = check_unused(&destination->place, directory);
	close(directory);
	return err;
}

int destination_open(const char *path, struct lp_destination **result, struct lp_error *error)
{
	struct lp_destination *destination = calloc(1, sizeof(*destination));
	int err;

	*result = NULL;
	if (!destination)
		return output_cannot_write(error, path, -ENOMEM);
	destination->special = -1;
	destination->place.directory.descriptor = -1;
	destination->path = strdup(path);
	err = destination->path ? 0 : -ENOMEM;
	if (!err && stream_number(path) < 0)
		err = file_path_set(&destination->place, path);
	if (!err)
		err = stream_open_special(path, &destination->place, &destination->special);
	if (!err)
		err = check_path(destination);
	else if (err > 0)
		err = 0;
	if (!err && destination->special < 0)
		err = replacement_check(&destination->place);
	if (err) {
		destination_free(destination);
		return output_cannot_write(error, path, err);
	}
	*result = destination;
	return 0;
}

void destination_free(struct lp_destination *destination)
{
	if (!destination)
		return;
	if (destination->special >= 0)
		close(destination->special);
	file_path_clear(&destination->place);
	free(destination->path);
	free(destination);
}

const char *destination_path(const struct lp_destination *destination)
{
	return destination->path;
}

bool destination_is_taken(const struct lp_destination *destination)
{
	return destination->taken;
}

/* Writes a header to a FIFO, device or stream: at the beginning, and again after a failure. */
static int begin_special(const struct lp_destination *destination, const void *header, size_t size)
{
	int copy = fcntl(destination->special, F_DUPFD_CLOEXEC, 3), err;

	if (copy < 0)
		return -errno;
	err = output_write_all(copy, header, size);
	if (!err)
		return copy;
	close(copy);
	return err;
}

int destination_create(struct lp_destination *destination, const void *header, size_t size)
{
	struct lp_replacement file;
	int err;

	if (destination->special >= 0)
		return begin_special(destination, header, size);
	/* another recording may have created the file since it was checked */
	err = destination->placed ? 0 : check_path(destination);
	if (!err)
		err = replacement_begin(&file, &destination->place, CAPTURE_MODE);
	if (err)
		return err;
	/* on a file system without locks, two recordings to the same path are not detected */
	if (flock(file.descriptor, LOCK_EX | LOCK_NB))
		log_detail("cannot lock %s: %s", destination->path, strerror(errno));
	err = output_write_all(file.descriptor, header, size);
	if (!err)
		err = replacement_commit(&file, &destination->place, destination->placed);
	if (err) {
		replacement_abandon(&file);
		return err;
	}
	destination->placed = true;
	destination->taken = false;
	return file.descriptor;
}

void destination_discard(struct lp_destination *destination, int descriptor)
{
	struct stat ours, there;
	int directory;

	if (destination->special >= 0 || descriptor < 0)
		return;
	directory = file_path_open(&destination->place);
	if (directory < 0)
		return;
	if (!fstat(descriptor, &ours) &&
	    !fstatat(directory, destination->place.name, &there, AT_SYMLINK_NOFOLLOW) &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		unlinkat(directory, destination->place.name, 0);
	close(directory);
}
