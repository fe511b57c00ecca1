/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a segment took the time it took: what was seen of it while it ran, and its
 * account.  One watch a loop.
 */
#ifndef LP_MODEL_STALL_BREAKDOWN_H
#define LP_MODEL_STALL_BREAKDOWN_H

#include "lost_time.h"
#include "stacks.h"

struct lp_segments;

/* The frames and causes are the caller's and outlive it. */
struct lp_segments *segments_new(struct lp_frames *frames, struct lp_lost_time *lost_time);
void segments_free(struct lp_segments *segments);

/* The run is over: samples of what has not ended are counted to their causes as well. */
void segments_finish(struct lp_segments *segments);

void segments_add_sample(struct lp_segments *segments, const struct lp_event_stack_sample *event);
/* A stack as versions before 0.2 wrote it into captures. */
void segments_add_old_stack(struct lp_segments *segments, const struct lp_event_stack *event);
void segments_add_times(struct lp_segments *segments, const struct lp_event_segment_times *event);
void segments_add_cause(struct lp_segments *segments, const struct lp_event_cause *event);

/*
 * The reasons of the segment that began at start_ns, of that duration: the
 * caller's, to be cleared.  over: it has ended, and its samples are counted to
 * their causes.
 */
void segments_breakdown(struct lp_segments *segments, uint64_t start_ns, uint64_t duration_ns,
			bool over, struct lp_breakdown *breakdown);

/* The stack where most of the time went; any, if that has none; NULL if there is none. */
const struct lp_stack *breakdown_stack(const struct lp_breakdown *breakdown);

/* The same of what came before the first callback of the iteration that began then. */
void segments_gap_breakdown(struct lp_segments *segments, uint64_t iteration_ns,
			    uint64_t duration_ns, struct lp_breakdown *breakdown);
void breakdown_clear(struct lp_breakdown *breakdown);

/* Divides a duration; what is off the CPU never exceeds it. */
void breakdown_fill_times(struct lp_times *times, uint64_t duration_ns, uint64_t blocked_ns,
			  uint64_t gil_ns, uint64_t run_queue_ns);

void segments_add_task_name(struct lp_segments *segments, const struct lp_event_task_name *event);
/* The name that the task had while the segment lasted; "" if nobody told it. */
const char *segments_task_name(const struct lp_segments *segments, uint64_t start_ns);

#endif /* LP_MODEL_STALL_BREAKDOWN_H */
