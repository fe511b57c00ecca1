/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the tree of awaits between tasks. */
#ifndef LP_TASKS_TREE_H
#define LP_TASKS_TREE_H

#include "sinks/sink.h"
#include "snapshot.h"

/*
 * Prints the tasks of a loop (snapshot->loop_count: of no known loop) from the roots downwards.
 * Like tasks beside each other, or in a chain, are folded.  stack: print await chains.
 * printed: tasks that a deadlock above has described.  drawn: set for each task that is
 * printed.  Returns 0 or -ENOMEM.
 */
int tree_print(FILE *file, const struct lp_terminal *terminal,
	       const struct lp_tasks_snapshot *snapshot, const uint64_t *keys, uint32_t loop,
	       bool stack, const bool *printed, bool *drawn);

#endif /* LP_TASKS_TREE_H */
