/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arithmetic of --budget: how long the threads of a process may be traced, and how much CPU
 * time loopprof itself may use, as a share of a CPU. Nothing here measures or attaches.
 *
 * An allowance is an account in ns. It earns seven tenths of the share for each ns that passes, and
 * probes spend from it. The balance never exceeds twenty seconds' earnings. The first burst
 * measures what a burst costs; its debt, including the cost until the kernel has removed its
 * probes, is at most ten seconds' earnings. So in any minute at most 0.7 * (60 + 20) = 56 seconds'
 * share is spent, plus the overshoot between two measurements.
 */
#ifndef LP_SESSION_ALLOWANCE_H
#define LP_SESSION_ALLOWANCE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

struct lp_allowance {
	double earns; /* earnings: ns of probe time for each ns that passes */
	double balance_ns;
	double wanted_ns; /* the balance at which the next burst begins */
	double rate; /* cost: ns of probe time for each ns of a burst, a moving average */
	double spent_ns; /* cost of the current burst */
	uint64_t at_ns; /* instant up to which the balance is computed */
	uint64_t began_ns; /* beginning of the current burst; 0: no burst is running */
	bool learned; /* a burst has ended, so that rate is a measured value */
	/* ns that the kernel takes to remove the probes of a burst, see allowance_set_removal */
	double leave_ns;
};

/*
 * share is the part of a thread's time, 0.01 for one per cent. now_ns is CLOCK_MONOTONIC, here and
 * below.
 */
void allowance_open(struct lp_allowance *allowance, double share, uint64_t now_ns);

/*
 * Sets the measured time that a removal of probes takes. It is clamped to 0.1 s at least and 2 s at
 * most.
 */
void allowance_set_removal(struct lp_allowance *allowance, uint64_t leave_ns);

/*
 * Charges cost_ns, the time that probes took since the last call from the thread that has paid
 * most, and adds the earnings of the time since then.
 */
void allowance_spend(struct lp_allowance *allowance, double cost_ns, uint64_t now_ns);

/*
 * Subtracts the earnings of the time that the thread was ready to run without a CPU. Otherwise a
 * thread that gets a tenth of a CPU would pay ten times the share of the time in which it runs.
 */
void allowance_starved(struct lp_allowance *allowance, double waited_ns);

bool allowance_may_begin(const struct lp_allowance *allowance);
void allowance_begin(struct lp_allowance *allowance, uint64_t now_ns);

/*
 * Returns whether the current burst has to end. A burst that costs less than the earnings goes on
 * without a limit.
 */
bool allowance_must_end(const struct lp_allowance *allowance, uint64_t now_ns);

/*
 * Ends the current burst and computes the balance at which the next one may begin. random is any
 * number; it varies that balance so that bursts are not in step with periodic work of the target.
 */
void allowance_end(struct lp_allowance *allowance, uint32_t random, uint64_t now_ns);

/* Returns the time in ns until the next call of allowance_spend. */
uint64_t allowance_wait_ns(const struct lp_allowance *allowance);

/*
 * The budget of loopprof itself: its own CPU time and that of its hooks on polls, context switches
 * and clocks on the whole host. Over the budget, loopprof samples and saves less often.
 */
struct lp_self_budget {
	double share; /* share of one CPU; 0: no budget */
	unsigned int most, least; /* limits in Hz of the clock that samples late loops */
	unsigned int frequency;
	uint64_t save_ns; /* ns between two times that all counters are read */
	bool bursts; /* the budget allows bursts */
	double own, hooks; /* shares of a CPU that were used, as of the last measurement */
	uint64_t at_ns, cpu_ns, hook_ns; /* instant and totals of the last measurement */
};

enum lp_self_budget_change {
	LP_SELF_BUDGET_SAME,
	LP_SELF_BUDGET_LESS,
	LP_SELF_BUDGET_MORE, /* the limits were relaxed */
	LP_SELF_BUDGET_OVER, /* it is over the budget, and all limits are at their lowest */
};

void self_budget_open(struct lp_self_budget *self_budget, double share, unsigned int frequency,
		      uint64_t threshold_ns, uint64_t now_ns);

/*
 * Compares what was used since the last call with the budget and adapts frequency, save_ns and
 * bursts. cpu_ns and hook_ns are totals since the run began. To be called every
 * LP_SELF_BUDGET_PERIOD_NS.
 */
enum lp_self_budget_change self_budget_measure(struct lp_self_budget *self_budget, uint64_t cpu_ns,
					       uint64_t hook_ns, uint64_t now_ns);

#define LP_SELF_BUDGET_PERIOD_NS 5000000000ULL
#define LP_SELF_BUDGET_SAVE_NS (10 * NS_PER_S)

#endif /* LP_SESSION_ALLOWANCE_H */
