/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What workers that hang may cost: each holds a place until its read returns, and each wait
 * without a result takes time from all targets.  Processes and units may each take a part of both
 * only, so that the targets of one user do not prevent reading those of others.
 */
#ifndef LP_PROCESS_WORKER_PLACES_H
#define LP_PROCESS_WORKER_PLACES_H

#include "base/quota.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The places of all; the parts of one process and of one unit. */
#define LP_WORKER_PLACES 16
#define LP_WORKER_PLACES_OF_ONE 2
#define LP_WORKER_PLACES_OF_UNIT (LP_WORKER_PLACES / 2)
/* Workers that have been given up and have not ended, whether they hang or wait for a CPU. */
#define LP_WORKERS_ENDING 64
/* Units share this many quotas. */
#define LP_WAIT_QUOTAS 16

struct lp_worker_place {
	int descriptor; /* of the worker's process, owned */
	pid_t worker, target;
	uint64_t owner; /* unit of the target, as in struct lp_cgroup */
};

/* Empty when all bytes are 0. */
struct lp_worker_places {
	uint64_t (*owner_of)(pid_t pid); /* NULL: all processes are of one unit */
	size_t count;
	struct lp_worker_place places[LP_WORKERS_ENDING];
	struct lp_quota waits[LP_WAIT_QUOTAS]; /* for waits without a result */
};

void worker_places_free(struct lp_worker_places *places);

/* Removes the workers that have ended. Returns the number of those that hang. */
size_t worker_places_taken(struct lp_worker_places *places);

/*
 * Adds a worker that was given up; takes over the descriptor. target: the process that it reads, 0
 * if there is none.
 */
void worker_places_add(struct lp_worker_places *places, int descriptor, pid_t worker, pid_t target);

/*
 * Returns 0 if a target may be read, -EUSERS if all places are taken, or -EDQUOT if the target or
 * its unit has its part of them.
 */
int worker_places_check(struct lp_worker_places *places, pid_t target);

/*
 * Returns the ns, still_ns at most, for which a worker that sleeps in a read of the target is
 * waited for. They are fewer once many waits for processes of its unit had no result.
 */
uint64_t worker_places_longest_wait(struct lp_worker_places *places, pid_t target,
				    uint64_t still_ns, uint64_t now_ns);
/* Records a wait that had no result. */
void worker_places_spend(struct lp_worker_places *places, pid_t target, uint64_t ns,
			 uint64_t now_ns);

#endif /* LP_PROCESS_WORKER_PLACES_H */
