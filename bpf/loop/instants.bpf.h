/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Differences of instants.  A sample interrupts the other programs, so that an instant
 * which was read before it may be older than what the sample has stored: no difference
 * of two instants is taken without a look at which of them is the later one.
 */
#ifndef LP_BPF_LOOP_INSTANTS_BPF_H
#define LP_BPF_LOOP_INSTANTS_BPF_H

#include "maps.bpf.h"

/* Not inlined, as impossible times are rare. */
__weak __noinline int lp_lose_instant(void)
{
	lp_lose(LP_LOST_INSTANTS);
	return 0;
}

/* Does the span have a beginning that is not after its end?  Others are counted. */
static __always_inline bool lp_is_span(__u64 now, __u64 then)
{
	/* a span that begins after its end wraps around, and exceeds any limit */
	if (then && now - then <= LP_SPAN_MAX_NS)
		return true;
	lp_lose_instant();
	return false;
}

/* The ns since an instant; 0, and counted, if that is impossible. */
static __always_inline __u64 lp_elapsed(__u64 now, __u64 then)
{
	return lp_is_span(now, then) ? now - then : 0;
}

/* The same for a comparison with a limit, where no result is stored. */
static __always_inline __u64 lp_age(__u64 now, __u64 then)
{
	return now > then ? now - then : 0;
}

#endif /* LP_BPF_LOOP_INSTANTS_BPF_H */
