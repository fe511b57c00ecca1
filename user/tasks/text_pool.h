/* SPDX-License-Identifier: BSD-2-Clause */
/* The pools of a snapshot as text: who is in them, and who waits. */
#ifndef LP_TASKS_TEXT_POOL_H
#define LP_TASKS_TEXT_POOL_H

#include "snapshot.h"
#include "sinks/sink.h"

/* Prints the pools that are in use, if there are any. */
void text_pools_print(FILE *file, const struct lp_terminal *terminal,
		      const struct lp_tasks_snapshot *snapshot);

#endif /* LP_TASKS_TEXT_POOL_H */
