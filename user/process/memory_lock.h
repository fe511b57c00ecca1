/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits of a process of this program for the memory lock (mmap_lock) of another process. Threads of
 * that process that map and unmap memory take the lock as well, so that such a wait may be long
 * although nothing hangs.
 */
#ifndef LP_PROCESS_MEMORY_LOCK_H
#define LP_PROCESS_MEMORY_LOCK_H

#include <stdint.h>
#include <sys/types.h>

enum lp_memory_lock_state {
	LP_MEMORY_LOCK_UNKNOWN, /* the thread runs, or the kernel does not show where it sleeps */
	LP_MEMORY_LOCK_AWAITED, /* it sleeps until it gets the memory lock of another process */
	LP_MEMORY_LOCK_NOT_AWAITED, /* it sleeps for another reason */
};

/* Returns whether a thread, by its number, waits for the memory lock of another process. */
enum lp_memory_lock_state memory_lock_state(pid_t tid);

/*
 * Returns the CPU time in ns of all threads of a process, those that have ended included, which
 * grows while they take its lock and release it. 0 if there is no such process.
 */
uint64_t memory_lock_cpu_ns(pid_t pid);

#endif /* LP_PROCESS_MEMORY_LOCK_H */
