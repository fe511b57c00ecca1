/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops that wait for a lock whose holder is not known, an event or a queue.  Who ends such a wait
 * is determined by a BPF program on the wakeups of the whole host, which is attached only while a
 * late loop waits: for a minute at most for each stall, and for at most 20 stalls a minute.
 */
#ifndef LP_LIVE_WAKERS_H
#define LP_LIVE_WAKERS_H

#include "followed.h"
#include "session/session.h"

/* Further loops that wait at the same time are not watched. */
#define LP_WAKERS_LOOPS 16

struct lp_wakers {
	/* attaches or detaches the program: session_watch_wakeups */
	int (*attach)(struct lp_session *session, bool watch);
	struct lp_waker_wait {
		uint32_t slot;
		uint64_t segment_ns; /* the callback that waits */
		uint64_t since_ns; /* when it began to be watched */
		uint64_t waited_ns; /* when it was last seen waiting */
	} waits[LP_WAKERS_LOOPS];
	size_t count;
	bool attached;
	struct lp_watched watched; /* of all processes */
};

/* Watches who ends the wait of a callback of a loop of the process. */
void wakers_watch(struct lp_wakers *wakers, struct lp_session *session, struct lp_followed *target,
		  uint32_t slot, uint64_t now_ns);
/* Detaches the program if no wait goes on.  To be called at each check for stalls. */
void wakers_check(struct lp_wakers *wakers, struct lp_session *session, uint64_t now_ns);

#endif /* LP_LIVE_WAKERS_H */
