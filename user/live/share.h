/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time to read the events of targets, shared by them: in each window all of them
 * together have half of it, in equal parts for those that ask.  One that is alone has half
 * of that, so that there is room for a second at once.  Time spent over a part is paid
 * in the windows that follow.
 */
#ifndef LP_LIVE_SHARE_H
#define LP_LIVE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define LP_SHARE_WINDOW_NS 100000000ULL
#define LP_SHARE_ALL_NS (LP_SHARE_WINDOW_NS / 2)
/* Parts that a target may spend at once after a long pause: to find names takes a while. */
#define LP_SHARE_BURST 8
/* The least number of targets that a window is divided by. */
#define LP_SHARE_LEAST 2

/* All zero at first. */
struct lp_share_pool {
	uint64_t window; /* ordinal of the one that is under way */
	uint32_t active, active_before; /* targets that asked in it, and in the one before */
};

/* Of one target; all zero at first. */
struct lp_share {
	uint64_t window; /* the window of its last request */
	uint64_t spent_ns; /* time that is not paid for yet */
	uint64_t dropped; /* requests that were refused */
};

/* Has the target time left? Counts it among those that ask. */
bool share_may_spend(struct lp_share_pool *pool, struct lp_share *share, uint64_t now_ns);
void share_spend(struct lp_share *share, uint64_t spent_ns);

#endif /* LP_LIVE_SHARE_H */
