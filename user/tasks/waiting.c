// SPDX-License-Identifier: BSD-2-Clause
#include "waiting.h"

#include "base/macros.h"
#include "base/map.h"
#include "base/text.h"
#include "graph.h"
#include "runtime/remote/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is waited for ----------------------------------------------------------------- */

/* A pool, a lock or a queue, and the number of tasks of one loop that wait for it. */
struct waited {
	const struct lp_pool *pool; /* NULL: an object that a task awaits */
	const struct lp_task *task; /* one that awaits it */
	uint32_t count;
};

struct counting {
	const struct lp_task_list *list;
	struct lp_map pools; /* from the address of a task to the pool that it waits for */
	struct lp_map numbers; /* from the address of a pool or an object to its number + 1 */
	struct waited *waited; /* one for each number, of the loop that is counted */
	size_t count;
};

static bool waits(const struct lp_task *task)
{
	return task->state == LP_TASK_WAITING || task->state == LP_TASK_CANCELLING;
}

static void map_pools(struct counting *counting)
{
	const struct lp_task_list *list = counting->list;
	size_t i, j;

	for (i = 0; i < list->pool_count; i++)
		for (j = 0; j < list->pools[i].waiter_count; j++)
			map_put(&counting->pools, list->pools[i].waiters[j].task,
				(uintptr_t)&list->pools[i]);
}

/* Counts what a task waits for, if others can wait for the same. */
static void count_waited(struct counting *counting, const struct lp_task *task)
{
	const struct lp_pool *pool = map_pointer(&counting->pools, task->address);
	bool shared = task->awaited == LP_AWAITED_LOCK || task->awaited == LP_AWAITED_QUEUE;
	uint64_t address = pool ? pool->address : shared ? task->awaited_id : 0;
	const uint64_t *number = address ? map_get(&counting->numbers, address) : NULL;
	size_t at = number ? (size_t)*number - 1 : counting->count;

	/* there are no more numbers than tasks */
	if (!address || (!number && !map_put(&counting->numbers, address, at + 1)))
		return;
	counting->count += !number;
	if (!counting->waited[at].count++) {
		counting->waited[at].pool = pool;
		counting->waited[at].task = task;
	}
}

/* Writes "httpx's pool", "the default executor", "one Semaphore", "one Lock". */
static void waited_name(const struct waited *waited, char *name, size_t size)
{
	const char *class = waited->task->awaited_class, *dot;

	if (waited->pool) {
		snprintf(name, size, "%s%s",
			 waited->pool->kind == LP_POOL_PERMITS ? "one "
			 : strstr(waited->pool->name, "'s ")   ? ""
							       : "the ",
			 waited->pool->name);
	} else {
		dot = strrchr(class, '.');
		snprintf(name, size, "one %s", dot ? dot + 1 : class);
	}
	text_sanitise(name);
}

static void count_loop(struct counting *counting, const struct lp_task_loop *loop,
		       struct lp_waiting_loop *waiting)
{
	const struct waited *most = NULL;
	size_t i;

	memset(waiting, 0, sizeof(*waiting));
	waiting->tid = loop->tid;
	memset(counting->waited, 0, counting->list->count * sizeof(*counting->waited));
	for (i = 0; i < counting->list->count; i++) {
		const struct lp_task *task = &counting->list->tasks[i];

		if (task->loop != loop->address || !waits(task))
			continue;
		waiting->waiting++;
		count_waited(counting, task);
	}
	for (i = 0; i < counting->count; i++)
		if (counting->waited[i].count > (most ? most->count : 0))
			most = &counting->waited[i];
	/* that one task waits for a lock or a queue is nothing that it shares */
	if (!most || (!most->pool && most->count < 2))
		return;
	waiting->most = most->count;
	waited_name(most, waiting->waited_for, sizeof(waiting->waited_for));
}

/* ---- deadlocks -------------------------------------------------------------------------- */

static void count_deadlocks(const struct lp_task_list *list, const struct lp_task_graph *graph,
			    struct lp_waiting_loop *loops, const uint64_t *addresses, size_t count)
{
	size_t i, j, at;

	for (i = 0; i < graph->deadlock_count; i++)
		for (j = 0; j < graph->deadlocks[i].count; j++) {
			uint32_t node = graph->deadlocks[i].nodes[j];

			for (at = 0; at < count && !graph_is_thread(list, node); at++)
				if (list->tasks[node].loop == addresses[at])
					loops[at].deadlocked++;
		}
}

/* Counts deadlocks that both lists have. */
static void confirm_deadlocks(const struct lp_task_list *list, const struct lp_task_list *before,
			      struct lp_waiting_loop *loops, const uint64_t *addresses,
			      size_t count)
{
	struct lp_task_graph graph, before_graph;

	if (graph_build(before, &before_graph))
		return;
	if (before_graph.deadlock_count && !graph_build(list, &graph)) {
		if (!graph_confirm_deadlocks(before, &before_graph, list, &graph))
			count_deadlocks(list, &graph, loops, addresses, count);
		graph_free(&graph);
	}
	graph_free(&before_graph);
}

size_t waiting_count(const struct lp_task_list *list, const struct lp_task_list *before,
		     struct lp_waiting_loop *loops, size_t capacity)
{
	struct counting counting = { .list = list };
	uint64_t addresses[LP_WAITING_LOOPS];
	size_t i, count = 0;

	counting.waited = calloc(list->count + 1, sizeof(*counting.waited));
	if (!counting.waited)
		return 0;
	map_pools(&counting);
	for (i = 0; i < list->loop_count && count < capacity && count < LP_WAITING_LOOPS; i++) {
		if (!list->loops[i].tid)
			continue;
		addresses[count] = list->loops[i].address;
		count_loop(&counting, &list->loops[i], &loops[count++]);
	}
	if (before)
		confirm_deadlocks(list, before, loops, addresses, count);
	map_free(&counting.pools);
	map_free(&counting.numbers);
	free(counting.waited);
	return count;
}

/* ---- in a worker ------------------------------------------------------------------------ */

static bool has_deadlock(const struct lp_task_list *list)
{
	struct lp_task_graph graph;
	bool has;

	if (graph_build(list, &graph))
		return false;
	has = graph.deadlock_count;
	graph_free(&graph);
	return has;
}

/* Serves a request in the worker. */
static ssize_t serve(const struct lp_instance *instance, void *answer, size_t capacity)
{
	struct lp_task_list list, again;
	struct lp_error error;
	size_t count;
	int err;

	if (!instance->runtime->read_tasks)
		return -ENOTSUP;
	err = instance->runtime->read_tasks(instance, &list, &error);
	if (err)
		return err;
	if (has_deadlock(&list) && !instance->runtime->read_tasks(instance, &again, &error)) {
		count = waiting_count(&again, &list, answer,
				      capacity / sizeof(struct lp_waiting_loop));
		task_list_free(&again);
	} else {
		count = waiting_count(&list, NULL, answer,
				      capacity / sizeof(struct lp_waiting_loop));
	}
	task_list_free(&list);
	return (ssize_t)(count * sizeof(struct lp_waiting_loop));
}

void waiting_begin_remote(void)
{
	remote_serve_tasks(serve);
}

size_t waiting_read(const struct lp_instance *instance, struct lp_waiting_loop *loops,
		    size_t capacity)
{
	const struct lp_waiting_loop *answer;
	ssize_t bytes = remote_ask_tasks(instance, (const void **)&answer);
	size_t count = bytes > 0 ? (size_t)bytes / sizeof(*answer) : 0, i;

	if (count > capacity)
		count = capacity;
	for (i = 0; i < count; i++) {
		loops[i] = answer[i];
		loops[i].waited_for[sizeof(loops[i].waited_for) - 1] = '\0';
		text_sanitise(loops[i].waited_for);
	}
	return count;
}
