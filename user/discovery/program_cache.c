// SPDX-License-Identifier: BSD-2-Clause
#include "program_cache.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "process/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/*
 * The size of the cache. A busy host has thousands of program files, but runs few of them over and
 * over.
 */
#define SETS 1024
#define WAYS 4
/*
 * The number of processes that have to end without an interpreter before the file counts as no
 * interpreter: each may have ended too soon to load one.
 */
#define ENDED_LEAST 3
#define ENDED_NS 60000000000ULL
/*
 * The caller waits while a file is opened, for up to a second if its owner has made it slow to
 * search. So files are opened for 1 / OPEN_PART of the time; OPEN_NS may be used at once, as at the
 * beginning all programs of the host are new.
 */
#define OPEN_PART 20
#define OPEN_NS 2000000000LL

struct cached_program {
	struct lp_program_key key;
	enum lp_program_kind kind; /* LP_PROGRAM_OTHER or LP_PROGRAM_SHORT, valid until until_ns */
	uint64_t until_ns;
	/*
	 * number of the last lookup that found it, by which the oldest of a set is replaced; 0:
	 * empty
	 */
	uint64_t used;
	uint32_t ended;
	bool opened; /* otherwise it may be an interpreter, and is opened later */
	bool interpreter;
};

struct lp_program_cache {
	bool (*may_be)(const char *path);
	uint64_t lookups;
	/* ns for which files may be opened, as of an instant; negative: the last one took longer */
	int64_t open_ns;
	uint64_t at_ns;
	struct cached_program sets[SETS][WAYS];
};

struct lp_program_cache *program_cache_new(bool (*may_be)(const char *path))
{
	struct lp_program_cache *known = calloc(1, sizeof(*known));

	if (known)
		known->may_be = may_be;
	return known;
}

void program_cache_free(struct lp_program_cache *known)
{
	free(known);
}

bool program_key_same(const struct lp_program_key *left, const struct lp_program_key *right)
{
	return left->device == right->device && left->inode == right->inode &&
	       left->modified_ns == right->modified_ns && left->changed_ns == right->changed_ns &&
	       left->users == right->users;
}

static struct cached_program *set_of(struct lp_program_cache *known,
				     const struct lp_program_key *key)
{
	/* Fibonacci hashing to 10 bits */
	uint64_t hash = (key->inode ^ key->device << 32 ^ key->users) * 0x9e3779b97f4a7c15ULL;

	return known->sets[hash >> 54];
}

static struct cached_program *find(struct lp_program_cache *known, const struct lp_program_key *key)
{
	struct cached_program *set = set_of(known, key);
	size_t i;

	for (i = 0; i < WAYS; i++)
		if (set[i].used && program_key_same(&set[i].key, key))
			return &set[i];
	return NULL;
}

static struct cached_program *enter(struct lp_program_cache *known,
				    const struct lp_program_key *key)
{
	struct cached_program *set = set_of(known, key), *oldest = set;
	size_t i;

	for (i = 1; i < WAYS; i++)
		if (set[i].used < oldest->used)
			oldest = &set[i];
	memset(oldest, 0, sizeof(*oldest));
	oldest->key = *key;
	return oldest;
}

static int64_t nanoseconds(const struct statx_timestamp *time)
{
	return time->tv_sec * NS_PER_S + time->tv_nsec;
}

/*
 * Fills in the key from the attributes that the kernel has cached, as a file system may never
 * answer. Returns false if there is no file, or no process any more.
 */
static bool identify(pid_t pid, const char *path, struct lp_program_key *key)
{
	struct statx file;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &file))
		return false;
	key->device = makedev(file.stx_dev_major, file.stx_dev_minor);
	key->inode = file.stx_ino;
	key->modified_ns = nanoseconds(&file.stx_mtime);
	key->changed_ns = nanoseconds(&file.stx_ctime);
	return process_users(pid, &key->users);
}

/* Opens a file to see whether it is an interpreter, if there is time for that. */
static void open_program(struct lp_program_cache *known, struct cached_program *program,
			 const char *path, uint64_t now_ns)
{
	uint64_t begun = clock_now();

	known->open_ns += (int64_t)(saturating_sub(now_ns, known->at_ns) / OPEN_PART);
	if (!known->at_ns || known->open_ns > OPEN_NS)
		known->open_ns = OPEN_NS;
	known->at_ns = max_u64(now_ns, known->at_ns);
	if (known->open_ns <= 0)
		return;
	program->interpreter = known->may_be(path);
	program->opened = true;
	known->open_ns -= (int64_t)(clock_now() - begun);
}

enum lp_program_kind program_cache_find(struct lp_program_cache *known, pid_t pid, uint64_t now_ns,
					struct lp_program_key *key)
{
	struct cached_program *program;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (!identify(pid, path, key))
		return LP_PROGRAM_NONE;
	program = find(known, key);
	if (!program)
		program = enter(known, key);
	if (!program->opened && !program->interpreter)
		open_program(known, program, path, now_ns);
	program->used = ++known->lookups;
	if (program->interpreter)
		return LP_PROGRAM_INTERPRETER;
	return now_ns < program->until_ns ? program->kind : LP_PROGRAM_UNKNOWN;
}

void program_cache_learn(struct lp_program_cache *known, const struct lp_program_key *key,
			 enum lp_process_outcome outcome, uint64_t now_ns)
{
	struct cached_program *program = find(known, key);

	/* the file may have been replaced in the cache; it is then learned anew */
	if (!program || program->interpreter)
		return;
	switch (outcome) {
	case LP_OUTCOME_INTERPRETER:
		program->interpreter = true;
		break;
	case LP_OUTCOME_ENDED:
		if (!program->opened || ++program->ended < ENDED_LEAST)
			break;
		program->ended = 0;
		/* the result of a process that ran for seconds is more reliable */
		if (program->kind == LP_PROGRAM_OTHER && now_ns < program->until_ns)
			break;
		program->kind = LP_PROGRAM_SHORT;
		program->until_ns = now_ns + ENDED_NS;
		break;
	case LP_OUTCOME_NO_INTERPRETER:
		program->kind = LP_PROGRAM_OTHER;
		program->until_ns = now_ns + LP_LIVED_NS;
		break;
	}
}
