/* SPDX-License-Identifier: BSD-2-Clause */
/* Who awaits whom, as a tree for people. */
#ifndef LP_TASKS_TREE_H
#define LP_TASKS_TREE_H

#include "sinks/sink.h"
#include "snapshot.h"

/*
 * Prints the tasks of one loop (view->loop_count: those of no known loop) from the
 * roots down.  Like tasks beside each other, or in a chain, are folded.  stack: with
 * their await chains.  told: those that a deadlock above has told of.  drawn: by the number of a
 * task, set for those that are printed. Returns 0 or -ENOMEM.
 */
int tree_print(FILE *file, const struct lp_terminal *terminal,
	       const struct lp_tasks_snapshot *snapshot, const uint64_t *keys, uint32_t loop,
	       bool stack, const bool *printed, bool *drawn);

#endif /* LP_TASKS_TREE_H */
