// SPDX-License-Identifier: BSD-2-Clause
/*
 * From Linux 6.11 on the kernel is asked for one mapping after the other, and for a name
 * only where the file differs from the last: to print a name of 4,000 bytes takes it 50 us.
 * On older kernels lines of /proc/PID/maps are read, each with its name.
 */
#include "mappings.h"

#include "base/array.h"
#include "base/clocks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The kernel's own limit is 65,530 unless an administrator raises it. */
#define MAPPINGS_MAX 100000
/* After so many bytes of paths only files' own names are retained. */
#define PATHS_WHOLE_MAX (2U << 20)
#define PATHS_BYTES_MAX (10U << 20)
#define READ_NS_MAX 4000000000ULL
/* A newline in a name is printed as four characters. */
#define LINE_BYTES (4 * PATH_MAX + 128)
#define CHUNK_BYTES (64U << 10)
#define KNOWN_FILES 256 /* a power of two */

/* include/uapi/linux/fs.h of Linux 6.11 */
struct query {
	__u64 size;
	__u64 flags;
	__u64 address;
	__u64 start;
	__u64 end;
	__u64 vma_flags;
	__u64 page_size;
	__u64 offset;
	__u64 inode;
	__u32 device_major;
	__u32 device_minor;
	__u32 name_size; /* in: room for it; out: with its end */
	__u32 build_id_size;
	__u64 name_address;
	__u64 build_id_address;
};

#define QUERY _IOWR('f', 17, struct query)
#define QUERY_EXECUTABLE 0x04
#define QUERY_NEXT 0x10 /* the one that holds the address, or the first after it */
#define QUERY_FILE 0x20

struct mapping_chunk {
	struct mapping_chunk *next;
	size_t used;
	char text[CHUNK_BYTES];
};

struct lp_mappings_store {
	size_t shares;
	size_t count;
	size_t capacity;
	struct lp_mapping *items;
	size_t paths_bytes;
	struct mapping_chunk *chunks;
};

/* The mappings to read: from an address on, at most so many, all or executable ones. */
struct mapping_request {
	pid_t pid;
	uint64_t from;
	size_t most;
	bool code;
	bool only; /* only the mapping that holds from */
	bool lines; /* without any query */
	uint64_t begun_ns;
};

/* The names of files that were queried last. */
struct mapping_known {
	uint64_t device;
	uint64_t inode;
	char *path; /* NULL: none is known */
};

static __thread struct {
	bool open;
	bool renewed;
	pid_t pid;
	struct lp_mappings_store *store;
} cache;

/* The kernel lacks this query (before Linux 6.11). */
static __thread bool lines_only;

/* ---- what is retained --------------------------------------------------------- */

const char *mapping_path_part(const char *path)
{
	size_t length = strlen(path);

	return length < LP_MAPPING_PATH_BYTES ? path : path + length - (LP_MAPPING_PATH_BYTES - 1);
}

static char *retain_path(struct lp_mappings_store *store, const char *path)
{
	const char *part = mapping_path_part(path), *name = strrchr(part, '/');
	struct mapping_chunk *chunk = store->chunks;
	size_t bytes;
	char *text;

	if (store->paths_bytes > PATHS_WHOLE_MAX && name)
		part = name;
	bytes = strlen(part) + 1;

	if (!chunk || chunk->used + bytes > sizeof(chunk->text)) {
		chunk = malloc(sizeof(*chunk));
		if (!chunk)
			return NULL;
		chunk->used = 0;
		chunk->next = store->chunks;
		store->chunks = chunk;
	}
	text = memcpy(chunk->text + chunk->used, part, bytes);
	chunk->used += bytes;
	store->paths_bytes += bytes;
	return text;
}

/* Returns 0, -E2BIG or -ENOMEM. */
static int retain(struct lp_mappings_store *store, const struct lp_mapping *mapping)
{
	if (store->count == MAPPINGS_MAX || store->paths_bytes > PATHS_BYTES_MAX)
		return -E2BIG;
	if (!ARRAY_RESERVE(store->items, store->capacity, store->count + 1, 64))
		return -ENOMEM;
	store->items[store->count++] = *mapping;
	return 0;
}

static void store_release(struct lp_mappings_store *store)
{
	struct mapping_chunk *chunk;

	if (!store || --store->shares)
		return;
	while ((chunk = store->chunks)) {
		store->chunks = chunk->next;
		free(chunk);
	}
	free(store->items);
	free(store);
}

/* ---- queries ------------------------------------------------------------------ */

static struct mapping_known *known_of(struct mapping_known *files, uint64_t device, uint64_t inode)
{
	uint64_t hash = (inode ^ device << 32) * 0x9e3779b97f4a7c15ULL; /* Fibonacci hashing */

	return &files[hash >> 32 & (KNOWN_FILES - 1)];
}

/* Queries the file name of the mapping at an address, unless it is known. */
static int find_path(int file, struct lp_mappings_store *store, struct mapping_known *files,
		     struct lp_mapping *mapping)
{
	struct mapping_known *known = known_of(files, mapping->device, mapping->inode);
	char name[PATH_MAX];
	struct query query = { .size = sizeof(query),
			       .address = mapping->start,
			       .name_size = sizeof(name),
			       .name_address = (uintptr_t)name };

	if (known->path && known->device == mapping->device && known->inode == mapping->inode) {
		mapping->path = known->path;
		return 0;
	}
	name[0] = '\0';
	/* the mapping may have been removed, or its name be longer than any path */
	if (ioctl(file, QUERY, &query) || !query.name_size || name[0] != '/')
		return -ENOENT;
	name[sizeof(name) - 1] = '\0';
	mapping->path = retain_path(store, name);
	if (!mapping->path)
		return -ENOMEM;
	*known = (struct mapping_known){ mapping->device, mapping->inode, mapping->path };
	return 0;
}

static int read_queries(int file, const struct mapping_request *request,
			struct lp_mappings_store *store)
{
	struct mapping_known files[KNOWN_FILES] = { 0 };
	struct query query = { .address = request->from };
	int err = 0;

	while (!err && store->count < request->most) {
		query = (struct query){ .size = sizeof(query),
					.flags = QUERY_FILE | (request->only ? 0 : QUERY_NEXT) |
						 (request->code ? QUERY_EXECUTABLE : 0),
					.address = query.address };
		if (ioctl(file, QUERY, &query))
			return errno == ENOENT ? 0 : -errno;
		struct lp_mapping mapping = {
			.start = query.start,
			.end = query.end,
			.offset = query.offset,
			.device = makedev(query.device_major, query.device_minor),
			.inode = query.inode,
			.executable = query.vma_flags & QUERY_EXECUTABLE,
		};
		if (clock_now() - request->begun_ns > READ_NS_MAX)
			return -ETIME;
		err = mapping.inode ? find_path(file, store, files, &mapping) : -ENOENT;
		if (!err)
			err = retain(store, &mapping);
		if (err == -ENOENT)
			err = 0;
		if (request->only || query.end <= query.address)
			break;
		query.address = query.end;
	}
	return err;
}

/* ---- lines -------------------------------------------------------------------- */

/* A newline in a name is printed as "\012". */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (!strncmp(text, "\\012", 4)) {
			*to++ = '\n';
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* Reads a number, and skips the character after it. */
static bool take_number(char **at, int base, char end, uint64_t *number)
{
	char *after;

	if (!strchr("0123456789abcdef", **at) || !**at)
		return false;
	errno = 0;
	*number = strtoull(*at, &after, base);
	if (errno || after == *at || *after != end)
		return false;
	*at = after + 1;
	return true;
}

int mapping_parse(char *line, struct lp_mapping *mapping)
{
	uint64_t major, minor;

	memset(mapping, 0, sizeof(*mapping));
	line[strcspn(line, "\n")] = '\0';
	if (!take_number(&line, 16, '-', &mapping->start) ||
	    !take_number(&line, 16, ' ', &mapping->end) || strlen(line) < 5 || line[4] != ' ')
		return -EINVAL;
	mapping->executable = line[2] == 'x';
	line += 5;
	if (!take_number(&line, 16, ' ', &mapping->offset) ||
	    !take_number(&line, 16, ':', &major) || !take_number(&line, 16, ' ', &minor) ||
	    !take_number(&line, 10, ' ', &mapping->inode) || major > UINT_MAX || minor > UINT_MAX)
		return -EINVAL;
	mapping->device = makedev((unsigned int)major, (unsigned int)minor);
	line += strspn(line, " ");
	if (!mapping->inode || line[0] != '/')
		return -ENOENT;
	unescape(line);
	mapping->path = line;
	return 0;
}

/* Neighbouring mappings mostly have the same path. */
static int retain_line(struct lp_mappings_store *store, struct lp_mapping *mapping)
{
	const char *part = mapping_path_part(mapping->path);
	size_t i;

	for (i = store->count; i && i + 4 > store->count; i--)
		if (!strcmp(store->items[i - 1].path, part))
			break;
	mapping->path = i && i + 4 > store->count ? store->items[i - 1].path
						  : retain_path(store, part);
	return mapping->path ? retain(store, mapping) : -ENOMEM;
}

static int read_lines(int file, const struct mapping_request *request,
		      struct lp_mappings_store *store)
{
	FILE *stream = fdopen(file, "r");
	struct lp_mapping mapping;
	char *line = malloc(LINE_BYTES);
	int err = 0;

	if (!stream || !line) {
		err = -ENOMEM;
		goto cleanup;
	}
	while (!err && store->count < request->most && fgets(line, LINE_BYTES, stream)) {
		if (clock_now() - request->begun_ns > READ_NS_MAX)
			err = -ETIME;
		else if (!mapping_parse(line, &mapping) && mapping.end > request->from &&
			 (mapping.executable || !request->code) &&
			 (mapping.start <= request->from || !request->only))
			err = retain_line(store, &mapping);
	}
cleanup:
	free(line);
	if (stream)
		fclose(stream);
	else
		close(file);
	return err;
}

/* ---- reading ------------------------------------------------------------------ */

/* Returns NULL, and sets *err, if there is no other mapping. */
static struct lp_mappings_store *read_store(struct mapping_request *request, int *err)
{
	struct lp_mappings_store *store;
	char name[32];
	int file;

	request->begun_ns = clock_now();
	snprintf(name, sizeof(name), "/proc/%d/maps", request->pid);
	file = open(name, O_RDONLY | O_CLOEXEC);
	if (file < 0) {
		*err = -errno;
		return NULL;
	}
	store = calloc(1, sizeof(*store));
	if (!store) {
		close(file);
		*err = -ENOMEM;
		return NULL;
	}
	store->shares = 1;
	*err = request->lines ? -ENOTTY : read_queries(file, request, store);
	if (*err == -ENOTTY || *err == -EINVAL) {
		lines_only |= !request->lines;
		*err = read_lines(file, request, store);
	} else {
		close(file);
	}
	if (!*err)
		return store;
	store_release(store);
	return NULL;
}

static void hand_out(struct lp_mappings_store *store, pid_t pid, struct lp_mappings *mappings)
{
	*mappings = (struct lp_mappings){
		.pid = pid, .count = store->count, .items = store->items, .store = store
	};
}

static bool is_cached(pid_t pid)
{
	return cache.open && cache.pid == pid;
}

static int read_some(struct mapping_request *request, struct lp_mappings *mappings)
{
	struct lp_mappings_store *store;
	int err = 0;

	memset(mappings, 0, sizeof(*mappings));
	store = read_store(request, &err);
	if (!store)
		return err ? err : -EIO;
	hand_out(store, request->pid, mappings);
	return 0;
}

int mappings_read(pid_t pid, struct lp_mappings *mappings)
{
	struct mapping_request request = { .pid = pid, .most = SIZE_MAX };
	int err;

	if (!is_cached(pid) || !cache.store) {
		err = read_some(&request, mappings);
		if (!err && is_cached(pid)) {
			cache.store = mappings->store;
			cache.store->shares++;
		}
		return err;
	}
	cache.store->shares++;
	hand_out(cache.store, pid, mappings);
	return 0;
}

int mappings_read_lines(pid_t pid, struct lp_mappings *mappings)
{
	struct mapping_request request = { .pid = pid, .most = SIZE_MAX, .lines = true };

	return read_some(&request, mappings);
}

int mappings_read_code(pid_t pid, size_t capacity, struct lp_mappings *mappings)
{
	struct mapping_request request = { .pid = pid, .most = capacity, .code = true };

	return read_some(&request, mappings);
}

/* If only lines can be read, one reading serves the next addresses as well. */
static int read_all_at(pid_t pid, uint64_t address, struct lp_mappings *mappings)
{
	int err = mappings_read(pid, mappings);

	if (err || mappings_find(mappings, address) || cache.renewed)
		return err;
	mappings_free(mappings);
	/* the cache has a share of its own */
	store_release(cache.store); /* NOLINT(clang-analyzer-unix.Malloc) */
	cache.store = NULL;
	cache.renewed = true;
	return mappings_read(pid, mappings);
}

int mappings_read_at(pid_t pid, uint64_t address, struct lp_mappings *mappings)
{
	struct mapping_request request = { .pid = pid, .from = address, .most = 1, .only = true };

	if (!lines_only || !is_cached(pid))
		return read_some(&request, mappings);
	return read_all_at(pid, address, mappings);
}

void mappings_free(struct lp_mappings *mappings)
{
	store_release(mappings->store);
	memset(mappings, 0, sizeof(*mappings));
}

void mappings_cache_begin(pid_t pid)
{
	mappings_cache_end();
	cache.open = true;
	cache.pid = pid;
}

void mappings_cache_end(void)
{
	store_release(cache.store);
	memset(&cache, 0, sizeof(cache));
}

const char *mappings_error(int err)
{
	switch (err) {
	case -E2BIG:
		return "it has more than 100,000 mappings of files, or names of more than 10 MiB for them";
	case -ETIME:
		return "it has more mappings than can be read within 4 s";
	default:
		return strerror(-err);
	}
}

const struct lp_mapping *mappings_find(const struct lp_mappings *mappings, uint64_t address)
{
	size_t low = 0, high = mappings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mappings->items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == mappings->count || address < mappings->items[low].start)
		return NULL;
	return &mappings->items[low];
}

static bool names_allowed;

void mappings_allow_names(bool allowed)
{
	names_allowed = allowed;
}

/* Opens the path with O_PATH only, which has no effect on a device or a FIFO. */
static int try_path(const char *path, struct stat *file)
{
	int descriptor = open(path, O_PATH | O_CLOEXEC), err = 0;

	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, file))
		err = -errno;
	close(descriptor);
	return err;
}

/*
 * The kernel lets only CAP_CHECKPOINT_RESTORE and CAP_SYS_ADMIN open map_files.  Without them
 * the file is found by its name, as the process itself would, if that is still the same file.
 */
void mapping_file_path(pid_t pid, const struct lp_mapping *mapping, char *path, size_t size)
{
	char by_name[LP_MAPPING_PATH_MAX];
	struct stat file = { .st_mode = 0 };
	int err;

	snprintf(path, size, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, mapping->start,
		 mapping->end);
	if (!names_allowed)
		return;
	err = try_path(path, &file);
	if (err != -EPERM && err != -EACCES)
		return;
	if (snprintf(by_name, sizeof(by_name), "/proc/%d/root%s", pid, mapping->path) >=
	    (int)sizeof(by_name))
		return;
	if (!try_path(by_name, &file) && S_ISREG(file.st_mode) && file.st_ino == mapping->inode &&
	    file.st_dev == mapping->device && strlen(by_name) < size)
		snprintf(path, size, "%s", by_name);
}

int mappings_locate(pid_t pid, uint64_t address, struct lp_mapping *mapping, char *path,
		    size_t size)
{
	const struct lp_mapping *found;
	struct lp_mappings mappings;
	int err = mappings_read_at(pid, address, &mappings);

	if (err)
		return err == -ENOENT ? -ESRCH : err;
	found = mappings_find(&mappings, address);
	if (found) {
		*mapping = *found;
		mapping->path = NULL;
		if (path)
			mapping_file_path(pid, found, path, size);
	}
	mappings_free(&mappings);
	return found ? 0 : -ENOENT;
}
