/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loop that runs already when it is found may be stuck, and for good: then no
 * probe will ever fire.  So it is looked at once from outside.
 */
#ifndef LP_FOUND_H
#define LP_FOUND_H

#include "../runtime/runtime.h"
#include "../session/session.h"

/*
 * What the thread is at.  Returns true if it runs a callback: raw is its stack, and
 * begun is to be given to session_begin_segment.
 */
bool found_in_callback(const struct lp_instance *instance, const struct lp_running_loop *running,
		       struct lp_event_raw_stack *raw, struct lp_segment_begun *begun);

#endif /* LP_FOUND_H */
