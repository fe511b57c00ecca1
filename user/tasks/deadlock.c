// SPDX-License-Identifier: BSD-2-Clause
/* Finds tasks that wait for each other in a circle; struct lp_deadlock has the definition. */
#include "graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct finder {
	const struct lp_task_list *list;
	struct lp_task_graph *graph;
	/* the graph's holders, reversed: the tasks that wait for what a task holds */
	struct lp_csr_graph held_for;
	uint32_t *pending; /* for each task, the number of stuck tasks whose end it waits for */
	bool *stuck; /* the graph's array */
	bool *fresh; /* stuck tasks that were not counted yet */
	/* links from stuck tasks to the stuck tasks they wait for, for any reason */
	struct lp_csr_graph waits;
	struct lp_csr_graph waited_by;
	uint32_t *component; /* components of waits */
	uint32_t *queue;
	uint32_t *from; /* predecessor of each task in a search; NONE: not reached */
};

static bool can_step(const struct lp_task *task)
{
	return task->state == LP_TASK_RUNNING || task->state == LP_TASK_READY ||
	       task->state == LP_TASK_DONE || task->goes_on;
}

static void set_free(struct finder *finder, uint32_t task, size_t *queued)
{
	if (!finder->stuck[task])
		return;
	finder->stuck[task] = false;
	finder->queue[(*queued)++] = task;
}

/*
 * Marks all tasks as stuck, then clears those that can continue and, in turn, the tasks that
 * wait for these.
 */
static void find_stuck(struct finder *finder)
{
	const struct lp_task_graph *graph = finder->graph;
	size_t i, at, queued = 0;

	for (i = 0; i < graph->count; i++) {
		finder->stuck[i] = true;
		finder->pending[i] = (uint32_t)csr_graph_count(&graph->awaits, i);
	}
	for (i = 0; i < graph->count; i++)
		if (can_step(&finder->list->tasks[i]) || graph->holder_unknown[i] ||
		    (!finder->pending[i] && !csr_graph_count(&graph->holders, i)))
			set_free(finder, (uint32_t)i, &queued);
	for (i = 0; i < queued; i++) {
		uint32_t task = finder->queue[i];
		const uint32_t *parents = csr_graph_row(&graph->awaited_by, task);
		const uint32_t *waiters = csr_graph_row(&finder->held_for, task);

		for (at = 0; at < csr_graph_count(&graph->awaited_by, task); at++)
			if (!--finder->pending[parents[at]] ||
			    finder->list->tasks[parents[at]].any_end)
				set_free(finder, parents[at], &queued);
		for (at = 0; at < csr_graph_count(&finder->held_for, task); at++)
			set_free(finder, waiters[at], &queued);
	}
}

static int add_stuck(struct finder *finder, struct lp_csr_graph_builder *maker,
		     const struct lp_csr_graph *links, size_t task)
{
	size_t at;
	int err = 0;

	for (at = 0; at < csr_graph_count(links, task) && !err; at++)
		if (finder->stuck[csr_graph_row(links, task)[at]])
			err = csr_graph_add(maker, csr_graph_row(links, task)[at]);
	return err;
}

static int link_stuck(struct finder *finder)
{
	struct lp_csr_graph_builder maker;
	size_t i;
	int err = csr_graph_begin(&maker, &finder->waits, finder->graph->count);

	if (err)
		return err;
	for (i = 0; i < finder->graph->count && !err; i++) {
		csr_graph_begin_row(&maker);
		if (!finder->stuck[i])
			continue;
		err = add_stuck(finder, &maker, &finder->graph->awaits, i);
		if (!err)
			err = add_stuck(finder, &maker, &finder->graph->holders, i);
	}
	csr_graph_end(&maker);
	if (!err)
		err = csr_graph_reverse(&finder->waits, &finder->waited_by);
	if (!err && csr_graph_components(&finder->waits, finder->component) < 0)
		err = -ENOMEM;
	return err;
}

/*
 * Searches the shortest way from a task back to itself within its component.  Returns the
 * last task on it, from which finder->from leads back to the first; NONE if there is no way.
 */
static uint32_t search_circle(struct finder *finder, uint32_t first)
{
	size_t head, at, queued = 0;

	finder->queue[queued++] = first;
	for (head = 0; head < queued; head++) {
		uint32_t task = finder->queue[head];

		for (at = 0; at < csr_graph_count(&finder->waits, task); at++) {
			uint32_t to = csr_graph_row(&finder->waits, task)[at];

			if (to == first)
				return task;
			if (finder->component[to] != finder->component[first] ||
			    finder->from[to] != NONE)
				continue;
			finder->from[to] = task;
			finder->queue[queued++] = to;
		}
	}
	return NONE;
}

/*
 * Rotates a circle so that the first name in order comes first: it then reads the same in
 * each snapshot.
 */
static void rotate(const struct lp_task_list *list, struct lp_deadlock *deadlock, uint32_t *buffer)
{
	size_t i, first = 0, count = deadlock->count;

	for (i = 1; i < count; i++)
		if (strverscmp(list->tasks[deadlock->tasks[i]].name,
			       list->tasks[deadlock->tasks[first]].name) < 0)
			first = i;
	for (i = 0; i < count; i++)
		buffer[i] = deadlock->tasks[(first + i) % count];
	memcpy(deadlock->tasks, buffer, count * sizeof(*buffer));
}

static int add_deadlock(struct finder *finder, uint32_t first, uint32_t last)
{
	struct lp_task_graph *graph = finder->graph;
	struct lp_deadlock *deadlock, *grown;
	size_t at;
	uint32_t task;

	/* the array grows by doubling: up to half of all tasks can be deadlocks */
	if (!(graph->deadlock_count & (graph->deadlock_count - 1))) {
		size_t buffer = graph->deadlock_count ? graph->deadlock_count * 2 : 1;

		grown = realloc(graph->deadlocks, buffer * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		graph->deadlocks = grown;
	}
	deadlock = &graph->deadlocks[graph->deadlock_count];
	*deadlock = (struct lp_deadlock){ .count = 1 };
	for (task = last; task != first; task = finder->from[task])
		deadlock->count++;
	deadlock->tasks = calloc(deadlock->count, sizeof(*deadlock->tasks));
	if (!deadlock->tasks)
		return -ENOMEM;
	graph->deadlock_count++;
	for (task = last, at = deadlock->count; at; task = finder->from[task])
		deadlock->tasks[--at] = task;
	rotate(finder->list, deadlock, finder->queue);
	return 0;
}

/* Finds one circle in each component. */
static int find_circles(struct finder *finder)
{
	bool *done = calloc(finder->graph->count + 1, sizeof(*done));
	size_t i;
	int err = done ? 0 : -ENOMEM;

	for (i = 0; i < finder->graph->count && !err; i++) {
		uint32_t last;

		if (!finder->stuck[i] || done[finder->component[i]])
			continue;
		done[finder->component[i]] = true;
		last = search_circle(finder, (uint32_t)i);
		if (last != NONE)
			err = add_deadlock(finder, (uint32_t)i, last);
	}
	free(done);
	return err;
}

/*
 * Counts the tasks that a deadlock holds up, directly or through others; a task that two
 * deadlocks hold up counts for one of them.
 */
static void count_held_up(struct finder *finder)
{
	struct lp_task_graph *graph = finder->graph;
	bool *fresh = finder->fresh;
	size_t i, at, head;

	memcpy(fresh, finder->stuck, graph->count * sizeof(*fresh));
	for (i = 0; i < graph->deadlock_count; i++)
		for (at = 0; at < graph->deadlocks[i].count; at++)
			fresh[graph->deadlocks[i].tasks[at]] = false;
	for (i = 0; i < graph->deadlock_count; i++) {
		struct lp_deadlock *deadlock = &graph->deadlocks[i];
		size_t queued = deadlock->count;

		memcpy(finder->queue, deadlock->tasks, queued * sizeof(*finder->queue));
		for (head = 0; head < queued; head++) {
			uint32_t task = finder->queue[head];

			for (at = 0; at < csr_graph_count(&finder->waited_by, task); at++) {
				uint32_t waiter = csr_graph_row(&finder->waited_by, task)[at];

				if (fresh[waiter]) {
					fresh[waiter] = false;
					finder->queue[queued++] = waiter;
				}
			}
		}
		deadlock->held_up = queued - deadlock->count;
	}
}

static int worst_first(const void *left, const void *right)
{
	const struct lp_deadlock *a = left, *b = right;
	size_t of_a = a->count + a->held_up, of_b = b->count + b->held_up;

	if (of_a != of_b)
		return of_a < of_b ? 1 : -1;
	return a->tasks[0] < b->tasks[0] ? -1 : a->tasks[0] > b->tasks[0];
}

int graph_find_deadlocks(const struct lp_task_list *list, struct lp_task_graph *graph)
{
	size_t buffer = graph->count + 1, i;
	struct finder finder = { .list = list, .graph = graph };
	int err = csr_graph_reverse(&graph->holders, &finder.held_for);

	finder.pending = malloc(buffer * sizeof(*finder.pending));
	finder.stuck = graph->stuck = calloc(buffer, sizeof(*graph->stuck));
	finder.fresh = malloc(buffer * sizeof(*finder.fresh));
	finder.component = malloc(buffer * sizeof(*finder.component));
	finder.queue = malloc(buffer * sizeof(*finder.queue));
	finder.from = malloc(buffer * sizeof(*finder.from));
	if (!finder.pending || !finder.stuck || !finder.fresh || !finder.component ||
	    !finder.queue || !finder.from)
		err = -ENOMEM;
	if (!err) {
		for (i = 0; i < graph->count; i++)
			finder.from[i] = NONE;
		find_stuck(&finder);
		err = link_stuck(&finder);
	}
	if (!err)
		err = find_circles(&finder);
	if (!err && graph->deadlock_count) {
		count_held_up(&finder);
		qsort(graph->deadlocks, graph->deadlock_count, sizeof(*graph->deadlocks),
		      worst_first);
	}
	csr_graph_free(&finder.held_for);
	csr_graph_free(&finder.waits);
	csr_graph_free(&finder.waited_by);
	free(finder.pending);
	free(finder.fresh);
	free(finder.component);
	free(finder.queue);
	free(finder.from);
	return err;
}

static int by_value(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* Returns whether all tasks of a deadlock were stuck in an earlier snapshot. */
static bool was_stuck(const struct lp_deadlock *deadlock, const struct lp_task_list *list,
		      const uint64_t *stuck, size_t count)
{
	size_t i;

	for (i = 0; i < deadlock->count; i++)
		if (!bsearch(&list->tasks[deadlock->tasks[i]].address, stuck, count, sizeof(*stuck),
			     by_value))
			return false;
	return true;
}

int graph_known_deadlocks(const struct lp_task_list *before_list,
			  const struct lp_task_graph *before, const struct lp_task_list *list,
			  const struct lp_task_graph *graph, bool *known)
{
	uint64_t *stuck = malloc((before->count + 1) * sizeof(*stuck));
	size_t i, count = 0;

	if (!stuck)
		return -ENOMEM;
	for (i = 0; i < before->count; i++)
		if (before->stuck[i])
			stuck[count++] = before_list->tasks[i].address;
	qsort(stuck, count, sizeof(*stuck), by_value);
	for (i = 0; i < graph->deadlock_count; i++)
		known[i] = was_stuck(&graph->deadlocks[i], list, stuck, count);
	free(stuck);
	return 0;
}

int graph_confirm_deadlocks(const struct lp_task_list *before_list,
			    const struct lp_task_graph *before, const struct lp_task_list *list,
			    struct lp_task_graph *graph)
{
	bool *known = calloc(graph->deadlock_count + 1, sizeof(*known));
	size_t i, retained = 0;
	int err = -ENOMEM;

	if (known)
		err = graph_known_deadlocks(before_list, before, list, graph, known);
	for (i = 0; !err && i < graph->deadlock_count; i++) {
		if (known[i])
			graph->deadlocks[retained++] = graph->deadlocks[i];
		else
			free(graph->deadlocks[i].tasks);
	}
	if (!err)
		graph->deadlock_count = retained;
	free(known);
	return err;
}
