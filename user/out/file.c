// SPDX-License-Identifier: BSD-2-Clause
#include "file.h"

#include "../log.h"
#include "standard.h"
#include "writing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STREAM_MODE 0600
#define STREAM_BUFFER (64 << 10)
/* Does not end as the file does: node_exporter reads every *.prom in the directory. */
#define TEMPORARY_FORMAT ".loopprof-%016" PRIx64 ".tmp"
#define TEMPORARY_TRIES 8

struct lp_snapshot {
	struct lp_file_path place;
	int directory; /* while a version is written; else -1 */
	mode_t mode;
	char temporary[48];
	FILE *stream; /* NULL: no version is being written */
	int descriptor; /* what the stream writes to */
	int err; /* first failed write of this version */
};

/* What to do about an error, by its number. */
static const struct {
	int code;
	const char *advice;
} advices[] = {
	{ ENOENT, "its directory does not exist; create it, or give another file with -o" },
	{ ENOTDIR, "a part of its path is not a directory; correct the path given with -o" },
	{ EISDIR, "that is a directory; give a file in it with -o" },
	{ EACCES,
	  "not permitted; give a file with -o that you may write, and that in a shared directory like /tmp is not another user's" },
	{ EPERM, "not permitted (an immutable file or directory?); give another file with -o" },
	{ ELOOP,
	  "it is a symbolic link, and those are not followed; give the file that it points to, or leave out -o and redirect" },
	{ EEXIST, "it is there and is not a regular file; give another file with -o" },
	{ EROFS,
	  "the file system is read-only; give a file elsewhere with -o (in a systemd unit: ReadWritePaths=)" },
	{ ENOSPC,
	  "the disk is full (No space left on device); make room, or give a file elsewhere with -o" },
	{ EDQUOT, "the disk quota is used up; make room, or give a file elsewhere with -o" },
	{ EFBIG, "it would be larger than the limit (ulimit -f) allows; raise that limit" },
	{ EPIPE, "its reader has gone away; keep the reader running, or write to a file with -o" },
	{ EBADF, "it is closed; open it, or write to a file with -o" },
	{ ETIMEDOUT,
	  "nobody reads what it takes, and what was left when the run ended is lost; read on, or write to a file with -o" },
	{ ENOMEM, "out of memory; free some and try again" },
	{ ENAMETOOLONG, "the name is too long; give a shorter one with -o" },
};

const char *output_advice(int err)
{
	static char text[128];
	size_t i;

	for (i = 0; i < sizeof(advices) / sizeof(*advices); i++)
		if (advices[i].code == -err)
			return advices[i].advice;
	snprintf(text, sizeof(text), "%s; give another file with -o", strerror(-err));
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

/* A user or group ID out of the environment. */
static bool id_from_environment(const char *variable, unsigned int *id)
{
	const char *text = getenv(variable);
	unsigned long value;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	/* the highest one means "leave as it is" to fchown() */
	if (errno || *end || value >= UINT_MAX)
		return false;
	*id = (unsigned int)value;
	return true;
}

void output_give_to_caller(int descriptor)
{
	unsigned int user, group;

	if (geteuid() || !id_from_environment("SUDO_UID", &user) ||
	    !id_from_environment("SUDO_GID", &group))
		return;
	/* Some file systems know no owners (vfat) or distrust root (NFS): results are worth more. */
	if (fchown(descriptor, user, group))
		log_detail("cannot give the output file to user %u: %s", user, strerror(errno));
}

static int open_stream(const char *path)
{
	int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
	int descriptor = open(path, flags | O_EXCL, STREAM_MODE);

	if (descriptor >= 0) {
		output_give_to_caller(descriptor);
		return descriptor;
	}
	if (errno != EEXIST)
		return -errno;
	/* O_CREAT stays: with it the kernel guards other users' files in shared directories */
	descriptor = open(path, flags | O_TRUNC, STREAM_MODE);
	return descriptor < 0 ? -errno : descriptor;
}

int output_open_descriptor(const char *path, struct lp_error *error)
{
	int descriptor = open_stream(path);

	return descriptor < 0 ? output_cannot_write(error, path, descriptor) : descriptor;
}

int output_create_at(int directory, const char *name)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int descriptor = openat(directory, name, flags, STREAM_MODE);

	if (descriptor < 0)
		return -errno;
	output_give_to_caller(descriptor);
	return descriptor;
}

int output_open(const char *path, FILE **stream, struct lp_error *error)
{
	int descriptor;

	*stream = NULL;
	if (!path) {
		int err = standard_check(error);

		if (err)
			return err;
		*stream = stdout;
	} else {
		descriptor = output_open_descriptor(path, error);
		if (descriptor < 0)
			return descriptor;
		*stream = fdopen(descriptor, "w");
		if (!*stream) {
			close(descriptor);
			return output_cannot_write(error, path, -ENOMEM);
		}
	}
	return 0;
}

int output_write_all(int descriptor, const void *data, size_t size)
{
	return writing_put(descriptor, data, size);
}

int output_write(FILE *stream, const char *data, size_t size)
{
	int err = stream == stdout ? standard_flush() : fflush(stream) ? -errno : 0;

	if (err)
		return err;
	return writing_put(stream == stdout ? standard_descriptor() : fileno(stream), data, size);
}

int output_close(FILE *stream)
{
	if (stream == stdout)
		return standard_flush();
	return fclose(stream) ? -errno : 0;
}

int file_path_set(struct lp_file_path *place, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *directory;
	int err = 0;

	place->directory = NULL;
	place->name = NULL;
	if (!*name)
		return *path ? -EISDIR : -ENOENT;
	place->name = strdup(name);
	/* the slash stays: it may be the root's */
	directory = slash ? strndup(path, (size_t)(name - path)) : strdup(".");
	if (place->name && directory) {
		place->directory = realpath(directory, NULL);
		if (!place->directory)
			err = -errno;
	} else {
		err = -ENOMEM;
	}
	free(directory);
	return err;
}

void file_path_clear(struct lp_file_path *place)
{
	free(place->directory);
	free(place->name);
	place->directory = NULL;
	place->name = NULL;
}

int file_path_open(const struct lp_file_path *place)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long descriptor = syscall(SYS_openat2, AT_FDCWD, place->directory, &how, sizeof(how));

	/* filters of container runtimes may not know it */
	if (descriptor < 0 && (errno == ENOSYS || errno == EPERM))
		descriptor = open(place->directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return descriptor < 0 ? -errno : (int)descriptor;
}

/* A rename would replace whatever is there, /dev/null too. */
static int check_replaceable(const struct lp_snapshot *snapshot)
{
	struct stat status;

	if (fstatat(snapshot->directory, snapshot->place.name, &status, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISREG(status.st_mode))
		return 0;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	return S_ISLNK(status.st_mode) ? -ELOOP : -EEXIST;
}

/* Returns a descriptor, the file's name in snapshot->temporary; or a negative errno. */
static int create_temporary(struct lp_snapshot *snapshot)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int tries, descriptor;
	uint64_t number;

	for (tries = 0; tries < TEMPORARY_TRIES; tries++) {
		if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			return -EIO;
		snprintf(snapshot->temporary, sizeof(snapshot->temporary), TEMPORARY_FORMAT,
			 number);
		descriptor = openat(snapshot->directory, snapshot->temporary, flags, STREAM_MODE);
		if (descriptor >= 0)
			return descriptor;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* A stream of our own, as stdio's forgets why a write failed. */
static ssize_t write_temporary(void *cookie, const char *data, size_t size)
{
	struct lp_snapshot *snapshot = cookie;

	if (!snapshot->err)
		snapshot->err = output_write_all(snapshot->descriptor, data, size);
	return snapshot->err ? 0 : (ssize_t)size;
}

static void remove_temporary(struct lp_snapshot *snapshot)
{
	unlinkat(snapshot->directory, snapshot->temporary, 0);
}

static void close_directory(struct lp_snapshot *snapshot)
{
	if (snapshot->directory >= 0)
		close(snapshot->directory);
	snapshot->directory = -1;
}

int snapshot_begin(struct lp_snapshot *snapshot, FILE **stream)
{
	cookie_io_functions_t functions = { .write = write_temporary };
	int err = 0;

	*stream = NULL;
	snapshot->err = 0;
	snapshot->directory = file_path_open(&snapshot->place);
	if (snapshot->directory < 0)
		return snapshot->directory;
	snapshot->descriptor = create_temporary(snapshot);
	if (snapshot->descriptor < 0) {
		close_directory(snapshot);
		return snapshot->descriptor;
	}
	/* in this order: once it is another's, its mode takes a capability to change */
	if (fchmod(snapshot->descriptor, snapshot->mode))
		err = -errno;
	output_give_to_caller(snapshot->descriptor);
	if (!err) {
		snapshot->stream = fopencookie(snapshot, "w", functions);
		if (!snapshot->stream)
			err = -ENOMEM;
	}
	if (err) {
		close(snapshot->descriptor);
		remove_temporary(snapshot);
		close_directory(snapshot);
		return err;
	}
	/* the metrics of a thousand loops are megabytes; without memory it is just slower */
	setvbuf(snapshot->stream, NULL, _IOFBF, STREAM_BUFFER);
	*stream = snapshot->stream;
	return 0;
}

/* Ends the writing of this version; returns its first error. */
static int end_writing(struct lp_snapshot *snapshot)
{
	int err = fclose(snapshot->stream) ? -errno : 0;

	snapshot->stream = NULL;
	if (close(snapshot->descriptor) && !err)
		err = -errno;
	return snapshot->err ? snapshot->err : err;
}

int snapshot_commit(struct lp_snapshot *snapshot)
{
	int err = end_writing(snapshot);

	if (!err)
		err = check_replaceable(snapshot);
	if (!err && renameat(snapshot->directory, snapshot->temporary, snapshot->directory,
			     snapshot->place.name))
		err = -errno;
	if (err)
		remove_temporary(snapshot);
	close_directory(snapshot);
	return err;
}

void snapshot_abandon(struct lp_snapshot *snapshot)
{
	if (!snapshot->stream)
		return;
	end_writing(snapshot);
	remove_temporary(snapshot);
	close_directory(snapshot);
}

/* What would keep a version from its place, before the first one is written. */
static int check_place(struct lp_snapshot *snapshot)
{
	int err;

	snapshot->directory = file_path_open(&snapshot->place);
	if (snapshot->directory < 0)
		return snapshot->directory;
	err = check_replaceable(snapshot);
	close_directory(snapshot);
	return err;
}

int snapshot_new(const char *path, mode_t mode, struct lp_snapshot **result, struct lp_error *error)
{
	struct lp_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	FILE *stream;
	int err;

	*result = NULL;
	if (!snapshot)
		return output_cannot_write(error, path, -ENOMEM);
	snapshot->directory = -1;
	snapshot->mode = mode;
	err = file_path_set(&snapshot->place, path);
	if (!err)
		err = check_place(snapshot);
	if (!err)
		err = snapshot_begin(snapshot, &stream);
	if (err) {
		snapshot_free(snapshot);
		return output_cannot_write(error, path, err);
	}
	snapshot_abandon(snapshot);
	*result = snapshot;
	return 0;
}

void snapshot_free(struct lp_snapshot *snapshot)
{
	if (!snapshot)
		return;
	snapshot_abandon(snapshot);
	file_path_clear(&snapshot->place);
	free(snapshot);
}
