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

enum lp_kept_part_kind { LP_KEPT_BLOCKED, LP_KEPT_SAMPLE, LP_KEPT_TOP };

/* A blocking call, a stack that was sampled, or a callback of a slow iteration. */
struct lp_kept_part {
	enum lp_kept_part_kind kind;
	uint32_t count;
	uint64_t total_ns;
	uint32_t stack;
	uint32_t name, target, local; /* blocked: strings */
	uint32_t callback; /* top */
	uint8_t seen, collecting; /* sample */
};

struct lp_kept_detail {
	uint64_t queue_delay_ns; /* LP_NO_QUEUE_DELAY: not known */
	uint64_t beyond_ns; /* of blocking calls that are not told */
	uint32_t beyond;
	uint32_t holder, holder_stack; /* of the GIL */
	int32_t holder_tid;
	uint32_t chain;
	bool holder_known;
	size_t part_count;
	struct lp_kept_part parts[];
};

struct lp_kept_stall {
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
	struct lp_kept_detail *detail; /* NULL: only what is above */
};

/* Found at its place for the first time; strings as in struct lp_finding. */
struct lp_kept_finding {
	uint64_t time_ns; /* since 1970, 0: of no loop that is known */
	uint64_t late_ns;
	uint32_t kind, loop, line;
	uint32_t name, file, task_name, exception_type, exception_message;
	uint32_t created, parked; /* frames */
	uint32_t stack, loop_stack;
	int32_t tid;
	bool timer, noticed;
};

struct lp_kept {
	struct lp_kept_tables tables;
	struct lp_kept_stall *stalls;
	size_t stall_count, stall_room;
	size_t detail_count;
	uint64_t omitted; /* stalls that are not kept */
	uint64_t omitted_ns; /* their time */
	struct lp_kept_finding *findings;
	size_t finding_count;
	bool no_memory;

	/* Private to html_kept.c. */
	struct lp_stalls_told told; /* stalls in progress, until their end is known */
	size_t since_trim;
	size_t first_count;
	uint8_t *seen; /* callbacks that have had a stall: bits by number */
	size_t seen_bytes;
	size_t stalls_max, details_max;
};

/* The limits are LP_HTML_STALLS and LP_HTML_DETAILS; tests have less. */
void kept_init(struct lp_kept *kept, size_t stalls_max, size_t details_max);
void kept_free(struct lp_kept *kept);

void kept_add_slow(struct lp_kept *kept, const struct lp_slow *slow);
void kept_add_iteration(struct lp_kept *kept, const struct lp_slow_iteration *slow);
void kept_add_finding(struct lp_kept *kept, const struct lp_finding *finding);

/*
 * Leaves within the limits what is to be written, in the order of time, and in the tables
 * only what it needs.
 */
void kept_finish(struct lp_kept *kept);

#endif /* LP_SINKS_HTML_PAGE_STORE_H */
