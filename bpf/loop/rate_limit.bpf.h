/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Limits how many reports of a kind are sent in a period. */
#ifndef LP_BPF_LOOP_RATE_LIMIT_BPF_H
#define LP_BPF_LOOP_RATE_LIMIT_BPF_H

#include "instants.bpf.h"

#define LP_SECOND_NS 1000000000ULL

/*
 * Returns whether another report may be sent, and counts it. The first `most` reports of a period
 * are allowed; after that only reports that are longer than all before, and at most `most` of
 * these. A flood would fill the ring buffer otherwise.
 */
static __always_inline bool lp_rate_limit_allows_in(__u64 period_ns,
						    struct lp_rate_limit *rate_limit, __u64 now,
						    __u64 duration, __u32 most)
{
	if (lp_age(now, rate_limit->second_ns) >= period_ns) {
		rate_limit->second_ns = now;
		rate_limit->worst_ns = 0;
		rate_limit->reported = 0;
	}
	if (rate_limit->reported >= most &&
	    (duration <= rate_limit->worst_ns || rate_limit->reported >= 2 * most))
		return false;
	rate_limit->reported++;
	if (duration > rate_limit->worst_ns)
		rate_limit->worst_ns = duration;
	return true;
}

static __always_inline bool lp_rate_limit_allows(struct lp_rate_limit *rate_limit, __u64 now,
						 __u64 duration, __u32 most)
{
	return lp_rate_limit_allows_in(LP_SECOND_NS, rate_limit, now, duration, most);
}

/* Returns whether a segment that has lasted this long would not be reported if it ended now. */
static __always_inline bool lp_rate_limit_exceeded(const struct lp_rate_limit *rate_limit,
						   __u64 now, __u64 lasted)
{
	return rate_limit->reported >= LP_REPORTS_A_SECOND &&
	       lp_age(now, rate_limit->second_ns) < LP_SECOND_NS && lasted <= rate_limit->worst_ns;
}

#endif /* LP_BPF_LOOP_RATE_LIMIT_BPF_H */
