/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the HTML page keeps of a run until it is written: each stall in a few words, and
 * everything that they have in common once.  Bounded: beyond that the worst stalls are
 * kept, the first of each callback, and how many there were.
 */
#ifndef LP_SINKS_HTML_PAGE_STORE_H
#define LP_SINKS_HTML_PAGE_STORE_H

#include "tables.h"
#include "model/report.h"
#include "sinks/profiles/once_per_stall.h"

/* Stalls in the page, and those of them with all that is known of each. */
#define LP_HTML_STALLS 100000
#define LP_HTML_DETAILS 20000

enum lp_page_part_kind { LP_PAGE_BLOCKED, LP_PAGE_SAMPLE, LP_PAGE_TOP };

/* A blocking call, a stack that was sampled, or a callback of a slow iteration. */
struct lp_page_part {
	enum lp_page_part_kind kind;
	uint32_t count;
	uint64_t total_ns;
	uint32_t stack;
	uint32_t name, target, local; /* blocked: strings */
	uint32_t callback; /* top */
	uint8_t reason, collecting; /* sample */
};

struct lp_page_detail {
	uint64_t queue_delay_ns; /* LP_NO_QUEUE_DELAY: not known */
	uint64_t dropped_ns; /* of blocking calls that are not told */
	uint32_t dropped;
	uint32_t holder, holder_stack; /* of the GIL */
	int32_t holder_tid;
	uint32_t chain;
	bool holder_known;
	size_t part_count;
	struct lp_page_part parts[];
};

struct lp_page_stall {
	uint64_t start_ns; /* since 1970 */
	uint64_t duration_ns;
	uint64_t parts_ns[LP_CAUSE_KINDS]; /* gc: a part of on CPU */
	uint64_t task; /* address, 0: none */
	uint32_t loop; /* id */
	uint32_t callback; /* 0: a slow iteration */
	uint32_t task_name;
	uint32_t stack; /* the one that tells most */
	uint32_t call, target; /* the longest blocking call, and on what */
	/* held up: callbacks and events; an iteration: callbacks, and slow ones of them */
	uint32_t first_count, second_count;
	bool iteration, in_progress, time_known, gc_known, delayed_known;
	bool first; /* of its callback */
	struct lp_page_detail *detail; /* NULL: only what is above */
};

/* Found at its place for the first time; strings as in struct lp_finding. */
struct lp_page_finding {
	uint64_t time_ns; /* since 1970, 0: of no loop that is known */
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
	uint64_t omitted; /* stalls that are not kept */
	uint64_t omitted_ns; /* their time */
	struct lp_page_finding *findings;
	size_t finding_count;
	bool no_memory;

	/* Private to html_kept.c. */
	struct lp_once_per_stall once; /* stalls in progress, until their end is known */
	size_t since_trim;
	size_t first_count;
	uint8_t *stalled; /* callbacks that have had a stall: bits by number */
	size_t stalled_bytes;
	size_t stalls_max, details_max;
};

/* The limits are LP_HTML_STALLS and LP_HTML_DETAILS; tests have less. */
void page_store_init(struct lp_page_store *store, size_t stalls_max, size_t details_max);
void page_store_free(struct lp_page_store *store);

void page_store_add_slow(struct lp_page_store *store, const struct lp_slow_callback *slow);
void page_store_add_iteration(struct lp_page_store *store, const struct lp_slow_iteration *slow);
void page_store_add_finding(struct lp_page_store *store, const struct lp_finding *finding);

/*
 * Leaves within the limits what is to be written, in the order of time, and in the tables
 * only what it needs.
 */
void page_store_finish(struct lp_page_store *store);

#endif /* LP_SINKS_HTML_PAGE_STORE_H */
