/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The account of a loop: the busy part of the time from its beginning, or its discovery, to
 * now.  All the rest is idle, whether the loop polls, has not woken up
 * yet, or is not run at all: so busy and idle always add up to the window.
 */
#ifndef LP_LIVE_ACCOUNT_H
#define LP_LIVE_ACCOUNT_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* The account as last reported: the next report is no less. */
struct lp_window {
	uint64_t wall_ns;
	uint64_t busy_ns;
};

/* The iteration and the callback under way, in ns.  A duration of 0: there is none. */
struct lp_open {
	uint32_t callback; /* its slot */
	uint64_t callback_ns;
	uint64_t iteration_ns;
	bool in_bursts; /* the run times callbacks in bursts only; set by the caller */
};

/*
 * The state of a loop's counters at an instant, all but the head's type, slot and PID.
 * The kernel goes on to count meanwhile.
 */
void account_read(struct lp_window *window, const struct lp_loop *loop, uint64_t now_ns,
		  struct lp_event_loop_stats *stats);

/*
 * Finds segments under way for as long as the threshold: when a run ends they are slow, although
 * they have not ended.  Returns whether there is any.
 */
bool account_open(const struct lp_loop *loop, uint64_t now_ns, struct lp_open *open);

/* Counts those segments as if they ended now. */
void account_close(const struct lp_open *open, struct lp_event_loop_stats *stats);
void account_close_callback(const struct lp_open *open, const struct lp_loop *loop,
			    struct lp_event_callback_stats *stats);

#endif /* LP_LIVE_ACCOUNT_H */
