/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loop that runs already when it is detected may be stuck for good, so that no probe will ever
 * fire.  Such a loop is inspected from outside once.
 */
#ifndef LP_LIVE_STUCK_LOOP_H
#define LP_LIVE_STUCK_LOOP_H

#include "runtime/runtime.h"
#include "session/session.h"

/*
 * Fills in the thread's current segment for session_begin_segment(), and its stack in raw if it
 * runs a callback.  A running thread changes its stack while that is read: it is read again until
 * it is consistent, within bounds.
 */
void stuck_loop_inspect(const struct lp_instance *instance, const struct lp_running_loop *running,
			struct lp_event_raw_stack *raw, struct lp_segment_begun *begun);

/* Returns whether the thread has been on a CPU since the inspection. */
bool stuck_loop_moved(const struct lp_instance *instance, const struct lp_running_loop *running,
		      const struct lp_segment_begun *begun);

#endif /* LP_LIVE_STUCK_LOOP_H */
