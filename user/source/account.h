/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The account of a loop: of the time from its beginning, or from when it was found, up to
 * now, what it was busy.  All the rest is idle, whether the loop polls, has not woken up
 * yet, or is not run at all: so busy and idle always add up to the window.
 */
#ifndef LP_ACCOUNT_H
#define LP_ACCOUNT_H

#include "../wire.h"

#include <stdbool.h>
#include <stdint.h>

/* As it was reported last: what is reported next is no less. */
struct lp_window {
	uint64_t wall_ns;
	uint64_t busy_ns;
};

/* What has not ended yet.  A duration of 0: there is none. */
struct lp_open {
	uint32_t callback; /* its slot */
	uint64_t callback_ns;
	uint64_t iteration_ns;
	bool in_bursts; /* the run times callbacks now and then only; set by the caller */
};

/*
 * The state of a loop's counters at an instant, all but the head's type, slot and PID.
 * The kernel goes on to count meanwhile.
 */
void account_read(struct lp_window *window, const struct lp_loop *loop, uint64_t now_ns,
		  struct lp_event_loop_stats *stats);

/*
 * What is under way for as long as the threshold: when a run ends it is slow, although
 * it has not ended.  Returns whether there is any.
 */
bool account_open(const struct lp_loop *loop, uint64_t now_ns, struct lp_open *open);

/* Counts that as if it ended now. */
void account_close(const struct lp_open *open, struct lp_event_loop_stats *stats);
void account_close_callback(const struct lp_open *open, const struct lp_loop *loop,
			    struct lp_event_callback_stats *stats);

#endif /* LP_ACCOUNT_H */
