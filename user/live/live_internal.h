/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of the live source, for the files that implement it. */
#ifndef LP_LIVE_LIVE_INTERNAL_H
#define LP_LIVE_LIVE_INTERNAL_H

#include "ends.h"
#include "expected_findings.h"
#include "account.h"
#include "awake.h"
#include "blocked_on.h"
#include "followed.h"
#include "live.h"
#include "ongoing_stalls.h"
#include "ring.h"
#include "stopped_loops.h"
#include "wakers.h"

/*
 * A wait in progress of which a part was reported as lost time.  At its end, BPF adds the whole
 * wait to its cause; the part is subtracted then.
 */
struct lp_reported_wait {
	struct lp_cause_key key;
	uint64_t since_ns; /* when it began; 0: no wait was reported */
	uint64_t next_ns; /* beginning of a later wait that was observed while part_ns was not 0 */
	uint64_t part_ns; /* the time that was reported and is not subtracted yet */
	bool counted; /* it is to be subtracted from the count as well */
};

struct lp_live_loop {
	bool used;
	pid_t pid;
	uint32_t first; /* slot of its first callback; 0: none */
	uint64_t ended_ns; /* 0: it has not ended */
	struct lp_window window;
	uint64_t read_ns; /* the instant up to which the last event has the loop's time */
	struct lp_reported_wait wait;
	uint64_t reported_slow; /* slow callbacks in the last event, the one in progress included */
	struct lp_ongoing_stall progress;
	struct lp_awake awake;
	struct lp_memory_waits memory_waits; /* cumulative values in the last event of them */
	uint64_t stopped_ns; /* instant of the last reported stop of the loop; 0: none */
};

/* A callback slot: its loop, and the key with which it is released. */
struct lp_live_callback {
	bool used;
	uint32_t next; /* slot of the loop's next callback; 0: it is the last */
	struct lp_callback_key key;
	uint64_t reported_sum_ns; /* sum of its histogram in the last event */
	uint64_t reported_slow;
};

struct lp_live {
	struct lp_session *session;
	struct lp_ring *ring;
	struct lp_symboliser *symboliser;
	lp_record_taker take;
	void (*fill_self)(void *context, struct lp_event_self *self);
	void *context;
	size_t loop_count;
	struct lp_followed_table followed;
	struct lp_stopped_loops stopped;
	struct lp_live_loop loops[LP_MAX_LOOPS];
	struct lp_live_callback callbacks[LP_MAX_CALLBACKS];
	uint32_t loop_end; /* all loop slots in use are less than this */
	uint32_t check_at; /* loop slot at which the next check for stalls begins */
	struct lp_expected_findings expected_findings;
	struct lp_ends ends;
	struct lp_wakers wakers;
	struct lp_steal steal;
	struct lp_blocked_on blocked_on;
	/* Instants at the end of the run; 0 before it. */
	uint64_t stopped_ns; /* measuring was stopped */
	uint64_t reads_end_ns; /* memory of targets is not read after it */
};

#endif /* LP_LIVE_LIVE_INTERNAL_H */
