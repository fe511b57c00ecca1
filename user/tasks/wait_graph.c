// SPDX-License-Identifier: BSD-2-Clause
#include "wait_graph.h"

#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_blocked(const struct lp_pool_thread *thread)
{
	return thread->wait.kind != LP_THREAD_AWAITS_NOTHING;
}

static bool can_step(const struct lp_task *task)
{
	return task->state == LP_TASK_RUNNING || task->state == LP_TASK_READY ||
	       task->state == LP_TASK_DONE || task->goes_on;
}

static int add_row(struct lp_csr_graph_builder *maker, const struct lp_csr_graph *links,
		   size_t node)
{
	size_t at;
	int err = 0;

	for (at = 0; at < csr_graph_count(links, node) && !err; at++)
		err = csr_graph_add(maker, csr_graph_row(links, node)[at]);
	return err;
}

/* Copies links between tasks; threads have none. */
static int copy_ends(const struct lp_task_list *list, const struct lp_task_graph *graph,
		     struct lp_wait_graph *waits)
{
	struct lp_csr_graph_builder maker;
	size_t i;
	int err = csr_graph_begin(&maker, &waits->ends, waits->count);

	if (err)
		return err;
	for (i = 0; i < list->count && !err; i++) {
		csr_graph_begin_row(&maker);
		err = add_row(&maker, &graph->awaits, i);
	}
	csr_graph_end(&maker);
	return err ? err : csr_graph_reverse(&waits->ends, &waits->ended_by);
}

/* Adds what can end the wait of a thread.  A task that is not listed can do so, too. */
static int add_thread(const struct lp_task_list *list, const struct lp_map *tasks,
		      struct lp_csr_graph_builder *maker, size_t number, bool *is_free)
{
	const struct lp_thread_wait *wait = &list->pool_threads[number].wait;
	size_t i;
	int err = 0;

	/* an owner that has ended never releases its lock */
	*is_free = !wait->kind || wait->timed || wait->more_ends ||
		   (!wait->end_count && !wait->owned);
	for (i = 0; i < wait->end_count && !err; i++) {
		const struct lp_wait_end *end = &wait->ends[i];
		const uint64_t *task = end->task ? map_get(tasks, end->task) : NULL;

		if (task)
			err = csr_graph_add(maker, (uint32_t)(*task - 1));
		else if (end->task || end->thread >= list->pool_thread_count)
			*is_free = true;
		else
			err = csr_graph_add(maker, (uint32_t)(list->count + end->thread));
	}
	return err;
}

static int link_holders(const struct lp_task_list *list, const struct lp_task_graph *graph,
			const struct lp_map *tasks, struct lp_wait_graph *waits)
{
	struct lp_csr_graph_builder maker;
	size_t i, at;
	int err = csr_graph_begin(&maker, &waits->holders, waits->count);

	if (err)
		return err;
	for (i = 0; i < list->count && !err; i++) {
		const struct lp_task *task = &list->tasks[i];

		csr_graph_begin_row(&maker);
		err = add_row(&maker, &graph->holders, i);
		waits->free[i] = can_step(task) || graph->holder_unknown[i];
		for (at = 0; at < task->thread_count && !err; at++)
			if (task->threads[at] < list->pool_thread_count)
				err = csr_graph_add(&maker,
						    (uint32_t)(list->count + task->threads[at]));
	}
	for (i = 0; i < list->pool_thread_count && !err; i++) {
		csr_graph_begin_row(&maker);
		err = add_thread(list, tasks, &maker, i, &waits->free[list->count + i]);
	}
	csr_graph_end(&maker);
	return err ? err : csr_graph_reverse(&waits->holders, &waits->held_for);
}

/* Finds the thread of each task's loop that waits in one of the loop's callbacks. */
static int link_gates(const struct lp_task_list *list, struct lp_wait_graph *waits)
{
	struct lp_csr_graph_builder maker;
	struct lp_csr_graph gate;
	struct lp_map threads = { 0 };
	size_t i;
	int err = csr_graph_begin(&maker, &gate, waits->count);

	for (i = 0; i < list->pool_thread_count; i++)
		if (is_blocked(&list->pool_threads[i]) && list->pool_threads[i].tid)
			map_put(&threads, (uint64_t)list->pool_threads[i].tid, i + 1);
	for (i = 0; i < waits->count && !err; i++) {
		const uint64_t *thread = i < list->count && list->tasks[i].tid
						 ? map_get(&threads, (uint64_t)list->tasks[i].tid)
						 : NULL;

		waits->gate[i] = LP_WAIT_GRAPH_NONE;
		csr_graph_begin_row(&maker);
		if (!thread || list->tasks[i].state == LP_TASK_DONE)
			continue;
		waits->gate[i] = (uint32_t)(list->count + *thread - 1);
		err = csr_graph_add(&maker, waits->gate[i]);
	}
	csr_graph_end(&maker);
	if (!err)
		err = csr_graph_reverse(&gate, &waits->gates);
	csr_graph_free(&gate);
	map_free(&threads);
	return err;
}

int wait_graph_build(const struct lp_task_list *list, const struct lp_task_graph *graph,
		     struct lp_wait_graph *waits)
{
	struct lp_map tasks = { 0 };
	size_t i;
	int err = -ENOMEM;

	*waits = (struct lp_wait_graph){ .count = list->count + list->pool_thread_count };
	waits->free = calloc(waits->count + 1, sizeof(*waits->free));
	waits->gate = calloc(waits->count + 1, sizeof(*waits->gate));
	for (i = 0; list->pool_thread_count && i < list->count; i++)
		map_put(&tasks, list->tasks[i].address, i + 1);
	if (waits->free && waits->gate)
		err = copy_ends(list, graph, waits);
	if (!err)
		err = link_holders(list, graph, &tasks, waits);
	if (!err)
		err = link_gates(list, waits);
	map_free(&tasks);
	if (err)
		wait_graph_free(waits);
	return err;
}

void wait_graph_free(struct lp_wait_graph *waits)
{
	csr_graph_free(&waits->ends);
	csr_graph_free(&waits->ended_by);
	csr_graph_free(&waits->holders);
	csr_graph_free(&waits->held_for);
	csr_graph_free(&waits->gates);
	free(waits->free);
	free(waits->gate);
	memset(waits, 0, sizeof(*waits));
}
