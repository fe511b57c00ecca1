/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tasks and the threads of a list need before they can continue.  Numbers are those of
 * graph.h.
 */
#ifndef LP_TASKS_WAIT_GRAPH_H
#define LP_TASKS_WAIT_GRAPH_H

#include "graph.h"

#define LP_WAIT_GRAPH_NONE UINT32_MAX

struct lp_wait_graph {
	size_t count; /* number of tasks and threads */
	/* tasks whose end a task waits for: all of them, or any one if its wait says so */
	struct lp_csr_graph ends, ended_by;
	/* nodes of which any one has to continue: the holders of a lock, what sets a future */
	struct lp_csr_graph holders, held_for;
	bool *free; /* whether it can go on by itself, or by what is not in the list */
	/* the thread that has to go on as well, which runs a task's loop; LP_WAIT_GRAPH_NONE */
	uint32_t *gate;
	struct lp_csr_graph gates; /* for each thread, the tasks that it runs and holds up */
};

/* Builds it from a graph that has its links between tasks.  Returns 0 or -ENOMEM. */
int wait_graph_build(const struct lp_task_list *list, const struct lp_task_graph *graph,
		     struct lp_wait_graph *waits);
void wait_graph_free(struct lp_wait_graph *waits);

#endif /* LP_TASKS_WAIT_GRAPH_H */
