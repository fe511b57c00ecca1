/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --budget: arithmetic alone.  How long the threads of a process may be traced, and how
 * often loopprof may look, so that both stay under a share of a CPU.
 *
 * An allowance is an account.  It earns seven tenths of the share for each moment that
 * passes, and probes spend from it; it never holds more than twenty seconds' earnings, and
 * the first burst, which has to teach what bursts take, owes no more than half of that, with
 * what it takes until the kernel has removed its probes.  So in any minute at most
 * 0.7 * (60 + 20) = 56 seconds' share is spent, plus the overshoot between two looks.
 */
#ifndef LP_SESSION_ALLOWANCE_H
#define LP_SESSION_ALLOWANCE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

struct lp_allowance {
	double earns; /* ns of probes for each ns that passes */
	double balance_ns;
	double wanted_ns; /* the balance at which the next burst begins */
	double rate; /* ns of probes for each ns of a burst, of late */
	double spent_ns; /* in this burst */
	uint64_t at_ns; /* the balance is of this moment */
	uint64_t began_ns; /* this burst; 0: there is none */
	bool learned; /* a burst has shown how much a burst takes */
	/* the kernel takes so long to remove the probes of a burst, as measured; see allowance_open
	 */
	double leave_ns;
};

/* share: of each thread's time, 0.01 for one per cent.  now_ns: CLOCK_MONOTONIC, as below. */
void allowance_open(struct lp_allowance *allowance, double share, uint64_t now_ns);

/* How long the removal of probes took of late; it is not taken for less than 0.1 s. */
void allowance_set_leave(struct lp_allowance *allowance, uint64_t leave_ns);

/* Probes took cost_ns of the thread that they took most of, since the last call. */
void allowance_spend(struct lp_allowance *allowance, double cost_ns, uint64_t now_ns);

/*
 * For so long the thread wanted a CPU and had none: that earns nothing.  Else one that
 * gets a tenth of a CPU would pay ten times the share of what it can do.
 */
void allowance_starved(struct lp_allowance *allowance, double waited_ns);

bool allowance_may_begin(const struct lp_allowance *allowance);
void allowance_begin(struct lp_allowance *allowance, uint64_t now_ns);

/* A burst whose cost the earnings cover goes on for good. */
bool allowance_must_end(const struct lp_allowance *allowance, uint64_t now_ns);

/* random: any number; so that bursts do not beat with what the target does at times. */
void allowance_end(struct lp_allowance *allowance, uint32_t random, uint64_t now_ns);

/* In how many ns to call allowance_spend again. */
uint64_t allowance_wait_ns(const struct lp_allowance *allowance);

/*
 * What loopprof takes itself: its own CPU time, and its hooks on polls, context switches
 * and clocks all over the host.  Where that is over the budget it looks less often.
 */
struct lp_self_budget {
	double share; /* of one CPU; 0: no budget */
	unsigned int most, least; /* Hz, of the clock that samples late loops */
	unsigned int frequency;
	uint64_t save_ns; /* between two times that all counters are read */
	bool bursts; /* are there means for bursts? */
	double own, hooks; /* what was taken of a CPU, as of the last look */
	uint64_t at_ns, cpu_ns, hook_ns; /* at that look */
};

enum lp_self_budget_change {
	LP_SELF_BUDGET_SAME,
	LP_SELF_BUDGET_LESS,
	LP_SELF_BUDGET_MORE, /* there are means again */
	LP_SELF_BUDGET_OVER, /* it is over, and there is nothing left to do without */
};

void self_budget_open(struct lp_self_budget *self_budget, double share, unsigned int frequency,
		      uint64_t threshold_ns, uint64_t now_ns);

/* cpu_ns, hook_ns: taken since the run began.  To be called each LP_SELF_BUDGET_PERIOD_NS. */
enum lp_self_budget_change self_budget_measure(struct lp_self_budget *self_budget, uint64_t cpu_ns,
					       uint64_t hook_ns, uint64_t now_ns);

#define LP_SELF_BUDGET_PERIOD_NS 5000000000ULL
#define LP_SELF_BUDGET_SAVE_NS (10 * NS_PER_S)

#endif /* LP_SESSION_ALLOWANCE_H */
