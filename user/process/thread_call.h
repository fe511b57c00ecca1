/* SPDX-License-Identifier: BSD-2-Clause */
/* The system call that a thread of another process is in, as the kernel reports it. */
#ifndef LP_PROCESS_THREAD_CALL_H
#define LP_PROCESS_THREAD_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Instead of a number: the thread is blocked outside of a system call, in a page fault. */
#define LP_THREAD_CALL_NONE (-1)

struct lp_thread_call {
	int number;
	uint64_t arguments[6];
	uint64_t stack; /* the thread's stack pointer */
};

/* Returns false if the thread runs, has ended, or cannot be read. */
bool thread_call_read(pid_t pid, pid_t tid, struct lp_thread_call *call);

/* Returns whether an event loop may wait for its descriptors and timers in the system call. */
bool thread_call_polls(int number);

/*
 * The same, unless the call does not wait, as its timeout is 0: a thread of a frozen process may
 * be asleep in it.
 */
bool thread_call_waits(const struct lp_thread_call *call);

/* Returns whether a call by which a thread waits on a futex has a timeout. */
bool thread_call_is_timed(const struct lp_thread_call *call);

#endif /* LP_PROCESS_THREAD_CALL_H */
