/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which program files are no interpreter.  A host starts programs by the million, and next
 * to none of them runs a loop: what is known of a file from processes that ran it before
 * spares the look into those that run it next.
 */
#ifndef LP_DISCOVERY_PROGRAM_CACHE_H
#define LP_DISCOVERY_PROGRAM_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lp_program_cache;

/* What tells one version of one file from another. */
struct lp_program_key {
	uint64_t device, inode;
	int64_t modified_ns, changed_ns;
};

enum lp_program_kind {
	LP_PROGRAM_UNKNOWN, /* it may load an interpreter yet */
	LP_PROGRAM_INTERPRETER,
	LP_PROGRAM_OTHER,
	LP_PROGRAM_NONE, /* the process has none (any more), or is the kernel's */
};

/* may_be: has a file, opened by this path, an interpreter, or does it name one as needed? */
struct lp_program_cache *program_cache_new(bool (*may_be)(const char *path));
void program_cache_free(struct lp_program_cache *known);

/* What a process runs, and what is known of it.  *key is filled but for LP_PROGRAM_NONE. */
enum lp_program_kind program_cache_find(struct lp_program_cache *known, pid_t pid, uint64_t now_ns,
					struct lp_program_key *key);

/* What became of a process that ran the file. */
enum lp_process_outcome {
	LP_OUTCOME_INTERPRETER, /* an interpreter was found in it */
	LP_OUTCOME_ENDED, /* it ended, and none was found: some of them tell for a minute */
	LP_OUTCOME_NO_INTERPRETER, /* it has lived long without: that tells for ten */
};

void program_cache_learn(struct lp_program_cache *known, const struct lp_program_key *key,
			 enum lp_process_outcome outcome, uint64_t now_ns);

#endif /* LP_DISCOVERY_PROGRAM_CACHE_H */
