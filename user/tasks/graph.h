/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The graph of waits between the tasks of a list; a task is identified by its number in the
 * list.  A deadlock may lead through threads as well: the list's pool_threads have the numbers
 * from the number of tasks on.
 */
#ifndef LP_TASKS_GRAPH_H
#define LP_TASKS_GRAPH_H

#include "runtime/task_list.h"
#include "csr_graph.h"

/*
 * Tasks and threads that wait for each other in a circle, so that none of them can ever continue.
 *
 * A task that waits for the end of other tasks needs all of them, or any one if the wait says
 * so; one that waits for a lock needs any one of the holders; one with a timeout continues by
 * itself.  So a semaphore with several holders is part of a deadlock only if none of its
 * holders can continue.  A task whose loop's thread waits within a callback needs that thread,
 * whatever its own state is.
 */
struct lp_deadlock {
	size_t count;
	uint32_t *nodes; /* each waits for the next one, and the last one for the first */
	size_t held_up; /* number of other tasks that cannot continue because of it */
};

struct lp_task_graph {
	size_t count;
	struct lp_csr_graph awaits; /* tasks whose end a task waits for, if they are in the list */
	struct lp_csr_graph awaited_by; /* the same links, reversed */
	struct lp_csr_graph holders; /* tasks that hold what a task waits for */
	bool *holder_unknown; /* whether a holder is not in the list */
	/*
	 * Tasks that no other task of their loop awaits, and one task of each circle of awaits that
	 * no other task of its loop leads into.  Every live task can be reached from a root.
	 */
	size_t root_count;
	uint32_t *roots;
	/* whether a task or a thread waits, directly or through others, for a deadlock */
	bool *stuck;
	size_t deadlock_count;
	struct lp_deadlock *deadlocks; /* in descending order of held_up */
};

/* Builds the graph.  Returns 0, or -ENOMEM with nothing to free. */
int graph_build(const struct lp_task_list *list, struct lp_task_graph *graph);
void graph_free(struct lp_task_graph *graph);

/* Returns whether a number is that of a thread, and its index in pool_threads. */
static inline bool graph_is_thread(const struct lp_task_list *list, uint32_t node)
{
	return node >= list->count;
}
static inline const struct lp_pool_thread *graph_thread(const struct lp_task_list *list,
							uint32_t node)
{
	return &list->pool_threads[node - list->count];
}

/* Finds the deadlocks of a graph with all its links; defined in deadlock.c. */
int graph_find_deadlocks(const struct lp_task_list *list, struct lp_task_graph *graph);

/*
 * Sets known[i] for each deadlock whose tasks were all stuck in an earlier snapshot already.
 * Returns 0 or -ENOMEM.
 */
int graph_known_deadlocks(const struct lp_task_list *before_list,
			  const struct lp_task_graph *before, const struct lp_task_list *list,
			  const struct lp_task_graph *graph, bool *known);

/*
 * Removes deadlocks that an earlier list does not have.  Reading races the target, so that a
 * list may combine states of several moments; a true deadlock is in both of two successive
 * lists.  Returns 0 or -ENOMEM.
 */
int graph_confirm_deadlocks(const struct lp_task_list *before_list,
			    const struct lp_task_graph *before, const struct lp_task_list *list,
			    struct lp_task_graph *graph);

#endif /* LP_TASKS_GRAPH_H */
