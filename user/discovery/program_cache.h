/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache of program files that are no interpreters. A host starts very many processes, and next to
 * none of them runs a loop: the results of processes that ran a file before save the inspection of
 * those that run it next. Whether a program loads an interpreter may depend on its
 * configuration, as with a web server: so the results of one user's processes are used for
 * processes of the same user only, and those of short processes for short ones only.
 */
#ifndef LP_DISCOVERY_PROGRAM_CACHE_H
#define LP_DISCOVERY_PROGRAM_CACHE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The time in ns for which it is valid that a process ran for seconds without an interpreter. */
#define LP_LIVED_NS (600000 * NS_PER_MS)

struct lp_program_cache;

/* The identity of one version of a program file, and of the users of a process that runs it. */
struct lp_program_key {
	uint64_t device, inode;
	int64_t modified_ns, changed_ns;
	uint64_t users; /* as process_users() returns them */
};

bool program_key_same(const struct lp_program_key *left, const struct lp_program_key *right);

enum lp_program_kind {
	LP_PROGRAM_UNKNOWN, /* a process that runs it may still load an interpreter */
	LP_PROGRAM_INTERPRETER,
	LP_PROGRAM_OTHER, /* a process of the user has run it for seconds without one */
	LP_PROGRAM_SHORT, /* processes of the user that ran it have ended without one */
	LP_PROGRAM_NONE, /* the process has no program file: it has ended, or is a kernel thread */
};

/*
 * may_be returns whether the file at a path has an interpreter or needs a library that has one.
 * Returns NULL if out of memory.
 */
struct lp_program_cache *program_cache_new(bool (*may_be)(const char *path));
void program_cache_free(struct lp_program_cache *known);

/*
 * Returns what is known of the program file of a process. *key is filled in except with
 * LP_PROGRAM_NONE. Files are opened for a part of the time only; until there is time for a new one,
 * it is LP_PROGRAM_UNKNOWN.
 */
enum lp_program_kind program_cache_find(struct lp_program_cache *known, pid_t pid, uint64_t now_ns,
					struct lp_program_key *key);

/* The result of a process that ran the file. */
enum lp_process_outcome {
	LP_OUTCOME_INTERPRETER, /* an interpreter was found in it */
	LP_OUTCOME_ENDED, /* the process ended without one: three of these count for a minute */
	/* the process has run for seconds without one: counts for ten minutes */
	LP_OUTCOME_NO_INTERPRETER,
};

void program_cache_learn(struct lp_program_cache *known, const struct lp_program_key *key,
			 enum lp_process_outcome outcome, uint64_t now_ns);

#endif /* LP_DISCOVERY_PROGRAM_CACHE_H */
