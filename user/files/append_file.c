// SPDX-License-Identifier: BSD-2-Clause
#include "append_file.h"

#include "output_file.h"
#include "output_place.h"
#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lp_append {
	struct lp_file_path place;
	char *previous; /* name of the previous file, FILE.1 */
	mode_t mode;
	off_t limit;
};

/*
 * Opens the file.  It is opened for each write, as it may have been removed, or moved away by
 * a program that rotates files.  Returns a descriptor or a negative errno.
 */
static int open_file(struct lp_append *append, int directory, struct stat *status)
{
	struct stat there;
	int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int descriptor = openat(directory, append->place.name, flags | O_CREAT | O_EXCL,
				append->mode & 0600);
	int err;

	if (descriptor >= 0) {
		/* the mode comes first: to change it after the owner takes a capability */
		if (fchmod(descriptor, append->mode))
			goto failed;
		owner_give_to_caller(descriptor);
	} else if (errno == EEXIST) {
		err = file_path_replaceable(&append->place, directory, &there);
		if (err)
			return err;
		/*
		 * O_CREAT also for an existing file: with it the kernel protects files in shared
		 * directories (fs.protected_regular)
		 */
		descriptor = openat(directory, append->place.name, flags | O_CREAT, 0600);
	}
	if (descriptor < 0)
		return errno == ENXIO ? -EEXIST : -errno;
	if (fstat(descriptor, status))
		goto failed;
	if (S_ISREG(status->st_mode) && status->st_nlink == 1)
		return descriptor;
	errno = S_ISREG(status->st_mode) && status->st_nlink > 1 ? EMLINK : EEXIST;
failed:
	err = -errno;
	close(descriptor);
	return err;
}

/* Returns whether the last writer stopped within a line, for instance by a loss of power. */
static int ends_within_line(int descriptor, off_t size)
{
	char last = '\n';

	if (size && pread(descriptor, &last, 1, size - 1) != 1)
		return 0;
	return last != '\n';
}

static int write_once(int descriptor, off_t size, const char *lines, size_t length)
{
	ssize_t written;

	if (ends_within_line(descriptor, size) && write(descriptor, "\n", 1) != 1)
		return -errno;
	do
		written = write(descriptor, lines, length);
	while (written < 0 && errno == EINTR);
	if (written == (ssize_t)length)
		return 0;
	/* a part of a line is worse than none: readers would reject the next one, too */
	if (written > 0) {
		if (ftruncate(descriptor, size))
			return -errno;
		return -ENOSPC;
	}
	return written ? -errno : -ENOSPC;
}

/* Checks that FILE.1 does not exist, or is a former file of the same owner. */
static int check_previous(const struct lp_append *append, int directory, const struct stat *file)
{
	struct stat previous;

	if (fstatat(directory, append->previous, &previous, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISREG(previous.st_mode) && previous.st_nlink == 1 &&
	    (previous.st_uid == file->st_uid || place_trusts(previous.st_uid)))
		return 0;
	return -EEXIST;
}

/* Renames the file to the previous one's name.  Returns 0 or a negative errno. */
static int rotate(const struct lp_append *append, int directory, const struct stat *file)
{
	int err = check_previous(append, directory, file);

	if (err)
		return err;
	return renameat(directory, append->place.name, directory, append->previous) ? -errno : 0;
}

int append_lines(struct lp_append *append, const char *lines, size_t size)
{
	int directory = file_path_open(&append->place), descriptor, err;
	struct stat status = { .st_size = 0 };

	if (directory < 0)
		return directory;
	descriptor = open_file(append, directory, &status);
	if (descriptor >= 0 && status.st_size && status.st_size + (off_t)size > append->limit) {
		err = rotate(append, directory, &status);
		close(descriptor);
		descriptor = err ? err : open_file(append, directory, &status);
	}
	err = descriptor < 0 ? descriptor : 0;
	if (!err && size)
		err = write_once(descriptor, status.st_size, lines, size);
	if (descriptor >= 0)
		close(descriptor);
	close(directory);
	return err;
}

int append_new(const char *path, mode_t mode, off_t limit, struct lp_append **result,
	       struct lp_error *error)
{
	struct lp_append *append = calloc(1, sizeof(*append));
	int err = -ENOMEM;

	*result = NULL;
	if (!append)
		return output_cannot_write(error, path, -ENOMEM);
	append->mode = mode;
	append->limit = limit;
	err = file_path_set(&append->place, path);
	if (!err && asprintf(&append->previous, "%s.1", append->place.name) < 0) {
		append->previous = NULL;
		err = -ENOMEM;
	}
	if (!err)
		err = append_lines(append, "", 0);
	if (err) {
		append_free(append);
		return output_cannot_write(error, path, err);
	}
	*result = append;
	return 0;
}

void append_free(struct lp_append *append)
{
	if (!append)
		return;
	file_path_clear(&append->place);
	free(append->previous);
	free(append);
}
