/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Busy and idle time of a loop, from its creation or detection up to now.  All time that is not
 * busy is idle, whether the loop polls, has not woken up yet or is not run by anything: busy and
 * idle always add up to the observed time.
 */
#ifndef LP_LIVE_ACCOUNT_H
#define LP_LIVE_ACCOUNT_H

#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* The times of the last report; no later report is less. */
struct lp_window {
	uint64_t wall_ns;
	uint64_t busy_ns;
};

/* The iteration and the callback in progress.  Durations are in ns; 0 stands for none. */
struct lp_open {
	uint32_t callback; /* slot of the callback */
	uint64_t callback_ns;
	uint64_t iteration_ns;
	bool in_bursts; /* callbacks are timed in bursts only; set by the caller */
};

/*
 * Fills in the state of a loop's counters at now_ns, all but the type, slot and PID of the event.
 * The kernel may change the counters meanwhile.
 */
void account_read(struct lp_window *window, const struct lp_loop *loop, uint64_t now_ns,
		  struct lp_event_loop_stats *stats);

/*
 * Fills in the segments in progress that have reached the threshold.  They count as slow at the end
 * of a run.  Returns whether there is any.
 */
bool account_open(const struct lp_loop *loop, uint64_t now_ns, struct lp_open *open);

/* Returns whether the callback in this slot is in progress and slow. */
bool account_is_slow(const struct lp_open *open, uint32_t callback);

/* Count those segments as if they ended now. */
void account_close(const struct lp_open *open, struct lp_event_loop_stats *stats);
void account_close_callback(const struct lp_open *open, const struct lp_loop *loop,
			    struct lp_event_callback_stats *stats);

#endif /* LP_LIVE_ACCOUNT_H */
