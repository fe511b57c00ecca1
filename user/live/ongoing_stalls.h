/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stalls that last: told once a callback runs for as long as the threshold, and at
 * doubling intervals from then on, from what BPF keeps of it.
 */
#ifndef LP_LIVE_ONGOING_STALLS_H
#define LP_LIVE_ONGOING_STALLS_H

#include "runtime/runtime.h"
#include "wire/record.h"

struct lp_ongoing_stall {
	uint64_t segment_ns; /* what was last seen running */
	uint64_t next_ns; /* not told again before it runs for so long */
	uint64_t named_ns; /* the segment whose task was told by name */
};

/* How often ongoing_stall_due should be asked, for a threshold. */
uint64_t ongoing_stall_period_ns(uint64_t threshold_ns);

/* Is what the loop does now to be told? */
bool ongoing_stall_due(struct lp_ongoing_stall *progress, const struct lp_loop *loop,
		       uint64_t now_ns);

/*
 * Does a task run for half the threshold, whose name is not told yet?  One that ends
 * with this step may be gone when the step has ended.
 */
bool ongoing_stall_name_due(const struct lp_ongoing_stall *progress, const struct lp_loop *loop,
			    uint64_t now_ns);
/* Tells it: LP_EVENT_TASK_NAME. */
void ongoing_stall_report_name(struct lp_ongoing_stall *progress,
			       const struct lp_instance *instance, const struct lp_loop *loop,
			       uint32_t slot, uint64_t now_ns, lp_record_taker take, void *context);

/* Tells it: LP_EVENT_SEGMENT_TIMES, then LP_EVENT_PROGRESS or LP_EVENT_SLOW_ITERATION. */
void ongoing_stall_report(const struct lp_instance *instance, const struct lp_loop *loop,
			  const struct lp_wait_state *stall, uint32_t slot, uint64_t now_ns,
			  lp_record_taker take, void *context);

#endif /* LP_LIVE_ONGOING_STALLS_H */
