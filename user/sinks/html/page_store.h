/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stalls and findings of a run for the HTML page.  Strings, frames, stacks and callbacks are
 * interned in tables and referred to by number.  Over the limit of stalls the first stall of each
 * callback and the longest ones are retained; the others are counted.
 */
#ifndef LP_SINKS_HTML_PAGE_STORE_H
#define LP_SINKS_HTML_PAGE_STORE_H

#include "tables.h"
#include "model/report.h"
#include "sinks/profiles/once_per_stall.h"

/* Limits of stalls in the page, and of those with a struct lp_page_detail. */
#define LP_HTML_STALLS 100000
#define LP_HTML_DETAILS 20000

enum lp_page_part_kind {
	LP_PAGE_BLOCKED,
	LP_PAGE_SAMPLE,
	LP_PAGE_TOP,
	LP_PAGE_SHORTAGE,
	LP_PAGE_WAKER,
};

/*
 * A blocking call, a stack that was sampled, a callback of a slow iteration, a reason for which the
 * thread had no CPU, in words, or the thread that ended the blocking call before it.
 */
struct lp_page_part {
	enum lp_page_part_kind kind;
	uint32_t count; /* LP_PAGE_WAKER: the thread's id, 0: not known */
	uint64_t total_ns;
	uint32_t stack;
	/* LP_PAGE_BLOCKED: strings; LP_PAGE_SHORTAGE, LP_PAGE_WAKER: name */
	uint32_t name, target, local;
	uint32_t file_system, dns_name; /* LP_PAGE_BLOCKED: strings */
	uint32_t callback; /* LP_PAGE_TOP */
	uint8_t reason, collecting; /* LP_PAGE_SAMPLE: enum lp_sample_reason, bool */
};

struct lp_page_detail {
	uint64_t queue_delay_ns; /* LP_NO_QUEUE_DELAY: not known */
	uint64_t dropped_ns; /* total time of the blocking calls over the limit of a breakdown */
	uint32_t dropped; /* number of those calls */
	uint32_t holder, holder_stack; /* holder of the GIL: name of the thread, and its stack */
	int32_t holder_tid;
	uint32_t chain; /* await chain, as a stack */
	bool holder_known;
	size_t part_count;
	struct lp_page_part parts[];
};

struct lp_page_stall {
	uint64_t start_ns; /* since 1970 */
	uint64_t duration_ns;
	uint64_t slow_ns; /* of an iteration: of its slow callbacks, not in duration_ns */
	uint64_t parts_ns[LP_CAUSE_KINDS]; /* LP_CAUSE_GC is a part of LP_CAUSE_ON_CPU */
	uint64_t task; /* address, 0: none */
	uint32_t loop; /* ID */
	uint32_t callback; /* 0: a slow iteration */
	uint32_t handler; /* a frame; 0: the callback names the stall */
	uint32_t task_name;
	uint32_t stack; /* stack of the longer part, blocked or on CPU */
	uint32_t call, target; /* the longest blocking call and its target */
	/* delayed callbacks and events; for an iteration all its callbacks and the slow ones */
	uint32_t first_count, second_count;
	bool iteration, in_progress, began_before, time_known, gc_known, delayed_known;
	bool first; /* the first stall of its callback: retained over longer ones */
	struct lp_page_detail *detail; /* owned; NULL: over the limit of details, or no memory */
};

/* The first finding of its kind at its place.  Fields as in struct lp_finding; texts by number. */
struct lp_page_finding {
	uint64_t time_ns; /* since 1970; 0: the loop is not known */
	uint64_t late_ns;
	uint32_t kind, loop, line;
	uint32_t name, file, task_name, exception_type, exception_message;
	uint32_t created, parked; /* frames */
	uint32_t stack, loop_stack;
	int32_t tid;
	bool timer, noticed;
};

struct lp_page_store {
	struct lp_page_tables tables;
	struct lp_page_stall *stalls;
	size_t stall_count, stall_capacity;
	size_t detail_count;
	uint64_t omitted; /* number of stalls that were not retained */
	uint64_t omitted_ns; /* total duration of those stalls */
	struct lp_page_finding *findings;
	size_t finding_count;
	bool no_memory; /* stalls were omitted for lack of memory */

	/* Private to page_store.c. */
	struct lp_once_per_stall once; /* latest reports of stalls in progress */
	size_t since_trim; /* number of stalls added since the last trim() */
	/*
	 * Durations up to which a stall is certainly not retained, or has certainly no detail, as
	 * the limit of worse ones is reached.  First stalls of a callback are exempt.
	 */
	uint64_t least_ns, least_detailed_ns;
	size_t first_count; /* number of stalls with first set */
	uint8_t *stalled; /* bitmap by callback number: the callback has a stall with first set */
	size_t stalled_bytes;
	size_t stalls_max, details_max;
};

/* The limits are LP_HTML_STALLS and LP_HTML_DETAILS, or smaller ones in tests. */
void page_store_init(struct lp_page_store *store, size_t stalls_max, size_t details_max);
void page_store_free(struct lp_page_store *store);

/*
 * Add a copy of a stall or finding.  A stall that cannot be added is counted as omitted; a finding
 * is skipped if an equal one was reported before, over a limit, and without memory.
 */
void page_store_add_slow(struct lp_page_store *store, const struct lp_slow_callback *slow);
void page_store_add_iteration(struct lp_page_store *store, const struct lp_slow_iteration *slow);
void page_store_add_finding(struct lp_page_store *store, const struct lp_finding *finding);

/*
 * Adds the stalls that are still in progress, reduces stalls and details to their limits, sorts
 * the stalls by time, and removes from the tables what none of them refers to.
 */
void page_store_finish(struct lp_page_store *store);

#endif /* LP_SINKS_HTML_PAGE_STORE_H */
