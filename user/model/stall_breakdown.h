/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a segment took the time it took: what was seen of it while it ran, and its
 * account.  One watch a loop.
 */
#ifndef LP_MODEL_STALL_BREAKDOWN_H
#define LP_MODEL_STALL_BREAKDOWN_H

#include "lost_time.h"
#include "stacks.h"

struct lp_watch;

/* The frames and causes are the caller's and outlive it. */
struct lp_watch *watch_new(struct lp_frames *frames, struct lp_causes *causes);
void watch_free(struct lp_watch *watch);

/* The run is over: samples of what has not ended are counted to their causes as well. */
void watch_finish(struct lp_watch *watch);

void watch_seen(struct lp_watch *watch, const struct lp_event_seen *event);
/* A stack as versions before 0.2 wrote it into captures. */
void watch_old_stack(struct lp_watch *watch, const struct lp_event_stack *event);
void watch_account(struct lp_watch *watch, const struct lp_event_account *event);
void watch_cause(struct lp_watch *watch, const struct lp_event_cause *event);

/*
 * The reasons of the segment that began at start_ns, of that duration: the
 * caller's, to be cleared.  over: it has ended, and its samples are counted to
 * their causes.
 */
void watch_reasons(struct lp_watch *watch, uint64_t start_ns, uint64_t duration_ns, bool over,
		   struct lp_reasons *reasons);

/* The stack where most of the time went; any, if that has none; NULL if there is none. */
const struct lp_stack *reasons_stack(const struct lp_reasons *reasons);

/* The same of what came before the first callback of the iteration that began then. */
void watch_gap_reasons(struct lp_watch *watch, uint64_t iteration_ns, uint64_t duration_ns,
		       struct lp_reasons *reasons);
void reasons_clear(struct lp_reasons *reasons);

/* Divides a duration; what is off the CPU never exceeds it. */
void times_fill(struct lp_times *times, uint64_t duration_ns, uint64_t blocked_ns, uint64_t gil_ns,
		uint64_t run_queue_ns);

void watch_add_task_name(struct lp_watch *watch, const struct lp_event_task_name *event);
/* The name that the task had while the segment lasted; "" if nobody told it. */
const char *watch_task_name(const struct lp_watch *watch, uint64_t start_ns);

#endif /* LP_MODEL_STALL_BREAKDOWN_H */
