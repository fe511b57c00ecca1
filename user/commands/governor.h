/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits a run to its budget: measures the cost of the run, and adapts the bursts of the session,
 * the frequency of the clock and the period of saves to it.
 */
#ifndef LP_COMMANDS_GOVERNOR_H
#define LP_COMMANDS_GOVERNOR_H

#include "session/session.h"
#include "live/live.h"
#include "session/allowance.h"

struct lp_governor_config {
	struct lp_session *session;
	struct lp_live *live;
	/* parts per million of a CPU; 0: the costs are measured but not limited */
	uint32_t budget_ppm;
	unsigned int frequency; /* Hz of the clock that samples late loops */
	uint64_t threshold_ns;
	uint64_t start_ns; /* beginning of the run, CLOCK_MONOTONIC */
};

struct lp_governor {
	struct lp_governor_config config;
	struct lp_self_budget self_budget;
	uint64_t check_ns; /* instant of the next measurement of loopprof's own costs */
	uint64_t bursts_ns; /* instant of the next turn of the bursts */
	uint64_t measure_ns;
	bool reported_less, reported_over;
};

void governor_open(struct lp_governor *governor, const struct lp_governor_config *config);

/* Measures and adapts what is due. Returns the instant of the next call (CLOCK_MONOTONIC). */
uint64_t governor_turn(struct lp_governor *governor, uint64_t now_ns);

/* Returns the period in ns of saves of the counters. */
uint64_t governor_save_ns(const struct lp_governor *governor);

/* Fills in an LP_EVENT_SELF except its head and the number of loops. */
void governor_fill(struct lp_governor *governor, struct lp_event_self *self);

#endif /* LP_COMMANDS_GOVERNOR_H */
