/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops that do not run any more while their process goes on: they are reported once that has
 * lasted for a second, as a thread often ends with its process, and a library may begin a loop
 * several times to run a program and to clean up after it.
 */
#ifndef LP_LIVE_STOPPED_LOOPS_H
#define LP_LIVE_STOPPED_LOOPS_H

#include "followed.h"
#include "session/session.h"
#include "wire/record.h"

/* Loops whose threads have ended and that wait; others are not reported. */
#define LP_STOPPED_LOOPS_MAX 128

struct lp_stopped_loops {
	struct lp_stopped_loop {
		pid_t pid;
		uint32_t tid;
		uint64_t ended_ns;
		uint64_t stopped_ns;
	} waiting[LP_STOPPED_LOOPS_MAX]; /* in the order in which they ended */
	size_t count;
};

/* To be called when a record says that the loop has ended, while it still has its slot. */
void stopped_loops_ended(struct lp_stopped_loops *stopped, const struct lp_loop *loop,
			 uint64_t now_ns);
/* Forgets those of a process, which has ended or runs another program. */
void stopped_loops_forget(struct lp_stopped_loops *stopped, pid_t pid);
/* Reports the loops of ended threads that are due. */
void stopped_loops_check(struct lp_stopped_loops *stopped, const struct lp_followed_table *followed,
			 uint64_t now_ns, lp_record_taker take, void *context);
/*
 * Reports a loop that has a slot if its thread has left it.  *reported_ns: the instant of the last
 * stop of it that was reported; 0: none.
 */
void stopped_loops_check_loop(uint64_t *reported_ns, const struct lp_loop *loop, uint32_t slot,
			      uint64_t now_ns, lp_record_taker take, void *context);

#endif /* LP_LIVE_STOPPED_LOOPS_H */
