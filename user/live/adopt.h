/* SPDX-License-Identifier: BSD-2-Clause */
/* A loop that runs already when it is found: its account begins with the current segment. */
#ifndef LP_LIVE_ADOPT_H
#define LP_LIVE_ADOPT_H

#include "runtime/runtime.h"
#include "session/session.h"
#include "wire/record.h"

/*
 * Begins the current segment of a slot's loop.  A callback in which it is blocked is named first
 * (LP_EVENT_NAME); then it returns true, and *raw is the stack, to be symbolised.
 */
bool adopt_loops(struct lp_session *session, const struct lp_instance *instance, uint32_t slot,
		 const struct lp_running_loop *running, lp_record_taker take, void *context,
		 struct lp_event_raw_stack *raw);

#endif /* LP_LIVE_ADOPT_H */
