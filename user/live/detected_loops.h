/* SPDX-License-Identifier: BSD-2-Clause */
/* Loops that run already when they are detected: counting begins in the middle of a segment. */
#ifndef LP_LIVE_DETECTED_LOOPS_H
#define LP_LIVE_DETECTED_LOOPS_H

#include "runtime/runtime.h"
#include "session/session.h"
#include "wire/record.h"

/*
 * Begins the current segment of the loop in a slot.  If the loop is blocked in a callback, emits
 * the callback's name (LP_EVENT_NAME), fills in *raw with the stack for the symboliser, and returns
 * true.
 */
bool detected_loops_begin(struct lp_session *session, const struct lp_instance *instance,
			  uint32_t slot, const struct lp_running_loop *running,
			  lp_record_taker take, void *context, struct lp_event_raw_stack *raw);

/*
 * Returns the slot of a callback that was identified while it was running, and emits its name if it
 * is new; 0 if no slot is left.
 */
uint32_t detected_loops_callback(struct lp_session *session, pid_t pid, uint32_t slot,
				 struct lp_running_callback *running, lp_record_taker take,
				 void *context);

#endif /* LP_LIVE_DETECTED_LOOPS_H */
