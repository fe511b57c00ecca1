/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Division of a stall into parts, for flame graphs and time lines.  Each part has one stack and one
 * cause; the parts add up to the duration of the stall to the nanosecond.
 */
#ifndef LP_SINKS_PROFILES_STALL_PARTS_H
#define LP_SINKS_PROFILES_STALL_PARTS_H

#include "model/report.h"

enum lp_part_frame_kind {
	LP_PART_FRAME_SERVICE, /* service of the loop: the root of each stack */
	LP_PART_FRAME_CODE,
	LP_PART_FRAME_CAUSE, /* "[blocked recvfrom tcp 10.0.3.7:5432]" */
};

struct lp_part_frame {
	enum lp_part_frame_kind kind;
	uint32_t line; /* 0: not known */
	const char *function;
	const char *file; /* "" if there is none */
};

/* The cause of a part: one of enum lp_cause_kind, or one of two more. */
enum lp_part_cause {
	LP_PART_ON_CPU = LP_CAUSE_ON_CPU,
	LP_PART_BLOCKED = LP_CAUSE_BLOCKED,
	LP_PART_GIL = LP_CAUSE_GIL,
	LP_PART_RUN_QUEUE = LP_CAUSE_RUN_QUEUE,
	LP_PART_GC = LP_CAUSE_GC,
	LP_PART_CALLBACKS = LP_CAUSE_KINDS, /* callbacks of a long iteration, none slow by itself */
	LP_PART_UNKNOWN, /* captures of versions that did not record times */
	LP_PART_CAUSES,
};

/* Returns the name of a cause as in the JSON format: "on_cpu". */
const char *stall_part_cause_name(enum lp_part_cause cause);

/* Limit of frames: stack, await chain, callback, service, cause and stack of the GIL holder. */
#define LP_PART_FRAMES 640

struct lp_stall_part {
	enum lp_part_cause cause;
	const char *syscall; /* "" unless the loop was blocked in a known call */
	const char *target; /* "" if there is none */
	const char *label; /* the cause without its brackets: "GIL held by worker" */
	uint64_t ns;
	uint64_t count; /* calls or samples; 0: not known */
	bool longest; /* the longest part of its stall: exactly one is */
	size_t depth; /* number of places */
	struct lp_part_frame *places; /* outermost first */
	size_t cause_at; /* index of the place of the cause; depth: there is none */
};

/* A slow callback or a slow iteration. */
struct lp_stall {
	const struct lp_loop_info *loop;
	const struct lp_slow_callback *slow; /* either slow or iteration is NULL */
	const struct lp_slow_iteration *iteration;
	uint64_t start_ns;
	uint64_t duration_ns; /* of an iteration, without the time of its slow callbacks */
	uint64_t end_ns; /* its end; in progress: the instant up to which its duration is */
	bool in_progress; /* its end was not reported */
	struct lp_part_frame callback; /* the callback, "[iteration]" for an iteration */
	const struct lp_breakdown *breakdown;
};

/* Return a stall that points to the slow callback or iteration. */
struct lp_stall stall_parts_of_slow(const struct lp_slow_callback *slow);
struct lp_stall stall_parts_of_iteration(const struct lp_slow_iteration *iteration);

typedef void (*lp_part_handler)(void *context, const struct lp_stall *stall,
				const struct lp_stall_part *part);

/*
 * Calls report for each part that took time.  The pointers of the part are valid during the call
 * only.  A stall without duration has no parts.
 */
void stall_parts_report(const struct lp_stall *stall, lp_part_handler report, void *context);

/* Returns the name of the service of a loop: its unit or program; "?" for NULL. */
const char *stall_parts_service(const struct lp_loop_info *loop);

#endif /* LP_SINKS_PROFILES_STALL_PARTS_H */
