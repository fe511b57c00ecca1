// SPDX-License-Identifier: BSD-2-Clause
#include "stream.h"

#include "output_file.h"
#include "replace.h"
#include "standard.h"
#include "writing.h"
#include "base/macros.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STREAM_MODE 0600

struct stream {
	struct lp_file_path place;
	struct lp_replacement file;
	bool whole; /* the file takes its place when it is closed, not at the first write */
	bool begun;
	int err; /* first failure */
};

/* ---- what is no file ---------------------------------------------------------------- */

int stream_number(const char *path)
{
	static const struct {
		const char *path; /* a path; one that ends in a slash is followed by a number */
		int number;
	} known[] = {
		{ "/dev/stdout", STDOUT_FILENO }, { "/dev/stderr", STDERR_FILENO },
		{ "/proc/self/fd/", -1 },	  { "/dev/fd/", -1 },
		{ "/proc/thread-self/fd/", -1 },
	};
	size_t i, length;
	int number, end;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		length = strlen(known[i].path);
		if (known[i].number >= 0 && !strcmp(path, known[i].path))
			return known[i].number;
		if (known[i].number < 0 && !strncmp(path, known[i].path, length) &&
		    path[length] >= '0' && path[length] <= '9' &&
		    sscanf(path + length, "%6d%n", &number, &end) == 1 &&
		    !path[length + (size_t)end])
			return number;
	}
	return -1;
}

/* Checks whether the path is a FIFO or a device, which is written in place. */
static int check_special(const struct lp_file_path *place, const struct stat *status)
{
	if (S_ISCHR(status->st_mode) && place->directory.reach != LP_REACH_FOREIGN)
		return 0;
	/* another user's FIFO would pass the results to that user */
	if (S_ISFIFO(status->st_mode) && place_trusts(status->st_uid))
		return 0;
	return -EEXIST;
}

/*
 * Opens a FIFO or a device.  A FIFO without a reader is an error, as the open would wait for
 * one.
 */
static int open_at_place(const struct lp_file_path *place, int directory)
{
	int flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int descriptor = openat(directory, place->name, flags);
	struct stat status;
	int err;

	if (descriptor < 0)
		return -errno;
	err = fstat(descriptor, &status) ? -errno : check_special(place, &status);
	if (!err)
		return descriptor;
	close(descriptor);
	return err;
}

int stream_open_special(const char *path, struct lp_file_path *place, int *descriptor)
{
	int number = stream_number(path), directory, err;
	struct stat status;

	*descriptor = -1;
	if (number >= 0) {
		*descriptor = standard_duplicate(number);
		return *descriptor < 0 ? *descriptor : 1;
	}
	directory = file_path_open(place);
	if (directory < 0)
		return directory;
	err = file_path_replaceable(place, directory, &status);
	if (err == -EEXIST)
		err = check_special(place, &status);
	else if (!err)
		status.st_mode = S_IFREG;
	if (!err && !S_ISREG(status.st_mode)) {
		*descriptor = open_at_place(place, directory);
		err = *descriptor < 0 ? *descriptor : 1;
	}
	close(directory);
	return err;
}

/* ---- a file ------------------------------------------------------------------------- */

/* Gives the new file the owner and the mode of the older one. */
static void take_over(const struct stream *stream)
{
	struct stat status;

	if (fstatat(stream->file.directory, stream->place.name, &status, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(status.st_mode) || !place_trusts(status.st_uid))
		return;
	/* the mode comes first: to change it after the owner takes a capability */
	if (fchmod(stream->file.descriptor, status.st_mode & 0777) ||
	    fchown(stream->file.descriptor, status.st_uid, status.st_gid))
		return;
}

static int begin(struct stream *stream)
{
	int err = replacement_begin(&stream->file, &stream->place, STREAM_MODE);

	if (err)
		return err;
	take_over(stream);
	if (!stream->whole)
		err = replacement_commit(&stream->file, &stream->place, false);
	if (err)
		replacement_abandon(&stream->file);
	return err;
}

static ssize_t write_stream(void *cookie, const char *data, size_t size)
{
	struct stream *stream = cookie;

	if (!stream->err && !stream->begun) {
		stream->err = begin(stream);
		stream->begun = true;
	}
	if (!stream->err)
		stream->err = writing_put(stream->file.descriptor, data, size);
	errno = -stream->err;
	return stream->err ? 0 : (ssize_t)size;
}

static int close_stream(void *cookie)
{
	struct stream *stream = cookie;
	int err = stream->err;

	if (!err && stream->begun && stream->whole)
		err = replacement_commit(&stream->file, &stream->place, false);
	replacement_abandon(&stream->file);
	file_path_clear(&stream->place);
	free(stream);
	errno = -err;
	return err ? -1 : 0;
}

/* Checks that the file can be written; an older one remains until the first write. */
static int open_file(struct stream *stream, const char *path, FILE **file)
{
	cookie_io_functions_t functions = { .write = write_stream, .close = close_stream };
	int err, descriptor = -1;

	err = stream_number(path) < 0 ? file_path_set(&stream->place, path) : 0;
	if (!err)
		err = stream_open_special(path, &stream->place, &descriptor);
	if (err < 0)
		return err;
	if (err) {
		stream->file.descriptor = descriptor;
		stream->begun = true;
		stream->whole = false;
	} else {
		err = replacement_check(&stream->place);
		if (err)
			return err;
	}
	*file = fopencookie(stream, "w", functions);
	if (!*file)
		return -ENOMEM;
	/* unbuffered: each call of output_write() is one write */
	setvbuf(*file, NULL, _IONBF, 0);
	return 0;
}

static int open_stream(const char *path, bool whole, FILE **file, struct lp_error *error)
{
	struct stream *stream;
	int err;

	*file = NULL;
	if (!path) {
		err = standard_check(error);
		*file = err ? NULL : stdout;
		return err;
	}
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return output_cannot_write(error, path, -ENOMEM);
	stream->whole = whole;
	stream->file = (struct lp_replacement)LP_NO_REPLACEMENT;
	stream->place.directory.descriptor = -1;
	err = open_file(stream, path, file);
	if (!err)
		return 0;
	replacement_abandon(&stream->file);
	file_path_clear(&stream->place);
	free(stream);
	return output_cannot_write(error, path, err);
}

int output_open(const char *path, FILE **stream, struct lp_error *error)
{
	return open_stream(path, false, stream, error);
}

int output_open_whole(const char *path, FILE **stream, struct lp_error *error)
{
	return open_stream(path, true, stream, error);
}

int output_write(FILE *stream, const char *data, size_t size)
{
	int err;

	if (stream == stdout) {
		err = standard_flush();
		return err ? err : writing_put(standard_descriptor(), data, size);
	}
	if (fwrite(data, 1, size, stream) == size)
		return 0;
	return errno ? -errno : -EIO;
}

int output_close(FILE *stream)
{
	if (stream == stdout)
		return standard_flush();
	return fclose(stream) ? (errno ? -errno : -EIO) : 0;
}
