/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loop that runs already when it is found may be stuck, and for good: then no
 * probe will ever fire.  So it is looked at once from outside.
 */
#ifndef LP_LIVE_STUCK_LOOP_H
#define LP_LIVE_STUCK_LOOP_H

#include "runtime/runtime.h"
#include "session/session.h"

/*
 * The thread's current segment, for session_begin_segment.  If it runs a callback,
 * raw is its stack.  A thread that runs changes its stack while that is read: it is
 * read several times until it is consistent.
 */
void stuck_loop_inspect(const struct lp_instance *instance, const struct lp_running_loop *running,
			struct lp_event_raw_stack *raw, struct lp_segment_begun *begun);

/* Has the thread been on a CPU since then? */
bool stuck_loop_moved(const struct lp_instance *instance, const struct lp_running_loop *running,
		      const struct lp_segment_begun *begun);

#endif /* LP_LIVE_STUCK_LOOP_H */
