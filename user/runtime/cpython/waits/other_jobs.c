// SPDX-License-Identifier: BSD-2-Clause
/*
 * Jobs of executors that are no pools of the list: those of processes, and those of threads to which
 * nothing refers any more.  They are found by the frames of the threads that serve their queues.
 */
#include "pools_internal.h"

#include "runtime/cpython/objects/instance.h"

#include <stdlib.h>

/* Notes the futures of the jobs of a pool of processes, which are the values of a dict. */
static void note_pairs(struct lp_pools *pools, uint64_t dict)
{
	struct lp_pair *pairs;
	uint64_t future;
	ssize_t count, i;

	if (!pools->members_left) {
		pools->jobs_cut = true;
		return;
	}
	count = cpython_dict_pairs(pools->python, dict, &pairs);
	if (count > 0)
		pools->members_left -= (size_t)count < pools->members_left ? (size_t)count
									   : pools->members_left;
	pools->jobs_cut |= count > CPYTHON_POOL_MEMBERS_MAX;
	for (i = 0; i < count && i < CPYTHON_POOL_MEMBERS_MAX; i++) {
		future = cpython_instance_get(pools->python, pairs[i].value, "future");
		if (future)
			map_put(&pools->other_jobs, future, 1);
	}
	free(pairs);
}

/* Notes the futures of the jobs in the queue of a pool of threads. */
static void note_members(struct lp_pools *pools, uint64_t queue)
{
	uint64_t *items, future;
	ssize_t count = cpython_pool_members(pools, queue, &items), i;

	pools->jobs_cut |= count == CPYTHON_POOL_MEMBERS_MAX || !pools->members_left;
	for (i = 0; i < count; i++) {
		future = cpython_pool_attribute(pools, items[i], "future");
		if (future)
			map_put(&pools->other_jobs, future, 1);
	}
	free(items);
}

void cpython_other_jobs_note(struct lp_pools *pools, const struct lp_await_link *link)
{
	const struct lp_cpython *python = pools->python;
	/* a pool of processes has the dict as a variable in 3.8, and as an attribute later */
	uint64_t dict = cpython_frame_variable(python, link, "pending_work_items"),
		 self = dict ? 0 : cpython_frame_variable(python, link, "self"),
		 queue = cpython_frame_variable(python, link, "work_queue");

	if (self)
		dict = cpython_instance_get(python, self, "pending_work_items");
	if (dict && cpython_wait_type_of(pools->waits, dict)->kinds & LP_WAIT_DICT &&
	    !map_get(&pools->other_jobs, dict) && map_put(&pools->other_jobs, dict, 1))
		note_pairs(pools, dict);
	if (queue && !map_get(&pools->other_jobs, queue) && map_put(&pools->other_jobs, queue, 1))
		note_members(pools, queue);
}
