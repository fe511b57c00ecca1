/* SPDX-License-Identifier: BSD-2-Clause */
/* What a breakdown consists of: its times, its stacks, and the memory that it owns. */
#ifndef LP_MODEL_BREAKDOWN_H
#define LP_MODEL_BREAKDOWN_H

#include "report.h"

#include "wire/wire.h"

/*
 * Returns the stack of the greatest part of the time, or another one if that part has none; NULL if
 * there is no stack.
 */
const struct lp_stack *breakdown_stack(const struct lp_breakdown *breakdown);

/* Fills in the await chain: the coroutines on that stack, outermost first. */
void breakdown_fill_chain(struct lp_breakdown *breakdown);

/* Divides a duration.  Times off the CPU are scaled down if their sum exceeds it. */
void breakdown_fill_times(struct lp_times *times, uint64_t duration_ns, uint64_t blocked_ns,
			  uint64_t gil_ns, uint64_t run_queue_ns);

/*
 * Fills the time of garbage collection: as the interpreter has recorded it, or else by the samples
 * during which it collected.
 */
void breakdown_fill_collecting(struct lp_times *time, const struct lp_segment_times *account,
			       const struct lp_event_collections *recorded);

/*
 * Finds the calls of which the other end was read: those on that descriptor, or without any, the
 * longest ones of that system call. The calls are sorted by duration.
 */
void breakdown_find_end(struct lp_breakdown *breakdown);

void breakdown_free_samples(struct lp_sample *samples, size_t count);

/* Frees what the breakdown owns, and empties it. */
void breakdown_clear(struct lp_breakdown *breakdown);

#endif /* LP_MODEL_BREAKDOWN_H */
