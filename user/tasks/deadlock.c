// SPDX-License-Identifier: BSD-2-Clause
/* Finds tasks that wait for each other in a circle; struct lp_deadlock has the definition. */
#include "wait_graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE LP_WAIT_GRAPH_NONE

struct finder {
	const struct lp_task_list *list;
	struct lp_task_graph *graph;
	struct lp_wait_graph needs;
	uint32_t *pending; /* for each task, the number of stuck tasks whose end it waits for */
	bool *stuck; /* the graph's array */
	bool *open; /* its own wait can end; it may still need the thread of its loop */
	bool *fresh; /* stuck tasks that were not counted yet */
	/* links from stuck nodes to the stuck nodes that they wait for, for any reason */
	struct lp_csr_graph waits;
	struct lp_csr_graph waited_by;
	uint32_t *component; /* components of waits */
	uint32_t *queue;
	uint32_t *from; /* predecessor of each node in a search; NONE: not reached */
};

/* Frees a node if the thread that it needs is not stuck. */
static void set_free(struct finder *finder, uint32_t node, size_t *queued)
{
	uint32_t gate = finder->needs.gate[node];

	finder->open[node] = true;
	if (!finder->stuck[node] || (gate != NONE && finder->stuck[gate]))
		return;
	finder->stuck[node] = false;
	finder->queue[(*queued)++] = node;
}

/* Frees what waits for a node that is free. */
static void follow_free(struct finder *finder, uint32_t node, size_t *queued)
{
	const struct lp_wait_graph *needs = &finder->needs;
	const uint32_t *parents = csr_graph_row(&needs->ended_by, node);
	const uint32_t *waiters = csr_graph_row(&needs->held_for, node);
	const uint32_t *tasks = csr_graph_row(&needs->gates, node);
	size_t at;

	for (at = 0; at < csr_graph_count(&needs->ended_by, node); at++)
		if (!--finder->pending[parents[at]] || finder->list->tasks[parents[at]].any_end)
			set_free(finder, parents[at], queued);
	for (at = 0; at < csr_graph_count(&needs->held_for, node); at++)
		set_free(finder, waiters[at], queued);
	for (at = 0; at < csr_graph_count(&needs->gates, node); at++)
		if (finder->open[tasks[at]])
			set_free(finder, tasks[at], queued);
}

/* Marks all as stuck, then clears those that can continue and, in turn, what waits for these. */
static void find_stuck(struct finder *finder)
{
	const struct lp_wait_graph *needs = &finder->needs;
	size_t i, queued = 0;

	for (i = 0; i < needs->count; i++) {
		finder->stuck[i] = true;
		finder->pending[i] = (uint32_t)csr_graph_count(&needs->ends, i);
	}
	for (i = 0; i < needs->count; i++)
		if (needs->free[i] || (i < finder->list->count && !finder->pending[i] &&
				       !csr_graph_count(&needs->holders, i)))
			set_free(finder, (uint32_t)i, &queued);
	for (i = 0; i < queued; i++)
		follow_free(finder, finder->queue[i], &queued);
}

static int add_stuck(struct finder *finder, struct lp_csr_graph_builder *maker,
		     const struct lp_csr_graph *links, size_t node)
{
	size_t at;
	int err = 0;

	for (at = 0; at < csr_graph_count(links, node) && !err; at++)
		if (finder->stuck[csr_graph_row(links, node)[at]])
			err = csr_graph_add(maker, csr_graph_row(links, node)[at]);
	return err;
}

static int link_stuck(struct finder *finder)
{
	const struct lp_wait_graph *needs = &finder->needs;
	struct lp_csr_graph_builder maker;
	size_t i;
	int err = csr_graph_begin(&maker, &finder->waits, needs->count);

	if (err)
		return err;
	for (i = 0; i < needs->count && !err; i++) {
		csr_graph_begin_row(&maker);
		if (!finder->stuck[i])
			continue;
		/* an open node is stuck for its thread only */
		if (!finder->open[i])
			err = add_stuck(finder, &maker, &needs->ends, i);
		if (!err && !finder->open[i])
			err = add_stuck(finder, &maker, &needs->holders, i);
		if (!err && needs->gate[i] != NONE && finder->stuck[needs->gate[i]])
			err = csr_graph_add(&maker, needs->gate[i]);
	}
	csr_graph_end(&maker);
	if (!err)
		err = csr_graph_reverse(&finder->waits, &finder->waited_by);
	if (!err && csr_graph_components(&finder->waits, finder->component) < 0)
		err = -ENOMEM;
	return err;
}

/*
 * Searches the shortest way from a node back to itself within its component.  Returns the
 * last node on it, from which finder->from leads back to the first; NONE if there is no way.
 */
static uint32_t search_circle(struct finder *finder, uint32_t first)
{
	size_t head, at, queued = 0;

	finder->queue[queued++] = first;
	for (head = 0; head < queued; head++) {
		uint32_t node = finder->queue[head];

		for (at = 0; at < csr_graph_count(&finder->waits, node); at++) {
			uint32_t to = csr_graph_row(&finder->waits, node)[at];

			if (to == first)
				return node;
			if (finder->component[to] != finder->component[first] ||
			    finder->from[to] != NONE)
				continue;
			finder->from[to] = node;
			finder->queue[queued++] = to;
		}
	}
	return NONE;
}

static const char *node_name(const struct lp_task_list *list, uint32_t node)
{
	return graph_is_thread(list, node) ? graph_thread(list, node)->name
					   : list->tasks[node].name;
}

/*
 * Rotates a circle so that the first name in order comes first: it then reads the same in
 * each snapshot.
 */
static void rotate(const struct lp_task_list *list, struct lp_deadlock *deadlock, uint32_t *buffer)
{
	size_t i, first = 0, count = deadlock->count;

	for (i = 1; i < count; i++)
		if (strverscmp(node_name(list, deadlock->nodes[i]),
			       node_name(list, deadlock->nodes[first])) < 0)
			first = i;
	for (i = 0; i < count; i++)
		buffer[i] = deadlock->nodes[(first + i) % count];
	memcpy(deadlock->nodes, buffer, count * sizeof(*buffer));
}

static int add_deadlock(struct finder *finder, uint32_t first, uint32_t last)
{
	struct lp_task_graph *graph = finder->graph;
	struct lp_deadlock *deadlock, *grown;
	size_t at;
	uint32_t node;

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
	for (node = last; node != first; node = finder->from[node])
		deadlock->count++;
	deadlock->nodes = calloc(deadlock->count, sizeof(*deadlock->nodes));
	if (!deadlock->nodes)
		return -ENOMEM;
	graph->deadlock_count++;
	for (node = last, at = deadlock->count; at; node = finder->from[node])
		deadlock->nodes[--at] = node;
	rotate(finder->list, deadlock, finder->queue);
	return 0;
}

/* Finds one circle in each component. */
static int find_circles(struct finder *finder)
{
	bool *done = calloc(finder->needs.count + 1, sizeof(*done));
	size_t i;
	int err = done ? 0 : -ENOMEM;

	for (i = 0; i < finder->needs.count && !err; i++) {
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

	memcpy(fresh, finder->stuck, finder->needs.count * sizeof(*fresh));
	for (i = 0; i < graph->deadlock_count; i++)
		for (at = 0; at < graph->deadlocks[i].count; at++)
			fresh[graph->deadlocks[i].nodes[at]] = false;
	for (i = 0; i < graph->deadlock_count; i++) {
		struct lp_deadlock *deadlock = &graph->deadlocks[i];
		size_t queued = deadlock->count;

		deadlock->held_up = 0;
		memcpy(finder->queue, deadlock->nodes, queued * sizeof(*finder->queue));
		for (head = 0; head < queued; head++) {
			uint32_t task = finder->queue[head];

			for (at = 0; at < csr_graph_count(&finder->waited_by, task); at++) {
				uint32_t waiter = csr_graph_row(&finder->waited_by, task)[at];

				if (!fresh[waiter])
					continue;
				fresh[waiter] = false;
				finder->queue[queued++] = waiter;
				deadlock->held_up += waiter < graph->count;
			}
		}
	}
}

static int worst_first(const void *left, const void *right)
{
	const struct lp_deadlock *a = left, *b = right;
	size_t of_a = a->count + a->held_up, of_b = b->count + b->held_up;

	if (of_a != of_b)
		return of_a < of_b ? 1 : -1;
	return a->nodes[0] < b->nodes[0] ? -1 : a->nodes[0] > b->nodes[0];
}

int graph_find_deadlocks(const struct lp_task_list *list, struct lp_task_graph *graph)
{
	struct finder finder = { .list = list, .graph = graph };
	int err = wait_graph_build(list, graph, &finder.needs);
	size_t buffer, i;

	if (err)
		return err;
	buffer = finder.needs.count + 1;

	finder.pending = malloc(buffer * sizeof(*finder.pending));
	finder.stuck = graph->stuck = calloc(buffer, sizeof(*graph->stuck));
	finder.open = calloc(buffer, sizeof(*finder.open));
	finder.fresh = malloc(buffer * sizeof(*finder.fresh));
	finder.component = malloc(buffer * sizeof(*finder.component));
	finder.queue = malloc(buffer * sizeof(*finder.queue));
	finder.from = malloc(buffer * sizeof(*finder.from));
	if (!finder.pending || !finder.stuck || !finder.open || !finder.fresh ||
	    !finder.component || !finder.queue || !finder.from)
		err = -ENOMEM;
	if (!err) {
		for (i = 0; i < finder.needs.count; i++)
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
	wait_graph_free(&finder.needs);
	csr_graph_free(&finder.waits);
	csr_graph_free(&finder.waited_by);
	free(finder.pending);
	free(finder.open);
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

/* Identifies a task or a thread in all snapshots of a process: user space has no such address. */
static uint64_t identity_of(const struct lp_task_list *list, uint32_t node)
{
	return graph_is_thread(list, node) ? 1ULL << 63 | (uint32_t)graph_thread(list, node)->tid
					   : list->tasks[node].address;
}

/* Returns whether all of a deadlock were stuck in an earlier snapshot. */
static bool was_stuck(const struct lp_deadlock *deadlock, const struct lp_task_list *list,
		      const uint64_t *stuck, size_t count)
{
	size_t i;

	for (i = 0; i < deadlock->count; i++) {
		uint64_t identity = identity_of(list, deadlock->nodes[i]);

		if (!bsearch(&identity, stuck, count, sizeof(*stuck), by_value))
			return false;
	}
	return true;
}

int graph_known_deadlocks(const struct lp_task_list *before_list,
			  const struct lp_task_graph *before, const struct lp_task_list *list,
			  const struct lp_task_graph *graph, bool *known)
{
	size_t nodes = before->count + before_list->pool_thread_count, i, count = 0;
	uint64_t *stuck = malloc((nodes + 1) * sizeof(*stuck));

	if (!stuck)
		return -ENOMEM;
	for (i = 0; i < nodes; i++)
		if (before->stuck[i])
			stuck[count++] = identity_of(before_list, (uint32_t)i);
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
			free(graph->deadlocks[i].nodes);
	}
	if (!err)
		graph->deadlock_count = retained;
	free(known);
	return err;
}
