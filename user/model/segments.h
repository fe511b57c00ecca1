/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The segments of a loop and their breakdowns: where the time of a segment went, from samples of
 * its stack, from its times as BPF added them up, and from the calls that it blocked in.
 */
#ifndef LP_MODEL_SEGMENTS_H
#define LP_MODEL_SEGMENTS_H

#include "lost_time.h"
#include "shortage.h"
#include "stacks.h"

struct lp_segments;

/* The frames and the lost time are not owned and outlive it.  Returns NULL if out of memory. */
struct lp_segments *segments_new(struct lp_frames *frames, struct lp_lost_time *lost_time);
void segments_free(struct lp_segments *segments);

/*
 * Adds the samples so far of segments that have not ended to the lost time, each once.  over: the
 * run ends, so that there will be no more.
 */
void segments_count(struct lp_segments *segments, bool over);

void segments_add_sample(struct lp_segments *segments, const struct lp_event_stack_sample *event);
/* Adds a stack in the form that versions before 0.2 wrote into captures. */
void segments_add_old_stack(struct lp_segments *segments, const struct lp_event_stack *event);
void segments_add_times(struct lp_segments *segments, const struct lp_event_segment_times *event);
void segments_add_collections(struct lp_segments *segments,
			      const struct lp_event_collections *event);
void segments_add_cpu_waits(struct lp_segments *segments, const struct lp_event_cpu_waits *event);
void segments_add_memory_waits(struct lp_segments *segments,
			       const struct lp_event_memory_waits *event);
/* The last events about what the loop is short of, which the caller sets. */
struct lp_shortage_events *segments_shortage(struct lp_segments *segments);
void segments_add_cause(struct lp_segments *segments, const struct lp_event_cause *event);

/*
 * Fills in the breakdown of the segment that began at start_ns and takes duration_ns.  The caller
 * clears it with breakdown_clear().  over: the segment has ended, so that its samples are added to
 * the lost time.
 */
void segments_breakdown(struct lp_segments *segments, uint64_t start_ns, uint64_t duration_ns,
			bool over, struct lp_breakdown *breakdown);

/* Fills in the breakdown of the time before the first callback of an iteration. */
void segments_gap_breakdown(struct lp_segments *segments, uint64_t iteration_ns,
			    uint64_t duration_ns, struct lp_breakdown *breakdown);

void segments_add_other_end(struct lp_segments *segments, const struct lp_event_other_end *event);
void segments_add_dns_name(struct lp_segments *segments, const struct lp_event_dns_name *event);
void segments_add_task_name(struct lp_segments *segments, const struct lp_event_task_name *event);
/* Returns the name of the segment's task, "" if no event had it.  Valid until the next event. */
const char *segments_task_name(const struct lp_segments *segments, uint64_t start_ns);

#endif /* LP_MODEL_SEGMENTS_H */
