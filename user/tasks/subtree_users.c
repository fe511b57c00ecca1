// SPDX-License-Identifier: BSD-2-Clause
/* The subtree that has all tasks which wait for an object or hold it. */
#include "subtree.h"

#include <errno.h>
#include <stdlib.h>

/* The most steps from two tasks to the one that has both in its subtree. */
#define STEPS_MAX 100

/* The value of within for a task of which no object was handled yet. */
#define ANYWHERE (LP_SUBTREE_NOWHERE - 1)

/* The tasks as trees: the parent of each task is one of the tasks that await it. */
struct subtree_parents {
	uint32_t *parents; /* LP_SUBTREE_NOWHERE: none */
	uint32_t *depths;
};

/* A task that waits for an object or holds it. */
struct subtree_user {
	uint64_t object;
	uint32_t task;
};

static int by_object(const void *left, const void *right)
{
	const struct subtree_user *a = left, *b = right;

	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	return a->task < b->task ? -1 : a->task > b->task;
}

static void subtree_free_parents(struct subtree_parents *tree)
{
	free(tree->parents);
	free(tree->depths);
}

static int subtree_find_parents(const struct lp_task_graph *graph, struct subtree_parents *tree)
{
	size_t reached = 0, at, i;
	uint32_t *queue = malloc((graph->count + 1) * sizeof(*queue));
	bool *queued = calloc(graph->count + 1, sizeof(*queued));
	bool well;

	tree->parents = malloc((graph->count + 1) * sizeof(*tree->parents));
	tree->depths = calloc(graph->count + 1, sizeof(*tree->depths));
	well = queue && queued && tree->parents && tree->depths;
	for (i = 0; well && i < graph->count; i++)
		tree->parents[i] = LP_SUBTREE_NOWHERE;
	for (i = 0; well && i < graph->root_count; i++) {
		queued[graph->roots[i]] = true;
		queue[reached++] = graph->roots[i];
	}
	for (at = 0; well && at < reached; at++)
		for (i = 0; i < csr_graph_count(&graph->awaits, queue[at]); i++) {
			uint32_t to = csr_graph_row(&graph->awaits, queue[at])[i];

			if (queued[to])
				continue;
			queued[to] = true;
			tree->parents[to] = queue[at];
			tree->depths[to] = tree->depths[queue[at]] + 1;
			queue[reached++] = to;
		}
	free(queue);
	free(queued);
	if (!well)
		subtree_free_parents(tree);
	return well ? 0 : -ENOMEM;
}

/* Returns the innermost task whose subtree has both, or LP_SUBTREE_NOWHERE if none is near. */
static uint32_t subtree_of_both(const struct subtree_parents *tree, uint32_t one, uint32_t other)
{
	unsigned int steps;

	if (one == ANYWHERE)
		return other;
	for (steps = 0; steps < STEPS_MAX; steps++) {
		if (one == LP_SUBTREE_NOWHERE || other == LP_SUBTREE_NOWHERE)
			break;
		if (one == other)
			return one;
		if (tree->depths[one] >= tree->depths[other])
			one = tree->parents[one];
		else
			other = tree->parents[other];
	}
	return LP_SUBTREE_NOWHERE;
}

/* Returns the users of all objects, by object; NULL: out of memory. */
static struct subtree_user *subtree_users(const struct lp_tasks_snapshot *snapshot, size_t *count)
{
	const struct lp_csr_graph *holders = &snapshot->graph.holders;
	size_t all = 0, most = snapshot->list.count + holders->begin[holders->nodes], task, i;
	struct subtree_user *users = calloc(most + 1, sizeof(*users));

	if (!users)
		return NULL;
	for (task = 0; task < snapshot->list.count; task++) {
		uint64_t object = snapshot->list.tasks[task].awaited_id;

		if (!object && !csr_graph_count(holders, task))
			continue;
		users[all++] = (struct subtree_user){ object, (uint32_t)task };
		for (i = 0; i < csr_graph_count(holders, task); i++)
			users[all++] =
				(struct subtree_user){ object, csr_graph_row(holders, task)[i] };
	}
	qsort(users, all, sizeof(*users), by_object);
	*count = all;
	return users;
}

int subtree_find_users(const struct lp_tasks_snapshot *snapshot, struct lp_subtree_wait *waits)
{
	size_t count = 0, begin, end, i;
	struct subtree_user *users = subtree_users(snapshot, &count);
	struct subtree_parents tree;
	uint32_t within;

	if (!users || subtree_find_parents(&snapshot->graph, &tree)) {
		free(users);
		return -ENOMEM;
	}
	for (i = 0; i < snapshot->list.count; i++)
		waits[i].within = ANYWHERE;
	for (begin = 0; begin < count; begin = end) {
		within = ANYWHERE;
		for (end = begin; end < count && users[end].object == users[begin].object; end++)
			within = subtree_of_both(&tree, within, users[end].task);
		for (i = begin; i < end; i++)
			waits[users[i].task].within =
				subtree_of_both(&tree, waits[users[i].task].within, within);
	}
	for (i = 0; i < snapshot->list.count; i++)
		if (waits[i].within == ANYWHERE)
			waits[i].within = LP_SUBTREE_NOWHERE;
	subtree_free_parents(&tree);
	free(users);
	return 0;
}
