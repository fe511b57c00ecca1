// SPDX-License-Identifier: BSD-2-Clause
/*
 * Threads and loops are read as for a list of tasks.  Tasks are read, for TASKS_NS at most, only if
 * one may hold what is waited for: no thread is known to, or the lock is an RLock, whose owner may
 * be the thread of a loop.
 */
#include "lock_holder.h"

#include "base/clocks.h"
#include "enumerate.h"
#include "privileges/namespaces.h"
#include "process/memory.h"
#include "runtime/cpython/running_loops.h"
#include "runtime/cpython/waits/pools.h"
#include "task.h"

#include <stdlib.h>
#include <string.h>

#define LOOPS_MAX 64
/* Bounds of one search: the time in ns for tasks, and the bytes that are cached meanwhile. */
#define TASKS_NS (50 * NS_PER_MS)
#define CACHE_BYTES (16UL << 20)

/* One search. */
struct holder_search {
	struct lp_cpython python; /* a copy, to which the offsets of _asyncio are added on 3.14 */
	struct lp_task_list list;
	struct lp_waits *waits;
	struct lp_pools *pools;
	struct lp_task_reader reader;
	struct lp_await_chain chain; /* the one that is being read */
};

/* Adds the loops that run, of which one may have to begin what is waited for. */
static void add_loops(struct holder_search *search)
{
	struct lp_running_loop loops[LOOPS_MAX];
	int count = cpython_find_loops(&search->python, loops, LOOPS_MAX), i;
	struct lp_task_list *list = &search->list;
	bool copied;

	list->loops = calloc(LOOPS_MAX, sizeof(*list->loops));
	for (i = 0; list->loops && i < count; i++) {
		struct lp_loop_thread *thread =
			&search->reader.threads[search->reader.thread_count];
		uint64_t address =
			cpython_running_loop(&search->python, loops[i].thread_state, &copied);

		if (!address)
			continue;
		*thread = (struct lp_loop_thread){ .tid = loops[i].tid,
						   .state = loops[i].thread_state,
						   .loop = address };
		search->reader.thread_count++;
		list->loops[list->loop_count++] =
			(struct lp_task_loop){ .address = address, .tid = loops[i].tid };
	}
}

/* ---- tasks --------------------------------------------------------------------------- */

/* Adds the tasks that are suspended, and notes what each holds. */
static void read_each(struct holder_search *search, const struct lp_task_addresses *addresses,
		      uint64_t until_ns)
{
	struct lp_task_list *list = &search->list;
	size_t i;

	list->tasks = calloc(addresses->count + 1, sizeof(*list->tasks));
	for (i = 0; list->tasks && i < addresses->count && clock_now() < until_ns; i++) {
		struct lp_task *task = &list->tasks[list->count];

		/* what a running task holds counts as held by its thread */
		if (!cpython_read_task(&search->reader, addresses->items[i], task,
				       &search->chain) ||
		    !search->chain.count || cpython_chain_runs(&search->chain))
			continue;
		cpython_waits_note(search->waits, task->address, &search->chain);
		cpython_pools_add_task(search->pools, list->count++, &search->chain);
	}
}

static void read_tasks(struct holder_search *search)
{
	const struct lp_cpython *python = &search->python;
	struct lp_task_reader *reader = &search->reader;
	uint64_t until_ns = clock_now() + TASKS_NS;
	struct lp_task_addresses addresses;

	reader->python = python;
	reader->arena = search->list.arena;
	reader->task_type = cpython_module_attribute(python, "_asyncio", "Task");
	reader->future_type = cpython_module_attribute(python, "_asyncio", "Future");
	if (!cpython_module_attribute(python, "asyncio.tasks", "Task"))
		return;
	if (reader->task_type && python->row.thread.asyncio_tasks_head != LP_NO_FIELD)
		cpython_asyncio_offsets(python, &search->python.row);
	/* type 0: ended tasks, which hold nothing, are not searched */
	cpython_enumerate_tasks(python, 0, until_ns, &addresses);
	read_each(search, &addresses, until_ns);
	free(addresses.items);
}

static const struct lp_task *find_task(const struct lp_task_list *list, uint64_t address)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->tasks[i].address == address)
			return &list->tasks[i];
	return NULL;
}

/* Returns the instant since when a suspended task waits where it is, or 0. */
static uint64_t since(struct holder_search *search, uint64_t address)
{
	int64_t shift = namespaces_clock_shift("/proc", search->python.pid);
	struct lp_task task;

	if (!cpython_read_task(&search->reader, address, &task, &search->chain) ||
	    !search->chain.count || cpython_chain_runs(&search->chain))
		return 0;
	cpython_waits_fill(search->waits, &search->chain, clock_now() + (uint64_t)shift, &task);
	return task.since_ns ? task.since_ns - (uint64_t)shift : 0;
}

/* ---- the holder ------------------------------------------------------------------------ */

static bool take_task(struct holder_search *search, uint64_t address, pid_t tid,
		      struct lp_event_raw_stack *holder)
{
	const struct lp_task *task = find_task(&search->list, address);
	uint32_t i;

	if (!task)
		return false;
	holder->flags |= LP_STACK_OF_TASK;
	holder->thread_state = task->address;
	holder->thread = (uint32_t)task->tid;
	holder->depth = (uint32_t)(task->frame_count < LP_STACK_FRAMES ? task->frame_count
								       : LP_STACK_FRAMES);
	if (task->frame_count > LP_STACK_FRAMES || task->cut)
		holder->flags |= LP_STACK_CUT;
	for (i = 0; i < holder->depth; i++)
		holder->frames[i] = task->frames[task->frame_count - 1 - i].raw;
	if (task->tid == tid)
		holder->flags |= LP_STACK_OWN_LOOP;
	holder->stack = since(search, address);
	return true;
}

static void take_thread(const struct holder_search *search, size_t number,
			struct lp_event_raw_stack *holder)
{
	const struct lp_pool_thread *thread = &search->list.pool_threads[number];

	holder->thread_state = cpython_pools_thread_state(search->pools, number);
	holder->depth = (uint32_t)(thread->frame_count < LP_STACK_FRAMES ? thread->frame_count
									 : LP_STACK_FRAMES);
	if (thread->frame_count > LP_STACK_FRAMES)
		holder->flags |= LP_STACK_CUT;
	memcpy(holder->frames, thread->frames, holder->depth * sizeof(holder->frames[0]));
}

static bool runs_loop(const struct lp_task_list *list, size_t thread)
{
	size_t i;

	for (i = 0; i < list->loop_count; i++)
		if (list->loops[i].tid == list->pool_threads[thread].tid)
			return true;
	return false;
}

/* Returns whether a task may be what ends a wait.  The owner of an RLock may be a loop's thread. */
static bool may_be_task(const struct lp_task_list *list, const struct lp_thread_wait *wait)
{
	switch (wait->kind) {
	case LP_THREAD_AWAITS_LOCK:
		return !wait->end_count || (wait->owned && runs_loop(list, wait->ends[0].thread));
	case LP_THREAD_AWAITS_FUTURE:
		return !wait->end_count && !wait->loop;
	default:
		return false;
	}
}

static bool find(struct holder_search *search, pid_t tid, struct lp_event_raw_stack *holder)
{
	size_t number = cpython_pools_read_thread(search->pools, tid);
	const struct lp_thread_wait *wait;

	if (number == SIZE_MAX)
		return false;
	wait = &search->list.pool_threads[number].wait;
	if (may_be_task(&search->list, wait)) {
		read_tasks(search);
		cpython_pools_reread_thread(search->pools, number);
	}
	if (!wait->kind || wait->end_count != 1)
		return false;
	holder->flags |= wait->kind == LP_THREAD_AWAITS_LOCK ? LP_STACK_LOCK : LP_STACK_RESULT;
	if (wait->kind == LP_THREAD_AWAITS_THREAD)
		holder->flags |= LP_STACK_END;
	if (wait->ends[0].task)
		return take_task(search, wait->ends[0].task, tid, holder);
	take_thread(search, wait->ends[0].thread, holder);
	if (wait->ends[0].thread == number)
		holder->flags |= LP_STACK_OWN_LOOP;
	return true;
}

bool cpython_lock_holder(const struct lp_instance *instance, pid_t tid,
			 struct lp_event_raw_stack *holder)
{
	struct holder_search *search = calloc(1, sizeof(*search));
	bool found = false;

	memset(holder, 0, sizeof(*holder));
	if (!search)
		return false;
	search->python = *(const struct lp_cpython *)instance->reader;
	search->list.arena = task_arena_new();
	if (search->list.arena)
		search->waits = cpython_waits_new(&search->python, search->list.arena);
	if (search->waits)
		search->pools = cpython_pools_new(search->waits, &search->python, &search->list);
	if (search->pools) {
		add_loops(search);
		memory_cache_open(search->python.pid, CACHE_BYTES);
		found = find(search, tid, holder);
		memory_cache_close();
	}
	cpython_pools_free(search->pools);
	cpython_waits_free(search->waits);
	task_list_free(&search->list);
	free(search);
	return found;
}
