// SPDX-License-Identifier: BSD-2-Clause
/*
 * Futures of concurrent.futures that are pending.  A future in the queue of an executor is that of
 * a job; other futures are returned by run_coroutine_threadsafe(), or created by the program.
 */
#include "pools_internal.h"

#include <stdio.h>
#include <string.h>

/* Describes what will set a future, as far as it is known. */
static const char *words_of(struct lp_pools *pools, uint64_t future)
{
	const struct lp_task_loop *loop;

	if (map_get(&pools->jobs, future) || map_get(&pools->other_jobs, future))
		return "executor, queued";
	loop = cpython_loop_to_begin(pools, future);
	if (loop)
		return loop->tid ? "result of a coroutine that its loop has not started yet"
				 : "result of a coroutine of a loop that does not run";
	if (pools->jobs_cut)
		return CPYTHON_WAIT_PENDING;
	return CPYTHON_WAIT_PENDING ", and it is not known what will set it";
}

void cpython_pending_futures_tell(struct lp_pools *pools)
{
	static const char first[] = CPYTHON_WAIT_PENDING;
	char text[2 * CPYTHON_WAIT_DETAIL_BYTES];
	size_t i;

	for (i = 0; i < pools->list->count; i++) {
		struct lp_task *task = &pools->list->tasks[i];

		if (!map_get(&pools->waits->pending_futures, task->awaited_id) ||
		    strncmp(task->awaited_detail, first, sizeof(first) - 1) != 0)
			continue;
		snprintf(text, sizeof(text), "%s%s", words_of(pools, task->awaited_id),
			 task->awaited_detail + sizeof(first) - 1);
		task->awaited_detail = task_arena_text(pools->list->arena, text);
	}
}
