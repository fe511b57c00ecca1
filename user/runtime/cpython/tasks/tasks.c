// SPDX-License-Identifier: BSD-2-Clause
/*
 * All tasks of a process: lists their addresses, reads each task, and then finds what each one
 * waits for, which depends on what the others hold.
 *
 * The target runs on meanwhile.  A task whose objects contradict each other is read a second
 * time with an empty cache.  A task that was executing is read again until it is found on its
 * thread's stack or suspended.
 */
#include "tasks.h"

#include "privileges/namespaces.h"
#include "base/clocks.h"
#include "process/memory.h"
#include "enumerate.h"
#include "runtime/cpython/running_loops.h"
#include "task.h"
#include "runtime/cpython/waits/pools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CACHE_BYTES (48UL << 20)
/* The number of second reads in all, each of which empties the cache. */
#define AGAIN_MAX 4096
#define RUNNING_TRIES 8

/* The chain of a task, stored between the two passes. */
struct lp_stored_chain {
	size_t count;
	bool cut, partial, executing;
	uint64_t leaf;
	struct lp_await_link links[];
};

/* One call of cpython_read_tasks. */
struct lp_reading {
	struct lp_task_reader reader;
	struct lp_cpython python; /* a copy, with 3.14's offsets of its _asyncio */
	struct lp_task_list *list;
	struct lp_stored_chain **chains; /* one a task; NULL: it has none */
	struct lp_task_arena *scratch; /* owns the chains */
	struct lp_await_chain chain; /* the chain that is being read */
	size_t again_left; /* how many tasks may still be read a second time */
};

/*
 * Returns whether a loop is running by its own state, but in no thread.  The threads are read
 * again, as the loop may have been started since they were read.  If some were left out, it may run
 * in one of those.
 */
static bool is_copied(const struct lp_cpython *python, uint64_t loop)
{
	static struct lp_running_loop loops[CPYTHON_LOOPS_MAX];
	bool copied, all;
	int count, i;

	if (!cpython_loop_is_running(python, loop))
		return false;
	memory_cache_flush();
	count = cpython_find_all_loops(python, loops, CPYTHON_LOOPS_MAX, &all);
	for (i = 0; i < count; i++)
		if (cpython_running_loop(python, loops[i].thread_state, &copied) == loop)
			return false;
	return all && (count >= 0 || count == -ESTALE);
}

static void add_loop(struct lp_reading *reading, uint64_t address, pid_t tid)
{
	struct lp_task_list *list = reading->list;
	struct lp_task_loop *loop;
	char class[128];
	size_t i;

	for (i = list->loop_count; i--;)
		if (list->loops[i].address == address)
			return;
	if (list->loop_count == CPYTHON_LOOPS_MAX) {
		list->partial = true;
		return;
	}
	loop = &list->loops[list->loop_count++];
	loop->address = address;
	loop->tid = tid;
	loop->copied = !tid && is_copied(&reading->python, address);
	loop->kind = cpython_loop_kind(&reading->python, address);
	cpython_type_name(&reading->python, address, class, sizeof(class));
	loop->class = task_arena_text(list->arena, class);
	loop->own_tasks = loop->kind == LP_LOOP_ASYNCIO &&
			  cpython_makes_own_tasks(&reading->python, address);
}

/* Finds the threads that run loops.  Not to be cached: the search compares changing stacks. */
static void find_threads(struct lp_reading *reading)
{
	struct lp_task_reader *reader = &reading->reader;
	struct lp_running_loop loops[CPYTHON_LOOPS_MAX];
	int count = cpython_find_loops(&reading->python, loops, CPYTHON_LOOPS_MAX), i;

	for (i = 0; i < count; i++) {
		struct lp_loop_thread *thread = &reader->threads[reader->thread_count];
		char class[16];
		bool copied;

		thread->loop =
			cpython_running_loop(&reading->python, loops[i].thread_state, &copied);
		if (!thread->loop ||
		    cpython_type_name(&reading->python, thread->loop, class, sizeof(class)) ||
		    !strcmp(class, "NoneType"))
			continue;
		thread->tid = loops[i].tid;
		thread->state = loops[i].thread_state;
		reader->thread_count++;
		add_loop(reading, thread->loop, thread->tid);
	}
}

static void keep_chain(struct lp_reading *reading, size_t index)
{
	const struct lp_await_chain *chain = &reading->chain;
	size_t bytes = chain->count * sizeof(chain->links[0]);
	struct lp_stored_chain *stored;

	reading->chains[index] = NULL;
	if (!chain->count)
		return;
	stored = task_arena_take(reading->scratch, sizeof(*stored) + bytes);
	if (!stored) {
		reading->list->tasks[index].partial = true;
		return;
	}
	stored->count = chain->count;
	stored->cut = chain->cut;
	stored->partial = chain->partial;
	stored->leaf = chain->leaf;
	stored->executing = cpython_chain_runs(chain);
	memcpy(stored->links, chain->links, bytes);
	reading->chains[index] = stored;
}

static void take_chain(struct lp_reading *reading, const struct lp_stored_chain *stored)
{
	struct lp_await_chain *chain = &reading->chain;

	chain->count = stored->count;
	chain->cut = stored->cut;
	chain->partial = stored->partial;
	chain->leaf = stored->leaf;
	memcpy(chain->links, stored->links, stored->count * sizeof(chain->links[0]));
}

/* Reads a task, and a second time if it is inconsistent.  False: as cpython_read_task. */
static bool read_task(struct lp_reading *reading, uint64_t address, struct lp_task *task)
{
	struct lp_task_reader *reader = &reading->reader;

	if (!cpython_read_task(reader, address, task, &reading->chain))
		return false;
	if (!task->partial || !reading->again_left)
		return true;
	reading->again_left--;
	memory_cache_flush();
	return cpython_read_task(reader, address, task, &reading->chain);
}

/*
 * Reads a task that was executing again, until its state is known: running with the frames of
 * its stack, or suspended.  False: it has ended.
 */
static bool resolve(struct lp_reading *reading, size_t index)
{
	struct lp_task *task = &reading->list->tasks[index];
	struct lp_task_reader *reader = &reading->reader;
	const struct lp_loop_thread *thread = NULL;
	int tries;

	for (tries = 0; tries < RUNNING_TRIES; tries++) {
		memory_cache_flush();
		if (!cpython_read_task(reader, task->address, task, &reading->chain))
			return false;
		keep_chain(reading, index);
		if (!cpython_chain_runs(&reading->chain) ||
		    cpython_read_running(reader, task, &reading->chain))
			return true;
	}
	/* its stack cannot be read, or something else than its loop runs the coroutine */
	thread = cpython_loop_thread(reader, task->loop);
	if (thread &&
	    cpython_current_task(&reading->python, thread->state, thread->loop) == task->address)
		task->state = LP_TASK_RUNNING;
	task->partial = true;
	return true;
}

/*
 * Resolves all tasks that were executing.  A loop runs one task at a time (and the tasks that
 * have created it as an eager one): of tasks that were found running one after the other, the
 * second round corrects those that are not on the stack any more.
 */
static void resolve_all(struct lp_reading *reading)
{
	struct lp_task_list *list = reading->list;
	size_t i;
	int rounds;

	for (rounds = 0; rounds < 2; rounds++) {
		for (i = 0; i < list->count; i++) {
			struct lp_task *task = &list->tasks[i];

			if (!task->address || !reading->chains[i] || !reading->chains[i]->executing)
				continue;
			if (!resolve(reading, i))
				task->address = 0;
		}
	}
}

/*
 * Corrects the state of the tasks that loops are stepping: such a task may have been suspended
 * when it was read, or have a coroutine that is not Python's, but Cython's for example.
 */
static void inspect_current(struct lp_reading *reading)
{
	struct lp_task_list *list = reading->list;
	const struct lp_task_reader *reader = &reading->reader;
	size_t i, j;

	for (i = 0; i < reader->thread_count; i++) {
		const struct lp_loop_thread *thread = &reader->threads[i];
		uint64_t current =
			cpython_current_task(&reading->python, thread->state, thread->loop);

		for (j = 0; current && j < list->count; j++)
			if (list->tasks[j].address == current)
				break;
		if (!current || j == list->count || list->tasks[j].state == LP_TASK_DONE)
			continue;
		if (!reading->chains[j])
			list->tasks[j].state = LP_TASK_RUNNING;
		else if (!reading->chains[j]->executing && !resolve(reading, j))
			list->tasks[j].address = 0;
	}
}

static void drop_ended(struct lp_reading *reading)
{
	struct lp_task_list *list = reading->list;
	size_t stored = 0, i;

	for (i = 0; i < list->count; i++) {
		if (!list->tasks[i].address)
			continue;
		list->tasks[stored] = list->tasks[i];
		reading->chains[stored++] = reading->chains[i];
	}
	list->count = stored;
}

/* Reads the tasks in the order of their addresses, as the cache has neighbours already. */
static int read_each(struct lp_reading *reading, const struct lp_task_addresses *addresses)
{
	struct lp_task_list *list = reading->list;
	size_t i;

	list->partial |= addresses->partial;
	list->ended_partial |= addresses->ended_partial;
	if (!addresses->count)
		return 0;
	list->tasks = malloc(addresses->count * sizeof(*list->tasks));
	reading->chains = malloc(addresses->count * sizeof(*reading->chains));
	if (!list->tasks || !reading->chains)
		return -ENOMEM;
	for (i = 0; i < addresses->count; i++) {
		struct lp_task *task = &list->tasks[list->count];

		if (!read_task(reading, addresses->items[i], task))
			continue;
		keep_chain(reading, list->count++);
		if (task->loop)
			add_loop(reading, task->loop, task->tid);
	}
	resolve_all(reading);
	memory_cache_flush();
	inspect_current(reading);
	drop_ended(reading);
	return 0;
}

static bool waits(const struct lp_task *task)
{
	return task->state == LP_TASK_WAITING || task->state == LP_TASK_CANCELLING;
}

/* Reads the pools, whose holders and waiters are known by the waits of all tasks. */
static void read_pools(struct lp_reading *reading, struct lp_waits *noted)
{
	struct lp_task_list *list = reading->list;
	struct lp_pools *pools = cpython_pools_new(noted, &reading->python, list);
	size_t i;

	/* without memory for them, there are tasks only */
	if (!pools)
		return;
	for (i = 0; reading->chains && i < list->count; i++) {
		if (!reading->chains[i])
			continue;
		take_chain(reading, reading->chains[i]);
		cpython_pools_note(pools, i, &reading->chain);
	}
	cpython_pools_fill(pools);
	cpython_pools_free(pools);
}

static int read_waits(struct lp_reading *reading)
{
	struct lp_task_list *list = reading->list;
	int64_t shift = namespaces_clock_shift("/proc", reading->python.pid);
	struct lp_waits *noted = cpython_waits_new(&reading->python, list->arena);
	size_t i;

	if (!noted)
		return -ENOMEM;
	for (i = 0; reading->chains && i < list->count; i++) {
		if (!reading->chains[i]) {
			if (list->tasks[i].state != LP_TASK_DONE)
				cpython_orphans_note_unread(noted);
			continue;
		}
		take_chain(reading, reading->chains[i]);
		cpython_waits_note(noted, list->tasks[i].address, &reading->chain);
		cpython_orphans_note(noted, &reading->chain);
	}
	for (i = 0; reading->chains && i < list->count; i++) {
		if (!reading->chains[i] || !waits(&list->tasks[i]))
			continue;
		take_chain(reading, reading->chains[i]);
		/* timers use the target's clock, which has another zero in a time namespace */
		cpython_waits_fill(noted, &reading->chain, memory_time() + (uint64_t)shift,
				   &list->tasks[i]);
		if (list->tasks[i].since_ns)
			list->tasks[i].since_ns -= (uint64_t)shift;
	}
	for (i = 0; reading->chains && i < list->count; i++) {
		if (!reading->chains[i])
			continue;
		take_chain(reading, reading->chains[i]);
		cpython_orphans_check(noted, &list->tasks[i], &reading->chain);
	}
	cpython_orphans_tell(noted, list);
	read_pools(reading, noted);
	cpython_waits_free(noted);
	return 0;
}

static int most_first(const void *left, const void *right)
{
	const struct lp_ended_tasks *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->coroutine, b->coroutine);
}

/* Moves the counts of ended tasks to the list. */
static void take_ended(struct lp_task_reader *reader, struct lp_task_list *list)
{
	size_t size = reader->ended_count * sizeof(*list->ended);

	list->ended = size ? task_arena_take(list->arena, size) : NULL;
	if (!list->ended)
		return;
	memcpy(list->ended, reader->ended, size);
	list->ended_count = reader->ended_count;
	list->ended_total = reader->ended_total;
	qsort(list->ended, list->ended_count, sizeof(*list->ended), most_first);
}

static int read_all(struct lp_reading *reading)
{
	struct lp_task_reader *reader = &reading->reader;
	struct lp_task_addresses addresses;
	int err;

	cpython_enumerate_tasks(&reading->python, reader->task_type, 0, &addresses);
	err = read_each(reading, &addresses);
	free(addresses.items);
	take_ended(reader, reading->list);
	return err ? err : read_waits(reading);
}

int cpython_read_tasks(const struct lp_cpython *python, struct lp_task_list *list,
		       struct lp_error *error)
{
	struct lp_reading *reading = calloc(1, sizeof(*reading));
	struct lp_task_reader *reader;
	int err = -ENOMEM;

	memset(list, 0, sizeof(*list));
	list->time_ns = clock_now();
	list->arena = task_arena_new();
	list->loops = calloc(CPYTHON_LOOPS_MAX, sizeof(*list->loops));
	if (!reading || !list->arena || !list->loops)
		goto cleanup;
	reading->list = list;
	reading->python = *python;
	reading->again_left = AGAIN_MAX;
	reading->scratch = task_arena_new();
	if (!reading->scratch)
		goto cleanup;
	reader = &reading->reader;
	reader->python = &reading->python;
	reader->arena = list->arena;
	reader->task_type = cpython_module_attribute(python, "_asyncio", "Task");
	reader->future_type = cpython_module_attribute(python, "_asyncio", "Future");
	err = 0;
	if (!cpython_module_attribute(python, "asyncio.tasks", "Task"))
		goto cleanup;
	/* without _asyncio, there is no type in C: all tasks are of classes in Python */
	if (reader->task_type && python->row.thread.asyncio_tasks_head != LP_NO_FIELD &&
	    cpython_asyncio_offsets(python, &reading->python.row))
		list->partial = true;
	find_threads(reading);
	/* if there is no memory for the cache, reading takes longer */
	memory_cache_open(python->pid, CACHE_BYTES);
	err = read_all(reading);
	memory_cache_close();
cleanup:
	if (reading) {
		free(reading->chains);
		task_arena_free(reading->scratch);
	}
	free(reading);
	if (!err)
		return 0;
	task_list_free(list);
	return error_set(error, err, "cannot hold the tasks of process %d: %s", python->pid,
			 strerror(-err));
}
