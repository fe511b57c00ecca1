// SPDX-License-Identifier: BSD-2-Clause
#include "graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A task's number by its address. */
struct task_address {
	uint64_t address;
	uint32_t number;
};

static int by_address(const void *left, const void *right)
{
	const struct task_address *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static struct task_address *index_tasks(const struct lp_task_list *list)
{
	struct task_address *index = malloc((list->count + 1) * sizeof(*index));
	size_t i;

	for (i = 0; index && i < list->count; i++)
		index[i] = (struct task_address){ list->tasks[i].address, (uint32_t)i };
	if (index)
		qsort(index, list->count, sizeof(*index), by_address);
	return index;
}

static const struct task_address *find(const struct task_address *index, size_t count,
				       uint64_t address)
{
	const struct task_address key = { .address = address };

	return bsearch(&key, index, count, sizeof(*index), by_address);
}

static int link_edges(const struct lp_task_list *list, const struct task_address *index, bool holds,
		      struct lp_csr_graph *links, bool *unknown)
{
	struct lp_csr_graph_builder maker;
	size_t i, edge;
	int err = csr_graph_begin(&maker, links, list->count);

	if (err)
		return err;
	for (i = 0; i < list->count && !err; i++) {
		const struct lp_task *task = &list->tasks[i];

		csr_graph_begin_row(&maker);
		for (edge = 0; edge < task->edge_count && !err; edge++) {
			const struct task_address *to;

			if (task->edges[edge].holds != holds)
				continue;
			to = find(index, list->count, task->edges[edge].task);
			if (to)
				err = csr_graph_add(&maker, to->number);
			else if (unknown)
				unknown[i] = true;
		}
	}
	csr_graph_end(&maker);
	return err;
}

static int find_roots(const struct lp_task_list *list, struct lp_task_graph *graph)
{
	uint32_t *component = malloc((list->count + 1) * sizeof(*component));
	int64_t components = component ? csr_graph_components(&graph->awaits, component) : -ENOMEM;
	/*
	 * by component: whether a task of another component, but of the same loop, awaits one of
	 * its tasks, or the component has a root already
	 */
	bool *reached = components < 0 ? NULL : calloc((size_t)components + 1, sizeof(*reached));
	bool well = reached;
	size_t i, at;

	graph->roots = malloc((list->count + 1) * sizeof(*graph->roots));
	for (i = 0; reached && i < list->count; i++)
		for (at = 0; at < csr_graph_count(&graph->awaits, i); at++) {
			uint32_t task = csr_graph_row(&graph->awaits, i)[at];
			uint32_t to = component[task];

			if (list->tasks[task].loop == list->tasks[i].loop)
				reached[to] = reached[to] || to != component[i];
		}
	for (i = 0; reached && graph->roots && i < list->count; i++) {
		if (reached[component[i]] || list->tasks[i].state == LP_TASK_DONE)
			continue;
		reached[component[i]] = true;
		graph->roots[graph->root_count++] = (uint32_t)i;
	}
	well = well && graph->roots;
	free(component);
	free(reached);
	return well ? 0 : -ENOMEM;
}

int graph_build(const struct lp_task_list *list, struct lp_task_graph *graph)
{
	struct task_address *index = index_tasks(list);
	int err = -ENOMEM;

	*graph = (struct lp_task_graph){ .count = list->count };
	graph->holder_unknown = calloc(list->count + 1, sizeof(*graph->holder_unknown));
	if (index && graph->holder_unknown)
		err = link_edges(list, index, false, &graph->awaits, NULL);
	if (!err)
		err = link_edges(list, index, true, &graph->holders, graph->holder_unknown);
	if (!err)
		err = csr_graph_reverse(&graph->awaits, &graph->awaited_by);
	if (!err)
		err = find_roots(list, graph);
	if (!err)
		err = graph_find_deadlocks(list, graph);
	free(index);
	if (err)
		graph_free(graph);
	return err;
}

void graph_free(struct lp_task_graph *graph)
{
	size_t i;

	for (i = 0; i < graph->deadlock_count; i++)
		free(graph->deadlocks[i].nodes);
	free(graph->deadlocks);
	free(graph->roots);
	free(graph->holder_unknown);
	free(graph->stuck);
	csr_graph_free(&graph->awaits);
	csr_graph_free(&graph->awaited_by);
	csr_graph_free(&graph->holders);
	memset(graph, 0, sizeof(*graph));
}
