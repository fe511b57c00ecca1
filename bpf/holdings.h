/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What one process has of what all share: included by loopprof.h, behind struct lp_telling.
 */
#ifndef LP_HOLDINGS_WIRE_H
#define LP_HOLDINGS_WIRE_H

/*
 * What one process may send in each LP_PACE_NS, however many loops it has: stacks, slow
 * callbacks and iterations, loops that begin and threads that poll.  A short time, so that
 * what comes at its beginning finds room in the ring buffer.
 */
#define LP_PACE_NS 100000000ULL
#define LP_PACE_STACKS 200
#define LP_PACE_REPORTS 50
#define LP_PACE_CHANGES 50
/* As many stacks as one with registers and a copy of the C stack counts for. */
#define LP_NATIVE_WEIGHT 4

/* What was sent in an LP_PACE_NS, of one kind. */
struct lp_pace {
	__u64 since_ns; /* when that began */
	__u32 sent;
	__u32 reserved;
};

/* What one process asked for over its part of what all share; captures carry it. */
enum lp_limited_kind {
	LP_LIMITED_EVENTS = 0, /* stacks, reports and findings that were not sent, or not read */
	LP_LIMITED_LOOPS = 1, /* times that a loop found no room */
	LP_LIMITED_CALLBACKS = 2, /* runs that are counted under "other" */
	LP_LIMITED_CAUSES = 3, /* waits without a place in the summary by cause */
	LP_LIMITED_KINDS,
};

/*
 * What one process has of what all share, and what it sends.  Element 0 is what all have
 * together; which one is a process's own user space says.  A process never has more of a
 * table than is left of it for others.
 */
struct lp_holding {
	__u32 loops;
	__u32 callbacks;
	__u32 causes;
	__u32 reserved;
	__u64 limited[LP_LIMITED_KINDS];
	struct lp_telling reports;
	struct lp_pace stacks;
	struct lp_pace changes;
};

#endif /* LP_HOLDINGS_WIRE_H */
