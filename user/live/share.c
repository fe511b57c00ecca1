// SPDX-License-Identifier: BSD-2-Clause
#include "share.h"

/* Returns the part of one target in a window. */
static uint64_t part_ns(const struct lp_share_pool *pool)
{
	uint32_t active = pool->active > pool->active_before ? pool->active : pool->active_before;

	return LP_SHARE_ALL_NS / (active > LP_SHARE_LEAST ? active : LP_SHARE_LEAST);
}

/* Begins a new window; a window without requests has no active targets. */
static void turn_to(struct lp_share_pool *pool, uint64_t window)
{
	if (pool->window == window)
		return;
	pool->active_before = pool->window + 1 == window ? pool->active : 0;
	pool->active = 0;
	pool->window = window;
}

bool share_may_spend(struct lp_share_pool *pool, struct lp_share *share, uint64_t now_ns)
{
	uint64_t window = now_ns / LP_SHARE_WINDOW_NS, passed, part;

	turn_to(pool, window);
	part = part_ns(pool);
	if (share->window != window) {
		passed = window - share->window;
		/* after so many windows all of spent_ns is subtracted */
		if (passed > share->spent_ns / part)
			share->spent_ns = 0;
		else
			share->spent_ns -= passed * part;
		share->window = window;
		pool->active++;
		part = part_ns(pool);
	}
	return share->spent_ns < LP_SHARE_BURST * part;
}

void share_spend(struct lp_share *share, uint64_t spent_ns)
{
	share->spent_ns += spent_ns;
}
