// SPDX-License-Identifier: BSD-2-Clause
#include "directory.h"

#include "base/array.h"
#include "base/log.h"
#include "base/macros.h"
#include "files/output_file.h"
#include "files/output_place.h"
#include "files/owner.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DIRECTORY_MODE 0700
#define NAME_BEGINNING "loopprof-"
#define NAME_SUFFIX ".lpc"
#define STAMP "%Y%m%dT%H%M%SZ"
#define HOST_MAX 64
/* Attempts with a later second in the name, where two runs began in the same second. */
#define LATER_TRIES 8
/*
 * Attempts after those, with a random number behind the host name, which no other run can
 * have foreseen.
 */
#define RANDOM_TRIES 8

struct lp_capture_directory {
	struct lp_directory directory;
	uint64_t retain_bytes;
	uint64_t others; /* bytes of all captures but the current one, as of the last count */
	bool counted;
	bool warned;
	char name[NAME_MAX + 1]; /* name of the current capture */
	char path[PATH_MAX + NAME_MAX + 2];
	/* seconds that the stamps of its names are later than the start of its run */
	unsigned int later_s;
	uint32_t random; /* random number in its names; 0: none */
};

struct lp_archived {
	uint64_t begun_ns; /* start of its run, ns since 1970 */
	uint32_t segment;
	uint64_t bytes;
	char name[NAME_MAX + 1];
};

static int cannot_use(struct lp_error *error, const char *path, int err)
{
	if (err == -ENOTDIR || err == -EEXIST)
		return error_set(
			error, err,
			"%s is a file, and --rotate and --retain need a directory; give one with -o",
			path);
	return error_set(error, err, "cannot write captures to %s: %s", path, output_advice(err));
}

/* Creates the directory in an existing one, unless it exists. */
static int make_directory(const char *path)
{
	size_t length = strlen(path);
	char *stripped = strdup(path);
	struct lp_file_path place = { .directory = { .descriptor = -1 } };
	int parent = -1, descriptor = -1, err = stripped ? 0 : -ENOMEM;

	/* the root directory exists always */
	while (length > 1 && stripped && stripped[length - 1] == '/')
		stripped[--length] = '\0';
	if (!err)
		err = file_path_set(&place, stripped);
	if (err == -EISDIR)
		err = 0;
	else if (!err) {
		parent = file_path_open(&place);
		err = parent < 0 ? parent : 0;
		if (!err && mkdirat(parent, place.name, DIRECTORY_MODE))
			err = errno == EEXIST ? 0 : -errno;
		else if (!err)
			descriptor = openat(parent, place.name,
					    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (descriptor >= 0) {
		owner_give_to_caller(descriptor);
		close(descriptor);
	}
	if (parent >= 0)
		close(parent);
	file_path_clear(&place);
	free(stripped);
	return err;
}

int capture_directory_open(const char *path, bool create, uint64_t retain_bytes,
			   struct lp_capture_directory **result, struct lp_error *error)
{
	struct lp_capture_directory *archive = calloc(1, sizeof(*archive));
	int err = 0;

	*result = NULL;
	if (!archive)
		return error_set(error, -ENOMEM, "out of memory");
	archive->retain_bytes = retain_bytes;
	archive->directory.descriptor = -1;
	if (create)
		err = make_directory(path);
	if (!err)
		err = directory_open(&archive->directory, path);
	if (err) {
		capture_directory_free(archive);
		return cannot_use(error, path, err);
	}
	*result = archive;
	return 0;
}

void capture_directory_free(struct lp_capture_directory *archive)
{
	if (!archive)
		return;
	directory_close(&archive->directory);
	free(archive);
}

static void name_segment(struct lp_capture_directory *archive,
			 const struct lp_capture_header *header)
{
	time_t begun = (time_t)(header->start_unix_ns / NS_PER_S) + archive->later_s;
	char host[HOST_MAX + 1], stamp[32], random[16] = "";
	struct tm utc;
	size_t i;

	for (i = 0; i < HOST_MAX && header->host[i]; i++) {
		unsigned char c = (unsigned char)header->host[i];

		host[i] = (char)(isalnum(c) || c == '.' || c == '_' || c == '-' ? c : '_');
	}
	host[i] = '\0';
	gmtime_r(&begun, &utc);
	strftime(stamp, sizeof(stamp), STAMP, &utc);
	if (archive->random)
		snprintf(random, sizeof(random), "-%08" PRIx32, archive->random);
	snprintf(archive->name, sizeof(archive->name), NAME_BEGINNING "%s%s-%s-%u" NAME_SUFFIX,
		 host, random, stamp, header->segment);
	snprintf(archive->path, sizeof(archive->path), "%s/%s", archive->directory.path,
		 archive->name);
}

/* Chooses another name after the last one was taken. */
static void next_name(struct lp_capture_directory *archive, bool random)
{
	if (!random)
		archive->later_s++;
	else if (getrandom(&archive->random, sizeof(archive->random), 0) !=
		 (ssize_t)sizeof(archive->random))
		archive->random++;
}

int capture_directory_create(struct lp_capture_directory *archive,
			     const struct lp_capture_header *header)
{
	int directory = directory_use(&archive->directory), descriptor = -EEXIST, tries;

	name_segment(archive, header);
	if (directory < 0)
		return directory;
	for (tries = 0; tries < LATER_TRIES + RANDOM_TRIES; tries++) {
		descriptor = output_create_at(directory, archive->name);
		if (descriptor != -EEXIST)
			break;
		next_name(archive, tries + 1 >= LATER_TRIES);
		name_segment(archive, header);
	}
	close(directory);
	/* on a file system without locks, another run of the same name is not detected */
	if (descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB))
		log_detail("cannot lock %s: %s", archive->path, strerror(errno));
	archive->counted = false;
	return descriptor;
}

void capture_directory_discard(struct lp_capture_directory *archive)
{
	int directory = directory_use(&archive->directory);

	if (directory < 0)
		return;
	unlinkat(directory, archive->name, 0);
	close(directory);
}

const char *capture_directory_path(const struct lp_capture_directory *archive)
{
	return archive->path;
}

/* Skips count digits, or all digits and at least one if count is 0. */
static bool take_digits(const char **at, size_t count)
{
	size_t i = 0;

	while ((!count || i < count) && isdigit((unsigned char)(*at)[i]))
		i++;
	*at += i;
	return count ? i == count : i > 0;
}

static bool take_letter(const char **at, char letter)
{
	return *(*at)++ == letter;
}

/* Returns whether the name has the form that name_segment() makes. */
static bool is_ours(const char *name)
{
	const char *at = name + strlen(name);
	int dashes = 0;

	if (strncmp(name, NAME_BEGINNING, strlen(NAME_BEGINNING)) != 0)
		return false;
	/* the host name may contain dashes: the last two are separators */
	while (dashes < 2) {
		if (--at < name + strlen(NAME_BEGINNING))
			return false;
		dashes += *at == '-';
	}
	at++;
	return take_digits(&at, 8) && take_letter(&at, 'T') && take_digits(&at, 6) &&
	       take_letter(&at, 'Z') && take_letter(&at, '-') && take_digits(&at, 0) &&
	       !strcmp(at, NAME_SUFFIX);
}

/*
 * Opens a capture of this format of name that no run writes.  Returns a descriptor, or a
 * negative errno for any other file.
 */
static int open_archived(int directory, const char *name, struct lp_archived *archived)
{
	int descriptor =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct lp_capture_header header;
	struct stat status;
	ssize_t got;

	if (descriptor < 0)
		return -errno;
	memset(&header, 0, sizeof(header));
	/*
	 * a file of another user, or one with a second hard link, was not written by a run of this
	 * user
	 */
	if (fstat(descriptor, &status) || !S_ISREG(status.st_mode) || status.st_nlink != 1 ||
	    !place_trusts(status.st_uid))
		goto foreign;
	got = pread(descriptor, &header, sizeof(header), 0);
	if (got < LP_CAPTURE_HEADER_1_0 ||
	    memcmp(header.magic, LP_CAPTURE_MAGIC, sizeof(header.magic)) != 0)
		goto foreign;
	archived->begun_ns = header.start_unix_ns;
	if (got == sizeof(header) && header.header_bytes >= sizeof(header)) {
		archived->begun_ns = header.segment_unix_ns;
		archived->segment = header.segment;
	}
	archived->bytes = (uint64_t)status.st_size;
	snprintf(archived->name, sizeof(archived->name), "%s", name);
	return descriptor;
foreign:
	close(descriptor);
	return -EBADMSG;
}

static int by_age(const void *left, const void *right)
{
	const struct lp_archived *a = left, *b = right;

	if (a->begun_ns != b->begun_ns)
		return a->begun_ns < b->begun_ns ? -1 : 1;
	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Lists all captures but the current one, the oldest first.  To be freed by free(). */
static struct lp_archived *list(const struct lp_capture_directory *archive, int directory,
				size_t *count)
{
	struct lp_archived *items = NULL;
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), descriptor;
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	size_t capacity = 0;

	*count = 0;
	if (!stream) {
		if (copy >= 0)
			close(copy);
		return NULL;
	}
	while ((entry = readdir(stream))) {
		if (!is_ours(entry->d_name) || !strcmp(entry->d_name, archive->name))
			continue;
		if (!ARRAY_RESERVE(items, capacity, *count + 1, 64))
			break;
		memset(&items[*count], 0, sizeof(*items));
		descriptor = open_archived(directory, entry->d_name, &items[*count]);
		if (descriptor < 0)
			continue;
		close(descriptor);
		++*count;
	}
	closedir(stream);
	if (*count)
		qsort(items, *count, sizeof(*items), by_age);
	return items;
}

/*
 * Returns 0 once the file is removed, -EBUSY if another run writes it, or another negative
 * errno.
 */
static int remove_archived(int directory, const char *name)
{
	struct lp_archived again = { .segment = 0 };
	int descriptor = open_archived(directory, name, &again), err = 0;

	if (descriptor < 0)
		return descriptor == -ENOENT ? 0 : descriptor;
	if (flock(descriptor, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		err = -EBUSY;
	else if (unlinkat(directory, name, 0) && errno != ENOENT)
		err = -errno;
	close(descriptor);
	return err;
}

void capture_directory_retain(struct lp_capture_directory *archive, uint64_t current_bytes)
{
	struct lp_archived *items;
	size_t count, i;
	int directory, err;

	if (!archive->retain_bytes ||
	    (archive->counted && archive->others + current_bytes <= archive->retain_bytes))
		return;
	directory = directory_use(&archive->directory);
	if (directory < 0)
		return;
	items = list(archive, directory, &count);
	archive->others = 0;
	for (i = 0; i < count; i++)
		archive->others += items[i].bytes;
	archive->counted = true;
	for (i = 0; i < count && archive->others + current_bytes > archive->retain_bytes; i++) {
		err = remove_archived(directory, items[i].name);
		if (!err) {
			archive->others -= items[i].bytes;
			log_detail("removed %s/%s, as --retain says", archive->directory.path,
				   items[i].name);
		} else if (err != -EBUSY && !archive->warned) {
			archive->warned = true;
			log_warning(
				"cannot remove the old capture %s/%s (%s): the directory stays larger than --retain allows until it is removed",
				archive->directory.path, items[i].name, strerror(-err));
		}
	}
	free(items);
	close(directory);
}
