/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks that no task is known to hold.  A lock that changes hands while the tasks of a running
 * process are read seems to be one.  A lock wakes its waiters in the order in which they came: if
 * its first waiter is the same in two readings, it has not changed hands.
 */
#ifndef LP_TASKS_UNHELD_H
#define LP_TASKS_UNHELD_H

#include "snapshot.h"

/* Returns whether a task of a snapshot seems to wait for such a lock. */
bool unheld_suspected(const struct lp_tasks_snapshot *snapshot);

/*
 * Clears the mark (unheld) of tasks of a second snapshot whose lock may have changed hands since
 * the first one was read: the lock had a known holder or another first waiter then, or one of its
 * waiters does not wait for it any more.  Returns 0 or -ENOMEM.
 */
int unheld_confirm(const struct lp_tasks_snapshot *first, struct lp_tasks_snapshot *second);

/* Clears the marks of all tasks of a snapshot. */
void unheld_clear(struct lp_tasks_snapshot *snapshot);

/* Adds "no task is known to hold it" to the waits of the tasks that have the mark. */
void unheld_describe(struct lp_tasks_snapshot *snapshot);

#endif /* LP_TASKS_UNHELD_H */
