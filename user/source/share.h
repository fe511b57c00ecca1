/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time to read the events of targets, shared by them: each window of time all of them
 * together have half of it, in equal parts for those that ask.  One that is alone has half
 * of that, so that there is room for a second at once.  What was spent over a part is paid
 * in the windows that follow.
 */
#ifndef LP_SHARE_H
#define LP_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define LP_SHARE_WINDOW_NS 100000000ULL
#define LP_SHARE_ALL_NS (LP_SHARE_WINDOW_NS / 2)
/* Parts that one may spend at once that has not asked for long: to find names takes a while. */
#define LP_SHARE_BURST 8
/* As many as a part is made for at least. */
#define LP_SHARE_LEAST 2

/* All zero at first. */
struct lp_share_pool {
	uint64_t window; /* ordinal of the one that is under way */
	uint32_t active, active_before; /* who asked in it, and in the one before */
};

/* Of one target; all zero at first. */
struct lp_share {
	uint64_t window; /* that it asked in last */
	uint64_t spent_ns; /* and has not paid for yet */
	uint64_t dropped; /* what it asked for and did not get */
};

/* Has it time left? Counts it among those that ask. */
bool share_may_spend(struct lp_share_pool *pool, struct lp_share *share, uint64_t now_ns);
void share_spend(struct lp_share *share, uint64_t spent_ns);

#endif /* LP_SHARE_H */
