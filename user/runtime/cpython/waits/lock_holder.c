// SPDX-License-Identifier: BSD-2-Clause
/*
 * Threads and loops are read as for a list of tasks, which itself is not: a lock that a task holds,
 * and a future that a task sets, have no holder here.
 */
#include "lock_holder.h"

#include "pools_internal.h"
#include "runtime/cpython/running_loops.h"

#include <stdlib.h>
#include <string.h>

#define LOOPS_MAX 64

/* Adds the loops that run, of which one may have to begin what is waited for. */
static void add_loops(const struct lp_cpython *python, struct lp_task_list *list)
{
	struct lp_running_loop loops[LOOPS_MAX];
	int count = cpython_find_loops(python, loops, LOOPS_MAX), i;
	bool copied;

	list->loops = calloc(LOOPS_MAX, sizeof(*list->loops));
	for (i = 0; list->loops && i < count; i++) {
		struct lp_task_loop *loop = &list->loops[list->loop_count];

		loop->address = cpython_running_loop(python, loops[i].thread_state, &copied);
		loop->tid = loops[i].tid;
		list->loop_count += loop->address != 0;
	}
}

static void take_thread(const struct lp_pools *pools, size_t number,
			struct lp_event_raw_stack *holder)
{
	const struct lp_pool_thread *thread = &pools->list->pool_threads[number];

	holder->thread_state = pools->states[number];
	holder->depth = (uint32_t)(thread->frame_count < LP_STACK_FRAMES ? thread->frame_count
									 : LP_STACK_FRAMES);
	if (thread->frame_count > LP_STACK_FRAMES)
		holder->flags |= LP_STACK_CUT;
	memcpy(holder->frames, thread->frames, holder->depth * sizeof(holder->frames[0]));
}

static bool find(struct lp_pools *pools, pid_t tid, struct lp_await_chain *chain,
		 struct lp_event_raw_stack *holder)
{
	const struct lp_task_list *list = pools->list;
	const struct lp_thread_wait *wait;
	size_t i;

	cpython_pool_threads(pools, chain);
	for (i = 0; i < list->pool_thread_count; i++)
		if (list->pool_threads[i].tid == tid)
			break;
	if (i == list->pool_thread_count)
		return false;
	cpython_thread_wait_read(pools, i, chain);
	wait = &list->pool_threads[i].wait;
	if (!wait->kind || wait->end_count != 1 || wait->ends[0].task)
		return false;
	take_thread(pools, wait->ends[0].thread, holder);
	if (wait->ends[0].thread == i)
		holder->flags |= LP_STACK_OWN_LOOP;
	return true;
}

bool cpython_lock_holder(const struct lp_instance *instance, pid_t tid,
			 struct lp_event_raw_stack *holder)
{
	const struct lp_cpython *python = instance->reader;
	struct lp_await_chain *chain = calloc(1, sizeof(*chain));
	struct lp_task_list list = { .arena = task_arena_new() };
	struct lp_waits *waits = list.arena ? cpython_waits_new(python, list.arena) : NULL;
	struct lp_pools *pools = waits ? cpython_pools_new(waits, python, &list) : NULL;
	bool found = false;

	memset(holder, 0, sizeof(*holder));
	if (pools && chain) {
		add_loops(python, &list);
		found = find(pools, tid, chain, holder);
	}
	cpython_pools_free(pools);
	cpython_waits_free(waits);
	task_list_free(&list);
	free(chain);
	return found;
}
