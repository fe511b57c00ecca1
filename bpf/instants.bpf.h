/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Differences of instants.  A sample interrupts the other programs, so that an instant
 * which was read before it may be older than what the sample has stored: no difference
 * of two instants is taken without a look at which of them is the later one.
 */
#ifndef LP_INSTANTS_BPF_H
#define LP_INSTANTS_BPF_H

/* Not inlined: it never runs as long as all is well. */
__weak __noinline int lp_lose_instant(void)
{
	lp_lose(LP_LOST_INSTANTS);
	return 0;
}

/* Is this a span that has begun, and not after its end?  What is not is counted. */
static __always_inline bool lp_is_span(__u64 now, __u64 then)
{
	/* one that begins after its end wraps around, and is longer than any */
	if (then && now - then <= LP_SPAN_MAX_NS)
		return true;
	lp_lose_instant();
	return false;
}

/* How long ago that was; 0, and counted, if it cannot be. */
static __always_inline __u64 lp_elapsed(__u64 now, __u64 then)
{
	return lp_is_span(now, then) ? now - then : 0;
}

/* The same where nothing is measured but only compared with a limit. */
static __always_inline __u64 lp_age(__u64 now, __u64 then)
{
	return now > then ? now - then : 0;
}

#endif /* LP_INSTANTS_BPF_H */
