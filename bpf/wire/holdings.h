/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * One process's part of the shared tables.  Private to one build, except for enum lp_limited_kind.
 */
#ifndef LP_BPF_WIRE_HOLDINGS_H
#define LP_BPF_WIRE_HOLDINGS_H

#include "rate_limit.h"
#include "types.h"

/*
 * What one process may send in each LP_PACE_NS, however many loops it has: stacks, slow
 * callbacks and iterations, loops that begin and threads that poll.  The period is short, so that
 * a burst at its beginning finds room in the ring buffer.
 */
#define LP_PACE_NS 100000000ULL
#define LP_PACE_STACKS 200
#define LP_PACE_REPORTS 50
#define LP_PACE_CHANGES 50
/* A stack with registers and a copy of the C stack counts as so many. */
#define LP_NATIVE_WEIGHT 4

/* Threads whose loops found no room, and that are remembered at once. */
#define LP_MAX_REFUSED_LOOPS 4096

/* The records of one kind that were sent in an LP_PACE_NS. */
struct lp_pace {
	__u64 since_ns; /* the beginning of that time, CLOCK_MONOTONIC */
	__u32 sent;
	__u32 reserved;
};

/* The requests of one process over its share; captures carry their numbers. */
enum lp_limited_kind {
	LP_LIMITED_EVENTS = 0, /* stacks, reports and findings that were not sent, or not read */
	LP_LIMITED_LOOPS = 1, /* loops that found no room, each once */
	LP_LIMITED_CALLBACKS = 2, /* runs that are counted under "other" */
	LP_LIMITED_CAUSES = 3, /* waits without a place in the summary by cause */
	LP_LIMITED_KINDS,
};

/*
 * The entries in the shared tables of one process, or of all processes of one unit, and the
 * records of a process.  Element 0 has the sums of all processes; user space assigns the other
 * elements.  Neither a process nor a unit ever has more of a table than is left of it for others.
 */
struct lp_holding {
	__u32 loops;
	__u32 callbacks;
	__u32 causes;
	__u32 unit; /* of a process: the number of its unit's element; 0: none */
	__u64 limited[LP_LIMITED_KINDS];
	struct lp_rate_limit reports;
	struct lp_pace stacks;
	struct lp_pace changes;
};

_Static_assert(sizeof(struct lp_holding) % 8 == 0, "an mmapped array's element is 8 byte aligned");

#endif /* LP_BPF_WIRE_HOLDINGS_H */
