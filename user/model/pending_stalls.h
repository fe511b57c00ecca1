/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slow callbacks on their way out.  One is told when its iteration has ended and
 * the poll after it has returned, as only then is known whom it held up.
 */
#ifndef LP_MODEL_PENDING_STALLS_H
#define LP_MODEL_PENDING_STALLS_H

#include "wire/decode.h"
#include "report.h"
#include "stall_breakdown.h"

struct lp_stalls;

typedef void (*lp_slow_teller)(void *context, const struct lp_slow *slow);

/* One a loop; the watch is the caller's. Returns NULL if out of memory. */
struct lp_stalls *stalls_new(struct lp_watch *watch, lp_slow_teller tell, void *context);
/* Tells what is left, then frees. */
void stalls_free(struct lp_stalls *stalls);

/* One that has not ended: told at once. */
void stalls_add_progress(struct lp_stalls *stalls, const struct lp_loop_info *loop,
			 const struct lp_callback_info *callback,
			 const struct lp_decoded_slow *event);
void stalls_add_slow(struct lp_stalls *stalls, const struct lp_loop_info *loop,
		     const struct lp_callback_info *callback, const struct lp_decoded_slow *event);
void stalls_iteration_end(struct lp_stalls *stalls, const struct lp_event_iteration_end *event);
void stalls_poll_return(struct lp_stalls *stalls, const struct lp_event_poll_return *event);
/*
 * Fills in how long an iteration was slow without its slow callbacks, how many those
 * were, and why: the caller's, to be cleared.
 */
void stalls_explain_iteration(struct lp_stalls *stalls, const struct lp_event_slow_iteration *event,
			      struct lp_slow_iteration *slow);
void stalls_advance(struct lp_stalls *stalls, uint64_t now_ns);
/* Does any wait to be told whole? */
bool stalls_wait(const struct lp_stalls *stalls);

#endif /* LP_MODEL_PENDING_STALLS_H */
