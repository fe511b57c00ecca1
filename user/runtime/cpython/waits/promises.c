// SPDX-License-Identifier: BSD-2-Clause
/* The tasks whose end sets a future of concurrent.futures, for which a thread may wait. */
#include "pools_internal.h"

#include "base/macros.h"
#include "process/memory.h"
#include "runtime/cpython/objects/instance.h"

#include <stdlib.h>

#define OUTERMOST_MAX 3 /* the coroutines of a task, from its own on, that may have a promise */

/* A coroutine function that sets a future at its end. */
static const struct promise_row {
	const char *file, *function;
	const char *future; /* the variable that has it */
} promise_rows[] = {
	{ "asgiref/sync.py", "main_wrap", "call_result" },
};

/* Returns the row of a coroutine, or NULL. */
static const struct promise_row *row_of(struct lp_pools *pools, const struct lp_await_link *link)
{
	const uint64_t *known = map_get(&pools->promisers, link->code);
	size_t i;

	if (known)
		return *known ? &promise_rows[*known - 1] : NULL;
	for (i = 0; i < ARRAY_SIZE(promise_rows); i++)
		if (cpython_pool_is_function(pools, link, promise_rows[i].file,
					     promise_rows[i].function))
			break;
	map_put(&pools->promisers, link->code, i < ARRAY_SIZE(promise_rows) ? i + 1 : 0);
	return i < ARRAY_SIZE(promise_rows) ? &promise_rows[i] : NULL;
}

void cpython_pool_note_promise(struct lp_pools *pools, uint64_t task,
			       const struct lp_await_chain *chain)
{
	size_t i;

	for (i = 0; i < chain->count && i < OUTERMOST_MAX; i++) {
		const struct promise_row *row = row_of(pools, &chain->links[i]);
		uint64_t future =
			row ? cpython_frame_variable(pools->python, &chain->links[i], row->future)
			    : 0;

		if (future)
			map_put(&pools->promises, future, task);
	}
}

uint64_t cpython_pool_free_variable(struct lp_pools *pools, uint64_t object, const char *function,
				    const char *name)
{
	const struct lp_cpython *python = pools->python;
	uint64_t qualname;

	if (!object || !(cpython_wait_type_of(pools->waits, object)->kinds & LP_WAIT_FUNCTION))
		return 0;
	qualname = memory_u64(python->pid, object + python->row.function.func_qualname);
	if (!qualname || !cpython_string_equals(python, qualname, function))
		return 0;
	return cpython_wait_closure(pools->waits, object, name);
}

/* Returns the task of run_coroutine_threadsafe() whose end sets a future, or 0. */
static uint64_t source_of(struct lp_pools *pools, uint64_t future)
{
	uint64_t callbacks = cpython_instance_get(pools->python, future, "_done_callbacks");
	uint64_t *members, source = 0;
	ssize_t count = cpython_pool_members(pools, callbacks, &members), i;

	for (i = 0; i < count && !source; i++)
		source = cpython_pool_free_variable(
			pools, members[i], "_chain_future.<locals>._call_check_cancel", "source");
	free(members);
	return source && map_get(&pools->tasks, source) ? source : 0;
}

uint64_t cpython_pool_promise_task(struct lp_pools *pools, uint64_t future)
{
	const uint64_t *task = map_get(&pools->promises, future);

	return task ? *task : source_of(pools, future);
}

uint64_t cpython_pool_loop_task(struct lp_pools *pools, size_t thread, struct lp_await_chain *chain)
{
	size_t count = cpython_pool_frames(pools, pools->states[thread], chain);
	uint64_t future;

	/* of loops that run within each other, the innermost has to end first */
	while (count--) {
		if (!cpython_pool_is_function(pools, &chain->links[count], "asyncio/base_events.py",
					      "run_until_complete"))
			continue;
		future = cpython_frame_variable(pools->python, &chain->links[count], "future");
		return future && map_get(&pools->tasks, future) ? future : 0;
	}
	return 0;
}
