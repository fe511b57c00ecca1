/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks of callbacks that are late, read from user space while they run: at half
 * of the threshold and on, so that every callback that turns out slow has been
 * seen at least once during its stall.
 */
#ifndef LP_LATE_H
#define LP_LATE_H

#include "../runtime/runtime.h"

struct lp_late {
	uint64_t start_ns; /* of the callback that was last seen late */
	uint64_t next_ns; /* not again before */
	uint32_t reads;
};

/* How often late_due should be asked, for a threshold. */
uint64_t late_period_ns(uint64_t threshold_ns);

/* Is the loop's running callback late, and its stack to be read now? */
bool late_due(struct lp_late *late, const struct lp_loop *loop, uint64_t now_ns);

/*
 * Reads it.  The result is to be freed; NULL if it could not be read, or if the
 * callback ended meanwhile, as then the stack may be another's.
 */
struct lp_event_stack *late_read(const struct lp_instance *instance, const struct lp_loop *loop);

#endif /* LP_LATE_H */
