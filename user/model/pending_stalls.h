/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slow callbacks that wait to be reported.  A callback is reported when its iteration has ended and
 * the poll after it has returned, because only then the delayed callbacks and events are known.  An
 * iteration that is slow besides them is reported after them, as it has ended later.
 */
#ifndef LP_MODEL_PENDING_STALLS_H
#define LP_MODEL_PENDING_STALLS_H

#include "wire/decode.h"
#include "report.h"
#include "segments.h"

struct lp_pending_stalls;

struct lp_stall_handlers {
	void (*slow)(void *context, const struct lp_slow_callback *slow);
	void (*slow_iteration)(void *context, const struct lp_slow_iteration *slow);
};

/* The pending stalls of one loop.  The segments are not owned.  Returns NULL if out of memory. */
struct lp_pending_stalls *pending_stalls_new(struct lp_segments *segments,
					     const struct lp_stall_handlers *handlers,
					     void *context);
/* Reports what is left, then frees it. */
void pending_stalls_free(struct lp_pending_stalls *stalls);

/* Reports a callback in progress at once. */
void pending_stalls_add_progress(struct lp_pending_stalls *stalls, const struct lp_loop_info *loop,
				 const struct lp_callback_info *callback,
				 const struct lp_decoded_slow *event);
/* Stores the eager task that runs in the callback of a segment, of which the last one counts. */
void pending_stalls_add_eager(struct lp_pending_stalls *stalls,
			      const struct lp_event_eager_task *event);
void pending_stalls_add_slow(struct lp_pending_stalls *stalls, const struct lp_loop_info *loop,
			     const struct lp_callback_info *callback,
			     const struct lp_decoded_slow *event);
/* Stores why an iteration waited for a CPU, without its slow callbacks; the last one counts. */
void pending_stalls_add_cpu_waits(struct lp_pending_stalls *stalls,
				  const struct lp_event_cpu_waits *event);
void pending_stalls_iteration_end(struct lp_pending_stalls *stalls,
				  const struct lp_event_iteration_end *event);
void pending_stalls_poll_return(struct lp_pending_stalls *stalls,
				const struct lp_event_poll_return *event);
/*
 * Fills in the duration of an iteration without its slow callbacks, their number and time, and the
 * breakdown.  Reports it after those of them that are pending; at once, if it is in progress.
 */
void pending_stalls_add_iteration(struct lp_pending_stalls *stalls,
				  const struct lp_event_slow_iteration *event,
				  struct lp_slow_iteration *slow);
/*
 * Returns the newest pending stall if it ended at that instant, as one does that the end of its
 * loop has cut off; else NULL. Valid until the next call of any other function here.
 */
const struct lp_slow_callback *pending_stalls_cut_off(const struct lp_pending_stalls *stalls,
						      uint64_t time_ns);
void pending_stalls_advance(struct lp_pending_stalls *stalls, uint64_t now_ns);
/* Returns whether any stall waits to be reported. */
bool pending_stalls_wait(const struct lp_pending_stalls *stalls);

#endif /* LP_MODEL_PENDING_STALLS_H */
