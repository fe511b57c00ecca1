// SPDX-License-Identifier: BSD-2-Clause
#include "file_locks.h"

#include "open_in.h"
#include "base/array.h"
#include "base/clocks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The most lines that are read. */
#define LINES_MAX 16384
/* Bytes of a database file (PENDING_BYTE to the end of SHARED), and of its -shm file (WRITE). */
#define DATABASE_FIRST 0x40000000ULL
#define DATABASE_LAST (DATABASE_FIRST + 511)
#define INDEX_WRITE 120
/* The most files with such a lock that are compared with those of the process. */
#define CANDIDATES 64
#define NAME_BYTES 256

bool file_locks_parse(const char *line, struct lp_file_lock *lock)
{
	char kind[16], access[16], end[32];
	int at = 0, fields;

	memset(lock, 0, sizeof(*lock));
	if (sscanf(line, "%" SCNu64 ": %n", &lock->number, &at) != 1 || !at)
		return false;
	lock->waits = !strncmp(line + at, "-> ", 3);
	if (lock->waits)
		at += 3;
	/* such as POSIX ADVISORY WRITE 4711 08:01:131 0 EOF */
	fields = sscanf(line + at, " %15s %*s %15s %d %*x:%*x:%" SCNu64 " %" SCNu64 " %31s", kind,
			access, &lock->pid, &lock->inode, &lock->start, end);
	if (fields != 6)
		return false;
	lock->posix = !strcmp(kind, "POSIX");
	lock->exclusive = !strcmp(access, "WRITE");
	lock->end = !strcmp(end, "EOF") ? UINT64_MAX : strtoull(end, NULL, 10);
	return true;
}

/* Reads the list, which the caller frees. Returns the number of locks. */
static size_t read_all(struct lp_file_lock **locks)
{
	struct lp_file_lock lock;
	size_t count = 0, capacity = 0, left = LINES_MAX;
	FILE *file = fopen("/proc/locks", "re");
	char line[256];

	*locks = NULL;
	while (file && left-- && fgets(line, sizeof(line), file)) {
		if (!file_locks_parse(line, &lock))
			continue;
		if (!ARRAY_RESERVE(*locks, capacity, count + 1, 64))
			break;
		(*locks)[count++] = lock;
	}
	if (file)
		fclose(file);
	return count;
}

size_t file_locks_blocking(pid_t pid, struct lp_file_lock *locks, size_t capacity)
{
	struct lp_file_lock *all;
	size_t count = read_all(&all), found = 0, i, j;

	for (i = 0; i < count; i++) {
		if (!all[i].waits || all[i].pid != pid)
			continue;
		for (j = 0; j < count && found < capacity; j++)
			if (!all[j].waits && all[j].number == all[i].number)
				locks[found++] = all[j];
		break;
	}
	free(all);
	return found;
}

static bool is_of_sqlite(const struct lp_file_lock *lock)
{
	bool database = lock->start >= DATABASE_FIRST && lock->start <= DATABASE_LAST &&
			lock->end <= DATABASE_LAST;
	/* an index may be locked whole, for its recovery */
	bool index = lock->exclusive && lock->start <= INDEX_WRITE && lock->end >= INDEX_WRITE &&
		     lock->end < 2 * INDEX_WRITE;

	return lock->posix && !lock->waits && lock->pid > 0 && (database || index);
}

/* A lock, and whether its holder has a file open of the name that was looked up last. */
struct lock_candidate {
	struct lp_file_lock lock;
	bool open;
	char name[NAME_BYTES]; /* "": none was looked up */
};

/* The search for a file of the process that is locked. */
struct match {
	pid_t pid;
	uint64_t until_ns;
	size_t count;
	struct lock_candidate candidates[CANDIDATES];
	uint64_t inode; /* of the file; 0: none was found yet */
	int descriptor;
	int rank; /* that of the best lock so far */
};

/*
 * An exclusive lock is preferred, of another process first: a shared one of a database with a
 * write-ahead log prevents nothing. A shared lock of the process itself has no rank.
 */
static int rank_of(const struct match *match, const struct lp_file_lock *lock)
{
	bool foreign = lock->pid != match->pid;

	if (lock->exclusive)
		return foreign ? 3 : 2;
	return foreign ? 1 : 0;
}

/*
 * Returns whether the holder of a lock has a file of that name open: inodes of two file systems may
 * have the same number.
 */
static bool has_file(struct match *match, struct lock_candidate *candidate, const char *name)
{
	if (candidate->lock.pid == match->pid)
		return true;
	if (strcmp(candidate->name, name) != 0) {
		snprintf(candidate->name, sizeof(candidate->name), "%s", name);
		candidate->open =
			open_in_process(candidate->lock.pid, name, LP_OPEN_ANY, match->until_ns);
	}
	return candidate->open;
}

static bool match_file(void *context, int directory, const char *descriptor)
{
	struct match *match = context;
	int number = atoi(descriptor);
	char name[NAME_BYTES];
	uint64_t inode;
	size_t i;

	(void)directory;
	/* what the kernel reports of an epoll is as long as the list of what it watches */
	if (!open_in_name(match->pid, number, name, sizeof(name)) || *name != '/')
		return true;
	inode = (uint64_t)open_in_number(match->pid, number, "ino");
	for (i = 0; inode && i < match->count && clock_now() < match->until_ns; i++) {
		struct lock_candidate *candidate = &match->candidates[i];
		int rank = rank_of(match, &candidate->lock);

		if (candidate->lock.inode != inode || rank <= match->rank ||
		    !has_file(match, candidate, name))
			continue;
		match->inode = inode;
		match->rank = rank;
		match->descriptor = number;
	}
	return true;
}

/* A process may lock many bytes of a file: that is one candidate of each kind. */
static bool is_known(const struct match *match, const struct lp_file_lock *lock)
{
	size_t i;

	for (i = 0; i < match->count; i++) {
		const struct lp_file_lock *known = &match->candidates[i].lock;

		if (known->pid == lock->pid && known->inode == lock->inode &&
		    known->exclusive == lock->exclusive)
			return true;
	}
	return false;
}

size_t file_locks_of_sqlite(pid_t pid, struct lp_file_lock *locks, size_t capacity,
			    uint64_t until_ns, int *descriptor)
{
	struct match match = { .pid = pid, .until_ns = until_ns };
	struct lp_file_lock *all;
	size_t count = read_all(&all), found = 0, i;

	for (i = 0; i < count && match.count < CANDIDATES; i++)
		if (is_of_sqlite(&all[i]) && !is_known(&match, &all[i]))
			match.candidates[match.count++].lock = all[i];
	free(all);
	if (match.count)
		open_in_each(pid, until_ns, match_file, &match);
	*descriptor = match.descriptor;
	for (i = 0; i < match.count && match.inode && found < capacity; i++) {
		const struct lp_file_lock *lock = &match.candidates[i].lock;

		if (lock->inode == match.inode && rank_of(&match, lock) == match.rank)
			locks[found++] = *lock;
	}
	return found;
}
