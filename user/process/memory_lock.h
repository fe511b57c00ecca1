/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits of a process of this program for the memory lock (mmap_lock) of another process. Threads of
 * that process that map and unmap memory take the lock as well, so that such a wait may be long
 * although nothing hangs.
 */
#ifndef LP_PROCESS_MEMORY_LOCK_H
#define LP_PROCESS_MEMORY_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Returns whether a thread, by its number, sleeps in the kernel until it gets the memory lock of
 * another process. False as well on a kernel that does not show where a thread sleeps.
 */
bool memory_lock_awaited(pid_t tid);

#endif /* LP_PROCESS_MEMORY_LOCK_H */
