/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* How much of a flood is told one by one. */
#ifndef LP_BPF_LOOP_RATE_LIMIT_BPF_H
#define LP_BPF_LOOP_RATE_LIMIT_BPF_H

#include "instants.bpf.h"

#define LP_SECOND_NS 1000000000ULL

/*
 * Is another one to be told?  The first ones of a second are, then only one that is worse
 * than all of them, and of those no more than of the first: a flood would fill the ring
 * buffer with records that nobody reads.
 */
static __always_inline bool lp_may_tell_in(__u64 period_ns, struct lp_telling *telling, __u64 now,
					   __u64 duration, __u32 most)
{
	if (lp_age(now, telling->second_ns) >= period_ns) {
		telling->second_ns = now;
		telling->worst_ns = 0;
		telling->told = 0;
	}
	if (telling->told >= most && (duration <= telling->worst_ns || telling->told >= 2 * most))
		return false;
	telling->told++;
	if (duration > telling->worst_ns)
		telling->worst_ns = duration;
	return true;
}

static __always_inline bool lp_may_tell(struct lp_telling *telling, __u64 now, __u64 duration,
					__u32 most)
{
	return lp_may_tell_in(LP_SECOND_NS, telling, now, duration, most);
}

/* Will what has lasted so long not be told, if it ends now? */
static __always_inline bool lp_is_flood(const struct lp_telling *telling, __u64 now, __u64 lasted)
{
	return telling->told >= LP_TOLD_A_SECOND &&
	       lp_age(now, telling->second_ns) < LP_SECOND_NS && lasted <= telling->worst_ns;
}

#endif /* LP_BPF_LOOP_RATE_LIMIT_BPF_H */
