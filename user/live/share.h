/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shares of targets in the time to read their events.  In each window that time is LP_SHARE_ALL_NS,
 * divided equally among the targets with requests, but by LP_SHARE_LEAST at least, so that another
 * target can begin at any time.  Time spent over a part is subtracted in the following windows.
 */
#ifndef LP_LIVE_SHARE_H
#define LP_LIVE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define LP_SHARE_WINDOW_NS 100000000ULL
#define LP_SHARE_ALL_NS (LP_SHARE_WINDOW_NS / 2)
/* The number of parts that a target may spend at once after a pause: the first names take long. */
#define LP_SHARE_BURST 8
/* The least number of targets that a window is divided by. */
#define LP_SHARE_LEAST 2

/* The windows of all targets; begins with zeros. */
struct lp_share_pool {
	uint64_t window; /* ordinal of the current window */
	uint32_t active, active_before; /* targets with requests in it and in the window before */
};

/* The share of one target; begins with zeros. */
struct lp_share {
	uint64_t window; /* the window of its last request */
	uint64_t spent_ns; /* time that was spent and not yet subtracted */
	uint64_t dropped; /* number of refused requests */
};

/* Returns whether the target has time left, and counts it as active. */
bool share_may_spend(struct lp_share_pool *pool, struct lp_share *share, uint64_t now_ns);
void share_spend(struct lp_share *share, uint64_t spent_ns);

#endif /* LP_LIVE_SHARE_H */
