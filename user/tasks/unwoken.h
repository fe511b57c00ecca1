/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks that are ready to run while their loop sleeps in its poll.  A loop polls without waiting
 * as long as its queue is not empty, so that such a task was queued during the poll by what does
 * not wake the loop: another thread or a signal handler that did not use call_soon_threadsafe().
 */
#ifndef LP_TASKS_UNWOKEN_H
#define LP_TASKS_UNWOKEN_H

#include "process/cpu_progress.h"
#include "snapshot.h"

/*
 * Returns 1 if a task of the snapshot may be one: it is ready, and the thread of its loop is in
 * the loop's poll.  *threads then has the progress of each loop's thread, in the order of the
 * snapshot's loops; the caller frees it.  Else 0, or -ENOMEM.
 */
int unwoken_suspected(const struct lp_tasks_snapshot *snapshot, struct lp_cpu_progress **threads);

/*
 * Marks the unwoken tasks of a second snapshot, which was read after unwoken_suspected(): they are
 * ready in it, and the thread of their loop has slept in its poll since the first one.  Returns 0
 * or -ENOMEM.
 */
int unwoken_confirm(const struct lp_tasks_snapshot *first, const struct lp_cpu_progress *threads,
		    struct lp_tasks_snapshot *second);

#endif /* LP_TASKS_UNWOKEN_H */
