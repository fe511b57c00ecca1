// SPDX-License-Identifier: BSD-2-Clause
#include "output_file.h"

#include "base/log.h"
#include "base/macros.h"
#include "replace.h"
#include "writing.h"
#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STREAM_MODE 0600
#define STREAM_BUFFER (64 << 10)
struct lp_output_snapshot {
	struct lp_file_path place;
	struct lp_replacement file; /* the version that is being written */
	mode_t mode;
	FILE *stream; /* NULL: no version is being written */
	int err; /* first failed write of this version */
};

/* Advice for users by the number of an error. */
static const struct {
	int code;
	const char *advice;
} advices[] = {
	{ ENOENT, "its directory does not exist; create it, or give another file" },
	{ ENOTDIR, "a part of its path is not a directory; correct the path" },
	{ EISDIR, "that is a directory; give a file in it" },
	{ EACCES,
	  "not permitted; give a file that you may write, and that in a shared directory like /tmp is not another user's" },
	{ EPERM, "not permitted (an immutable file or directory?); give another file" },
	{ ELOOP,
	  "it is a symbolic link, or one of another user is on the way, and those are not followed; give the file that it points to" },
	{ EEXIST, "it is there and is not a regular file; give another file" },
	{ EMLINK,
	  "it has another name elsewhere (a hard link), and that would be changed as well; remove that name, or give another file" },
	{ ENXIO, "the FIFO has no reader; start its reader first, or give a file" },
	{ EBUSY, "another recording writes it; end that, or give another file" },
	{ EROFS,
	  "the file system is read-only; give a file elsewhere (in a systemd unit: ReadWritePaths=)" },
	{ ENOSPC,
	  "the disk is full (No space left on device); make room, or give a file elsewhere" },
	{ EDQUOT, "the disk quota is used up; make room, or give a file elsewhere" },
	{ EFBIG, "it would be larger than the limit (ulimit -f) allows; raise that limit" },
	{ EPIPE, "its reader has closed it; keep the reader running, or write to a file" },
	{ EBADF, "it is closed; open it, or write to a file" },
	{ ETIMEDOUT,
	  "its reader takes no data, and the output left at the end of the run is lost; start the reader, or write to a file" },
	{ ENOMEM, "out of memory; free some and try again" },
	{ ENAMETOOLONG, "the name is too long; give a shorter one" },
};

const char *output_advice(int err)
{
	static char text[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(advices); i++)
		if (advices[i].code == -err)
			return advices[i].advice;
	snprintf(text, sizeof(text), "%s; give another file", strerror(-err));
	return text;
}

int output_cannot_write(struct lp_error *error, const char *path, int err)
{
	return error_set(error, err, "cannot write '%s': %s", path, output_advice(err));
}

void output_warn(const char *path, int err)
{
	if (path)
		log_warning("cannot write '%s': %s", path, output_advice(err));
	else
		log_warning("cannot write to stdout: %s", output_advice(err));
}

void output_note_again(const char *path)
{
	log_note("'%s' can be written again", path);
}

int output_create_at(int directory, const char *name)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int descriptor = openat(directory, name, flags, STREAM_MODE);

	if (descriptor < 0)
		return -errno;
	/*
	 * The mode does not depend on the umask. It is set before the owner: for a file of another
	 * user it would take a capability.
	 */
	if (fchmod(descriptor, STREAM_MODE)) {
		int err = -errno;

		close(descriptor);
		return err;
	}
	owner_give_to_caller(descriptor);
	return descriptor;
}

int output_write_all(int descriptor, const void *data, size_t size)
{
	return writing_put(descriptor, data, size);
}

/* The stream has functions of its own, as stdio does not report why an earlier write failed. */
static ssize_t write_temporary(void *cookie, const char *data, size_t size)
{
	struct lp_output_snapshot *snapshot = cookie;

	if (!snapshot->err)
		snapshot->err = output_write_all(snapshot->file.descriptor, data, size);
	errno = -snapshot->err;
	return snapshot->err ? 0 : (ssize_t)size;
}

int output_snapshot_begin(struct lp_output_snapshot *snapshot, FILE **stream)
{
	cookie_io_functions_t functions = { .write = write_temporary };
	int err;

	*stream = NULL;
	snapshot->err = 0;
	err = replacement_begin(&snapshot->file, &snapshot->place, snapshot->mode);
	if (err)
		return err;
	snapshot->stream = fopencookie(snapshot, "w", functions);
	if (!snapshot->stream) {
		replacement_abandon(&snapshot->file);
		return -ENOMEM;
	}
	/*
	 * the metrics of a thousand loops are megabytes; without memory for the buffer, writing is
	 * slower
	 */
	setvbuf(snapshot->stream, NULL, _IOFBF, STREAM_BUFFER);
	*stream = snapshot->stream;
	return 0;
}

/* Closes the stream of this version; returns its first error. */
static int end_writing(struct lp_output_snapshot *snapshot)
{
	int err = fclose(snapshot->stream) ? -errno : 0;

	snapshot->stream = NULL;
	return snapshot->err ? snapshot->err : err;
}

int output_snapshot_commit(struct lp_output_snapshot *snapshot)
{
	int err = end_writing(snapshot);

	if (!err)
		err = replacement_commit(&snapshot->file, &snapshot->place, false);
	/* closes the file; if it is not in its place yet, it is removed */
	replacement_abandon(&snapshot->file);
	return err;
}

void output_snapshot_abandon(struct lp_output_snapshot *snapshot)
{
	if (!snapshot->stream)
		return;
	end_writing(snapshot);
	replacement_abandon(&snapshot->file);
}

/* Checks that a version could be put in its place, before the first one is written. */
static int check_place(struct lp_output_snapshot *snapshot)
{
	int directory = file_path_open(&snapshot->place), err;
	struct stat status;

	if (directory < 0)
		return directory;
	err = file_path_replaceable(&snapshot->place, directory, &status);
	close(directory);
	return err ? err : replacement_check(&snapshot->place);
}

int output_snapshot_new(const char *path, mode_t mode, struct lp_output_snapshot **result,
			struct lp_error *error)
{
	struct lp_output_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	int err;

	*result = NULL;
	if (!snapshot)
		return output_cannot_write(error, path, -ENOMEM);
	snapshot->file = (struct lp_replacement)LP_NO_REPLACEMENT;
	snapshot->mode = mode;
	err = file_path_set(&snapshot->place, path);
	if (!err)
		err = check_place(snapshot);
	if (err) {
		output_snapshot_free(snapshot);
		return output_cannot_write(error, path, err);
	}
	*result = snapshot;
	return 0;
}

void output_snapshot_free(struct lp_output_snapshot *snapshot)
{
	if (!snapshot)
		return;
	output_snapshot_abandon(snapshot);
	file_path_clear(&snapshot->place);
	free(snapshot);
}
