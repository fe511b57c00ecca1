/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Differences of instants. A sample interrupts the other programs, so that an instant that a
 * program read before the interruption may be older than one that the sample has stored: every
 * difference is checked for a negative result.
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

/* Returns whether the span has a beginning that is not after its end. Invalid spans are counted. */
static __always_inline bool lp_is_span(__u64 now, __u64 then)
{
	/* A span that begins after its end wraps around and exceeds any limit. */
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

/* The same for a comparison with a limit: an impossible result is 0 but is not counted. */
static __always_inline __u64 lp_age(__u64 now, __u64 then)
{
	return now > then ? now - then : 0;
}

#endif /* LP_BPF_LOOP_INSTANTS_BPF_H */
