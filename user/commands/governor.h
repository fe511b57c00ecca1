/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps a run within its budget: measures what it takes, and lets the session trace in
 * bursts, the clock tick and the counters be read as often as that leaves room for.
 */
#ifndef LP_COMMANDS_GOVERNOR_H
#define LP_COMMANDS_GOVERNOR_H

#include "session/session.h"
#include "live/live.h"
#include "session/allowance.h"

struct lp_governor_config {
	struct lp_session *session;
	struct lp_live *live;
	uint32_t budget_ppm; /* of a CPU; 0: nothing is kept, only told */
	unsigned int frequency; /* Hz, of the clock that samples late loops */
	uint64_t threshold_ns;
	uint64_t start_ns; /* of the run */
};

struct lp_governor {
	struct lp_governor_config config;
	struct lp_self_budget self_budget;
	uint64_t check_ns; /* next look at what loopprof takes itself */
	uint64_t bursts_ns; /* next turn of the bursts */
	uint64_t measure_ns;
	bool reported_less, reported_over;
};

void governor_open(struct lp_governor *governor, const struct lp_governor_config *config);

/* To be called now and then.  Returns when to be called again (CLOCK_MONOTONIC). */
uint64_t governor_turn(struct lp_governor *governor, uint64_t now_ns);

/* In how many ns the counters are to be read again. */
uint64_t governor_save_ns(const struct lp_governor *governor);

/* LP_EVENT_SELF, all but its head and the number of loops. */
void governor_fill(struct lp_governor *governor, struct lp_event_self *self);

#endif /* LP_COMMANDS_GOVERNOR_H */
