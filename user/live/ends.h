/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom a stall in progress waits for: the process at the other end of a pipe, a UNIX socket or a
 * lock of a file, a child, the thread that holds a lock, or a name server, with the name that it is
 * asked for.  It is searched while the stall lasts, once for each wait.  The searches for a
 * process, and all searches together, take a small share of the time.
 */
#ifndef LP_LIVE_ENDS_H
#define LP_LIVE_ENDS_H

#include "followed.h"
#include "ongoing_stalls.h"

/* All zeros at first. */
struct lp_ends {
	uint64_t paused_until_ns; /* instant until which nothing is searched for any process */
	bool shared; /* several processes are followed */
};

enum lp_ends_found {
	LP_ENDS_DONE, /* nothing is left to do: nothing was found, or it was emitted */
	LP_ENDS_HOLDER, /* a thread or a task that holds what the loop waits for */
	/* the loop waits for a thread, and it is not known for which, or not searched now */
	LP_ENDS_NO_HOLDER,
};

/*
 * Returns whether a callback that has reached half the threshold sleeps, so that it may wait for a
 * lock of SQLite, which was not searched for in this sleep and not found before.  The lock is free
 * for most of the last sleep, and there may have been no holder in the moment of the last search.
 */
bool ends_search_due(const struct lp_ongoing_stall *progress, const struct lp_loop *loop,
		     const struct lp_wait_state *stall, uint64_t now_ns);

/*
 * Searches whom the callback of a loop waits for, if it does.  Emits LP_EVENT_OTHER_END or
 * LP_EVENT_DNS_NAME, or returns LP_ENDS_HOLDER with its stack, which is to be symbolised.
 */
enum lp_ends_found ends_search(struct lp_ends *ends, struct lp_followed *target,
			       struct lp_ongoing_stall *progress, const struct lp_loop *loop,
			       const struct lp_wait_state *stall, uint32_t slot,
			       lp_record_taker take, void *context,
			       struct lp_event_raw_stack *holder);

#endif /* LP_LIVE_ENDS_H */
