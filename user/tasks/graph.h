/* SPDX-License-Identifier: BSD-2-Clause */
/* Who waits for whom, of the tasks of a list; a task goes by its number there. */
#ifndef LP_TASKS_GRAPH_H
#define LP_TASKS_GRAPH_H

#include "runtime/task_list.h"
#include "csr_graph.h"

/*
 * Tasks that wait for each other in a circle, so that none of them can ever go on.
 *
 * A task that waits for the end of others needs all of them, or any one where it says
 * so; one that waits for a lock needs any one of those that hold it; one with a timeout
 * goes on by itself.  So a semaphore with several holders makes a
 * deadlock only if none of its holders can go on either.
 */
struct lp_deadlock {
	size_t count;
	uint32_t *tasks; /* each waits for the next one, the last for the first */
	size_t held_up; /* others that cannot go on because of it */
};

struct lp_task_graph {
	size_t count;
	struct lp_csr_graph awaits; /* tasks whose end it waits for, as far as they are listed */
	struct lp_csr_graph awaited_by; /* the same, turned round */
	struct lp_csr_graph holders; /* tasks that hold what it waits for */
	bool *holder_unknown; /* one of those is not listed */
	/*
	 * Tasks whose end no task waits for, and one of each circle of awaits that no
	 * other task leads into: from them each task that lives is reached.
	 */
	size_t root_count;
	uint32_t *roots;
	bool *stuck; /* waits for itself, or for others that do, through however many */
	size_t deadlock_count;
	struct lp_deadlock *deadlocks; /* those that hold up most tasks first */
};

/* Returns 0 or -ENOMEM, with nothing to free. */
int graph_build(const struct lp_task_list *list, struct lp_task_graph *graph);
void graph_free(struct lp_task_graph *graph);

/* deadlock.c: fills the graph's deadlocks, once its links are there. */
int graph_find_deadlocks(const struct lp_task_list *list, struct lp_task_graph *graph);

/*
 * Which of the deadlocks were there in an earlier look already: all their tasks were
 * stuck then.  known: of each.  Returns 0 or -ENOMEM.
 */
int graph_known_deadlocks(const struct lp_task_list *before_list,
			  const struct lp_task_graph *before, const struct lp_task_list *list,
			  const struct lp_task_graph *graph, bool *known);

/*
 * Reading races the target, so a deadlock may be put together from several moments.  A
 * true one lasts: of two lists read one after the other, this drops from the later one
 * what was none in the earlier.  Returns 0 or -ENOMEM.
 */
int graph_confirm_deadlocks(const struct lp_task_list *before_list,
			    const struct lp_task_graph *before, const struct lp_task_list *list,
			    struct lp_task_graph *graph);

#endif /* LP_TASKS_GRAPH_H */
