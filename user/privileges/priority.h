/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nice value of this process.  A live run has little to do at a time, but has to do it soon:
 * else the ring buffer overflows, and signals wait, beside hundreds of threads that compute.
 */
#ifndef LP_PRIVILEGES_PRIORITY_H
#define LP_PRIVILEGES_PRIORITY_H

/* Raises the priority, unless the caller has chosen one or it is not allowed. */
void priority_raise(void);

/* Undoes that in this process, which may be a child of the one that raised it. */
void priority_restore(void);

#endif /* LP_PRIVILEGES_PRIORITY_H */
