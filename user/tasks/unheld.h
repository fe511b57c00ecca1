/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks that wait for a lock that no task is known to hold.  A lock that changes hands while the
 * tasks of a running process are read seems to be one.  A lock wakes its waiters in the order in
 * which they came, so that one whose waiters are the same in two readings has not changed hands.
 */
#ifndef LP_TASKS_UNHELD_H
#define LP_TASKS_UNHELD_H

#include "snapshot.h"

/* Returns whether a task of a snapshot seems to be one. */
bool unheld_suspected(const struct lp_tasks_snapshot *snapshot);

/*
 * Clears those of a second snapshot whose lock may have changed hands since the first one was read:
 * it had a holder then, or another first waiter, or one of its waiters does not wait for it any
 * more.  Returns 0 or -ENOMEM.
 */
int unheld_confirm(const struct lp_tasks_snapshot *first, struct lp_tasks_snapshot *second);

/* Clears all of a snapshot. */
void unheld_clear(struct lp_tasks_snapshot *snapshot);

/* Adds to the description of what each of them waits for that no task is known to hold it. */
void unheld_describe(struct lp_tasks_snapshot *snapshot);

#endif /* LP_TASKS_UNHELD_H */
