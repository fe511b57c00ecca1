/* SPDX-License-Identifier: BSD-2-Clause */
/* What targets are made of: for the files of this folder only. */
#ifndef LP_DISCOVERY_TARGETS_INTERNAL_H
#define LP_DISCOVERY_TARGETS_INTERNAL_H

#include "new_processes.h"
#include "program_cache.h"
#include "runtime/remote/remote.h"
#include "targets.h"
#include "base/macros.h"

#include <limits.h>

#define LP_TARGET_BUCKETS 1024
#define LP_OWNER_BUCKETS 256
#define LP_RETRY_FIRST_NS (10 * NS_PER_MS)
/* A younger process is still loading its modules, and is looked at so often. */
#define LP_YOUNG_NS (1000 * NS_PER_MS)
#define LP_YOUNG_STEP_NS (2 * NS_PER_MS)

enum lp_target_state {
	LP_TARGET_WAITING, /* not a Python yet, or one without asyncio */
	LP_TARGET_ATTACHED,
	LP_TARGET_REFUSED, /* it cannot be profiled; kept so that it is said once */
};

struct lp_target {
	struct lp_target *next, *previous; /* of all */
	struct lp_target *bucket; /* of those with the same hash */
	struct lp_process_info process;
	struct lp_instance instance; /* while it waits: without asyncio, so far */
	enum lp_target_state state;
	bool named; /* asked for by PID: it is told about */
	bool incomplete; /* some probes could not be found yet */
	bool verified;
	bool knows_loop_code; /* of the loop, by which stacks end */
	bool silence_reported;
	bool keyed; /* key is of the program that it runs */
	bool scanned; /* found by a look at all: it may have been running for long */
	bool asked; /* it waits for its examination, or for the end of that */
	uint64_t ticket; /* of the examination under way; 0: none */
	struct lp_target *next_asked; /* in the queue; NULL: it is the last, or in none */
	struct lp_program_key key;
	uint64_t check_ns; /* sample mode: no look for loops before, ... */
	uint64_t check_step_ns; /* ... and ever more seldom where none is found */
	uint64_t scan_ns; /* sample mode: a look that nothing asks for, ... */
	uint64_t scan_step_ns; /* ... as seldom */
	uint64_t polls_ns; /* when it was last asked whether its loops use epoll */
	uint32_t reap_tries; /* turns since its end was noticed, in which records were left */
	uint64_t since_ns;
	uint64_t retry_ns; /* next look */
	uint64_t retry_step_ns;
};

struct lp_targets {
	struct lp_targets_config config;
	struct lp_target *first;
	struct lp_target *buckets[LP_TARGET_BUCKETS];
	size_t alive;
	size_t attached; /* ever */
	size_t profiled; /* now */
	size_t new_loops; /* loops, new to us, those without a slot as well */
	uint64_t failures;
	uint64_t dropped; /* processes that there was no room to wait for */
	bool share_reported; /* a unit's part of them was reported */
	int descriptor; /* epoll on the pidfds of all */
	/* those that wait for their examination, first come first */
	struct lp_target *asked_first, *asked_last;
	uint64_t tickets;
	uint64_t served[LP_OWNER_BUCKETS]; /* the last ticket of the units in a bucket */
	/* the target that attachment waits for, and its result */
	struct lp_target *awaited;
	int awaited_code;
	bool awaited_dropped; /* it is no longer a target */
	struct lp_error *awaited_error;
	/* -a */
	char cgroup[PATH_MAX]; /* normalised */
	struct lp_program_cache *known;
	struct lp_new_processes new_processes;
	uint64_t rescan_ns; /* next look at all processes of the host */
	uint64_t rescanned_ns; /* the last one */
	uint64_t lost; /* events, when all were looked at last */
};

/* table.c */
struct lp_target *target_find(const struct lp_targets *targets, pid_t pid);
/* Opens a process and takes it into the table.  NULL, with a sentence, if it cannot be. */
struct lp_target *target_new(struct lp_targets *targets, pid_t pid, bool named,
			     struct lp_error *error);
/* The unit whose part the process is in; 0: none, as there is no other unit to share with. */
uint64_t target_owner(const struct lp_targets *targets, const struct lp_target *target);
/* Since the process began, which may be before this program ran. */
uint64_t target_age_ns(const struct lp_target *target);
/* Lets go of what was found in it, and of its probes. */
void target_reset(struct lp_targets *targets, struct lp_target *target);
void target_drop(struct lp_targets *targets, struct lp_target *target);

/*
 * attach.c: attaches to an examined target.  -EAGAIN: it cannot run a loop yet;
 * -ENOENT: there is no interpreter.
 */
int target_attach(struct lp_targets *targets, struct lp_target *target,
		  const struct lp_examined *examined, bool wait_for_asyncio,
		  struct lp_error *error);
/* The same of probes whose module was not loaded before, and the check of the offsets. */
void target_complete(struct lp_targets *targets, struct lp_target *target,
		     const struct lp_examined *examined);
/* The target is looked at again later, each time after a longer pause. */
void target_put_off(struct lp_target *target);

/* examining.c: has a target examined, once it is its turn; target_examined gets the answer. */
void target_ask(struct lp_targets *targets, struct lp_target *target);
/* The target is dropped or runs another program: a running examination's result is ignored. */
void target_unask(struct lp_targets *targets, struct lp_target *target);
/* Waits, at most so long, until the queue is empty or the awaited target is examined. */
void targets_wait_examined(struct lp_targets *targets, uint64_t ns);

/* targets.c: takes the result of an examination.  May drop the target. */
void target_examined(struct lp_targets *targets, struct lp_target *target,
		     const struct lp_examined *examined);

/*
 * Loops that run already are known before they dispatch the next time.  Returns how many
 * run; kinds gets theirs, 1 << kind, and may be NULL.
 */
int target_add_loops(struct lp_targets *targets, struct lp_target *target, int tries,
		     unsigned int *kinds);

/* finding.c: what -a and -s find, tried at once, and again later if it is not ready. */
void targets_consider(struct lp_targets *targets, pid_t pid, const struct lp_program_key *key);
/* Looks at what has arrived, and now and then at all. Returns when to be called again. */
uint64_t targets_find_more(struct lp_targets *targets, uint64_t now_ns);
/*
 * children.c: the descendants that a process has already.  Returns how many are profiled or
 * waited for from now on.
 */
size_t targets_consider_descendants(struct lp_targets *targets, pid_t root);
/* What a process was that ended before it could be profiled, or did not become a Python. */
void targets_learn(struct lp_targets *targets, const struct lp_target *target,
		   enum lp_process_outcome outcome);

#endif /* LP_DISCOVERY_TARGETS_INTERNAL_H */
