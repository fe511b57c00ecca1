/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nice value of this process.  A live run has little to do at a time, but has to do it soon:
 * else the ring buffer overflows, and signals wait, beside hundreds of threads that compute.
 */
#ifndef LP_PRIVILEGES_PRIORITY_H
#define LP_PRIVILEGES_PRIORITY_H

/* Raises the priority, unless the caller has chosen one or it is not allowed. */
void priority_raise(void);

/*
 * Raises the priority of the session of this process, if it leads one and its own is raised: the
 * kernel shares the CPUs among sessions first (autogroup, sched(7)), and nice values have an effect
 * within a session only.  A process that runs the caller's programs must not call it.
 */
void priority_raise_session(void);

/* Undoes priority_raise() in this process, which may be a child of the one that raised it. */
void priority_restore(void);

#endif /* LP_PRIVILEGES_PRIORITY_H */
