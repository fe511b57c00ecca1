/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops that wait for a lock, or for another object of threads, whose holder is not known.  Who
 * ends such a wait is seen by a program on the wakeups of the whole host, which is attached only
 * while a late loop waits: for a minute at most, and a few times a minute.
 */
#ifndef LP_LIVE_WAKERS_H
#define LP_LIVE_WAKERS_H

#include "session/session.h"

/* Further loops that wait at the same time do not keep the program attached. */
#define LP_WAKERS_LOOPS 16

struct lp_wakers {
	/* attaches or detaches the program: session_watch_wakeups */
	int (*attach)(struct lp_session *session, bool watch);
	struct lp_waker_wait {
		uint32_t slot;
		uint64_t segment_ns; /* the callback that waits */
	} waits[LP_WAKERS_LOOPS];
	size_t count;
	uint64_t since_ns; /* when the program was attached; 0: it is not */
	uint64_t minute_ns; /* beginning of the minute in which attachments are counted */
	unsigned int attachments;
};

/* Watches who ends the wait of a loop's callback. */
void wakers_watch(struct lp_wakers *wakers, struct lp_session *session, uint32_t slot,
		  uint64_t now_ns);
/* Detaches the program if no wait goes on.  To be called at each check for stalls. */
void wakers_check(struct lp_wakers *wakers, struct lp_session *session, uint64_t now_ns);

#endif /* LP_LIVE_WAKERS_H */
