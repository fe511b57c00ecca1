/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stalls in progress: a callback is reported when it has run for as long as the threshold, and then
 * again at doubling intervals, from the state that BPF has of it.
 */
#ifndef LP_LIVE_ONGOING_STALLS_H
#define LP_LIVE_ONGOING_STALLS_H

#include "runtime/runtime.h"
#include "wire/record.h"

struct lp_ongoing_stall {
	uint64_t segment_ns; /* start of the segment that ran at the last check */
	uint64_t next_ns; /* duration of that segment at its next report */
	uint64_t named_ns; /* start of the last segment whose task name was reported */
	uint64_t wait_ns; /* beginning of the last wait whose stack was taken */
	uint64_t other_end_wait_ns; /* beginning of the last wait whose other end was searched */
	uint64_t sqlite_segment_ns; /* segment in which a lock of SQLite was found; 0: none */
	uint64_t sqlite_found_ns; /* instant at which that lock was found */
	uint64_t eager_ns; /* segment in which an eager task was found; 0: none */
	struct lp_eager_address eager; /* that eager task, the last one that was found */
	bool several_eager; /* others were found in that segment before */
};

/* Returns the period in ns at which to call ongoing_stall_due(). */
uint64_t ongoing_stall_period_ns(uint64_t threshold_ns);

/* Returns whether the loop's current segment is to be reported, and sets the next report's time. */
bool ongoing_stall_due(struct lp_ongoing_stall *progress, const struct lp_loop *loop,
		       uint64_t now_ns);

/*
 * Returns whether a step of a task has reached half the threshold and the task's name is not yet
 * reported.  A task that ends with this step may be freed when the step has ended.
 */
bool ongoing_stall_name_due(const struct lp_ongoing_stall *progress, const struct lp_loop *loop,
			    uint64_t now_ns);
/* Emits LP_EVENT_TASK_NAME. */
void ongoing_stall_report_name(struct lp_ongoing_stall *progress,
			       const struct lp_instance *instance, const struct lp_loop *loop,
			       uint32_t slot, uint64_t now_ns, lp_record_taker take, void *context);
/*
 * Reports the task that runs inside of the late callback that created it, if there is one, and
 * fills in *callback with what identifies its steps. The second function is for when that callback
 * has ended: the name of the task is read again, as loops may set it after the first step of the
 * task.
 */
bool ongoing_stall_report_eager(struct lp_ongoing_stall *progress,
				const struct lp_instance *instance, const struct lp_loop *loop,
				uint32_t slot, uint64_t now_ns, lp_record_taker take, void *context,
				struct lp_running_callback *callback);
void ongoing_stall_report_ended_eager(struct lp_ongoing_stall *progress,
				      const struct lp_instance *instance,
				      const struct lp_event_slow *slow, lp_record_taker take,
				      void *context);

/*
 * Fills in the stack at which the segment waits for a CPU or for the GIL, if BPF has walked it and
 * not sent it, as the segment was not late when the wait began.  Returns false if there is none, or
 * if it was taken before.
 */
bool ongoing_stall_take_stack(struct lp_ongoing_stall *progress, const struct lp_loop *loop,
			      const struct lp_wait_state *stall, uint32_t slot, uint64_t now_ns,
			      struct lp_event_raw_stack *raw);

/* Returns whether the loop's current segment is over the threshold. */
bool ongoing_stall_lasts(const struct lp_loop *loop, uint64_t now_ns);
/*
 * Emits LP_EVENT_SEGMENT_TIMES, then LP_EVENT_PROGRESS or LP_EVENT_SLOW_ITERATION. last: the run
 * ends, so that this is the last report of the segment.
 */
void ongoing_stall_report(const struct lp_instance *instance, const struct lp_loop *loop,
			  const struct lp_wait_state *stall, uint32_t slot, uint64_t now_ns,
			  bool last, lp_record_taker take, void *context);

#endif /* LP_LIVE_ONGOING_STALLS_H */
