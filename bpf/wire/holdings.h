/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Shares of one process in the shared tables. Private to one build, except for enum
 * lp_limited_kind.
 */
#ifndef LP_BPF_WIRE_HOLDINGS_H
#define LP_BPF_WIRE_HOLDINGS_H

#include "rate_limit.h"
#include "types.h"

/*
 * Limits of what one process may send in each LP_PACE_NS, however many loops it has: stacks, slow
 * callbacks and iterations, loops that begin and threads that poll. The period is short, so that
 * the ring buffer has space for a burst at its beginning.
 */
#define LP_PACE_NS 100000000ULL
#define LP_PACE_STACKS 200
#define LP_PACE_REPORTS 50
#define LP_PACE_CHANGES 50
/* The number of stacks that one with registers and a copy of the C stack counts as. */
#define LP_NATIVE_WEIGHT 4

/* Capacity of the table of threads whose loops got no slot. */
#define LP_MAX_REFUSED_LOOPS 4096

/* The part of a table that remains for others, however much one process or unit requests. */
#define LP_RESERVED_PART 8

/*
 * Returns whether a holder of `own` entries of a table, of which all holders have `all`, may take
 * another one. While more than the reserved part is free, any holder may. An entry of the reserved
 * part is for holders that have fewer entries than half of the free ones. So a new holder leaves
 * two thirds of them free, and the one that has filled the rest of the table gets none.
 */
static inline __attribute__((always_inline)) int lp_share_allows(__u32 own, __u32 all,
								 __u32 capacity)
{
	__u32 left = all < capacity ? capacity - all : 0;

	return left > capacity / LP_RESERVED_PART || own < (left + 1) / 2;
}

/* Records of one kind that were sent in an LP_PACE_NS. */
struct lp_pace {
	__u64 since_ns; /* beginning of the period, CLOCK_MONOTONIC */
	__u32 sent;
	__u32 reserved;
};

/* Kinds of requests of one process that exceeded its share; captures carry their numbers. */
enum lp_limited_kind {
	LP_LIMITED_EVENTS = 0, /* stacks, reports and findings that were not sent, or not read */
	LP_LIMITED_LOOPS = 1, /* loops that got no slot, each once */
	LP_LIMITED_CALLBACKS = 2, /* runs that are counted under "other" */
	LP_LIMITED_CAUSES = 3, /* waits without an entry in the summary by cause */
	LP_LIMITED_KINDS,
};

/*
 * Entries in the shared tables of one process, or of all processes of one unit, and the records of
 * a process. Element 0 has the sums of all processes; user space assigns the other elements.
 * Both a process and its unit are limited by lp_share_allows.
 */
struct lp_holding {
	__u32 loops;
	__u32 callbacks;
	__u32 causes;
	__u32 unit; /* of a process: the number of its unit's element; 0: none */
	__u32 cancels; /* not counted for units */
	__u32 reserved;
	__u64 limited[LP_LIMITED_KINDS];
	struct lp_rate_limit reports;
	struct lp_pace stacks;
	struct lp_pace changes;
};

_Static_assert(sizeof(struct lp_holding) % 8 == 0, "an mmapped array's element is 8 byte aligned");

#endif /* LP_BPF_WIRE_HOLDINGS_H */
