/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stall as the formats for flame graphs and time lines want it: parts of time,
 * each with one stack and one cause, that add up to its duration to the nanosecond.
 */
#ifndef LP_SINKS_PROFILES_STALL_PARTS_H
#define LP_SINKS_PROFILES_STALL_PARTS_H

#include "model/report.h"

enum lp_part_frame_kind {
	LP_PART_FRAME_SERVICE, /* what the loop belongs to: the root of each stack */
	LP_PART_FRAME_CODE,
	LP_PART_FRAME_CAUSE, /* "[blocked recvfrom tcp 10.0.3.7:5432]" */
};

struct lp_part_frame {
	enum lp_part_frame_kind kind;
	uint32_t line; /* 0: not known */
	const char *function;
	const char *file; /* "" if there is none */
};

/* Where a part's time went, for those who group by it. */
enum lp_part_cause {
	LP_PART_ON_CPU = LP_CAUSE_ON_CPU,
	LP_PART_BLOCKED = LP_CAUSE_BLOCKED,
	LP_PART_GIL = LP_CAUSE_GIL,
	LP_PART_RUN_QUEUE = LP_CAUSE_RUN_QUEUE,
	LP_PART_GC = LP_CAUSE_GC,
	LP_PART_CALLBACKS = LP_CAUSE_KINDS, /* callbacks of a long iteration, none slow by itself */
	LP_PART_UNKNOWN, /* captures of versions that did not tell */
	LP_PART_CAUSES,
};

/* "on_cpu", ... as in JSON. */
const char *stall_part_cause_name(enum lp_part_cause cause);

/* Stack, await chain, the callback and the service, the cause, the holder of the GIL. */
#define LP_PART_FRAMES 640

struct lp_stall_part {
	enum lp_part_cause cause;
	const char *syscall; /* "" unless blocked in a known call */
	const char *target; /* "" if there is none */
	const char *label; /* the cause without its brackets: "GIL held by worker" */
	uint64_t ns;
	uint64_t count; /* calls or samples; 0: not known */
	bool longest; /* of its stall: exactly one part of each is */
	size_t depth;
	struct lp_part_frame *places; /* outermost first */
	size_t cause_at; /* of the place that names the cause; depth: there is none */
};

/* A slow callback or a slow iteration. */
struct lp_stall {
	const struct lp_loop_info *loop;
	const struct lp_slow_callback *slow; /* one of both, the other is NULL */
	const struct lp_slow_iteration *iteration;
	uint64_t start_ns;
	uint64_t duration_ns;
	bool in_progress; /* when the run ended */
	struct lp_part_frame callback; /* "[iteration]" of an iteration */
	const struct lp_breakdown *breakdown;
};

struct lp_stall stall_parts_of_slow(const struct lp_slow_callback *slow);
struct lp_stall stall_parts_of_iteration(const struct lp_slow_iteration *iteration);

typedef void (*lp_part_handler)(void *context, const struct lp_stall *stall,
				const struct lp_stall_part *part);

/*
 * Tells each part that took time.  What the part points at holds during the call
 * only.  A stall of no duration has no parts.
 */
void stall_parts_report(const struct lp_stall *stall, lp_part_handler report, void *context);

/* What a loop is called: its unit, or the program. */
const char *stall_parts_service(const struct lp_loop_info *loop);

#endif /* LP_SINKS_PROFILES_STALL_PARTS_H */
