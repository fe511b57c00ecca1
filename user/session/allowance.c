// SPDX-License-Identifier: BSD-2-Clause
#include "allowance.h"

#include "base/macros.h"

#include <string.h>

#define SECOND 1e9
/*
 * The part of the budget that an allowance earns. The rest is a reserve for a full balance and for
 * errors in the measured costs.
 */
#define EARNED_PART 0.7
#define HELD_NS (20 * SECOND)
/* Duration in ns that a burst is meant to have, if the balance suffices for it. */
#define BURST_NS (1 * SECOND)
/*
 * The time in ns from the beginning of the first burst in which it may exceed the balance, within a
 * limit, as it measures what a burst costs.
 */
#define FIRST_BURST_NS (0.5 * SECOND)
/*
 * The estimate of the time in ns that the kernel takes to remove the probes of a burst (measured on
 * 6.18). The target pays for the probes until then.
 */
#define LEAVE_NS (100 * NS_PER_MS)
#define LEAVE_MOST_NS (2 * SECOND)
/*
 * Limits in ns of the time between two measurements in a burst. The target may have begun to run
 * more callbacks since the last one.
 */
#define CHECK_LEAST_NS (20 * NS_PER_MS)
#define CHECK_MOST_NS (200 * NS_PER_MS)
#define REST_LEAST_NS (50 * NS_PER_MS)
#define REST_MOST_NS (1 * SECOND)
/* The weight of the newest measurement in the moving average of the rate. */
#define RATE_WEIGHT 0.3

static double least(double left, double right)
{
	return left < right ? left : right;
}

static double clamp(double value, double low, double high)
{
	return value < low ? low : least(value, high);
}

static double held_ns(const struct lp_allowance *allowance)
{
	return allowance->earns * HELD_NS;
}

void allowance_open(struct lp_allowance *allowance, double share, uint64_t now_ns)
{
	memset(allowance, 0, sizeof(*allowance));
	allowance->earns = share * EARNED_PART;
	allowance->at_ns = now_ns;
	allowance->leave_ns = LEAVE_NS;
}

void allowance_set_removal(struct lp_allowance *allowance, uint64_t leave_ns)
{
	allowance->leave_ns = clamp((double)leave_ns, LEAVE_NS, LEAVE_MOST_NS);
}

void allowance_spend(struct lp_allowance *allowance, double cost_ns, uint64_t now_ns)
{
	double passed = now_ns > allowance->at_ns ? (double)(now_ns - allowance->at_ns) : 0;
	double rate;

	/*
	 * the balance is limited before the cost is subtracted, so that earnings over the limit do
	 * not pay for the cost
	 */
	allowance->balance_ns =
		least(allowance->balance_ns + passed * allowance->earns, held_ns(allowance)) -
		cost_ns;
	allowance->at_ns += (uint64_t)passed;
	if (!allowance->began_ns || passed <= 0)
		return;
	rate = cost_ns / passed;
	allowance->rate += (rate - allowance->rate) * (allowance->spent_ns > 0 ? RATE_WEIGHT : 1);
	allowance->spent_ns += cost_ns;
}

void allowance_starved(struct lp_allowance *allowance, double waited_ns)
{
	allowance->balance_ns -= waited_ns * allowance->earns;
}

bool allowance_may_begin(const struct lp_allowance *allowance)
{
	return !allowance->began_ns && allowance->balance_ns >= allowance->wanted_ns;
}

void allowance_begin(struct lp_allowance *allowance, uint64_t now_ns)
{
	allowance->began_ns = now_ns;
	allowance->spent_ns = 0;
}

bool allowance_must_end(const struct lp_allowance *allowance, uint64_t now_ns)
{
	double age = (double)(now_ns - allowance->began_ns);

	if (!allowance->began_ns)
		return false;
	if (!allowance->learned && age < FIRST_BURST_NS)
		return allowance->spent_ns + allowance->rate * allowance->leave_ns >=
		       held_ns(allowance) / 2;
	if (allowance->rate < allowance->earns)
		/*
		 * the earnings exceed the cost, so that a small negative balance recovers during
		 * the burst
		 */
		return allowance->balance_ns <= -allowance->earns * CHECK_MOST_NS;
	return allowance->balance_ns <= allowance->rate * allowance->leave_ns;
}

void allowance_end(struct lp_allowance *allowance, uint32_t random, uint64_t now_ns)
{
	double age = (double)(now_ns - allowance->began_ns);
	double jitter = 0.75 + 0.25 * (double)(random % 1024) / 1024;

	if (age > 0 && allowance->began_ns)
		allowance->rate = allowance->spent_ns / age;
	allowance->learned = true;
	allowance->began_ns = 0;
	allowance->wanted_ns = jitter * clamp(allowance->rate * BURST_NS * 4 / 3,
					      held_ns(allowance) / 20, held_ns(allowance));
}

uint64_t allowance_wait_ns(const struct lp_allowance *allowance)
{
	double missing = allowance->wanted_ns - allowance->balance_ns;
	double drain = allowance->rate - allowance->earns;

	if (!allowance->began_ns)
		return (uint64_t)clamp(missing / allowance->earns, REST_LEAST_NS, REST_MOST_NS);
	if (!allowance->learned &&
	    (double)(allowance->at_ns - allowance->began_ns) < FIRST_BURST_NS)
		return (uint64_t)CHECK_LEAST_NS;
	if (drain <= 0)
		return (uint64_t)CHECK_MOST_NS;
	return (uint64_t)clamp(allowance->balance_ns / drain, CHECK_LEAST_NS, CHECK_MOST_NS);
}

/* ---- the CPU time of loopprof itself ---------------------------------------- */

/*
 * The number of samples of a stall that is as long as the threshold: at least this many, even over
 * the budget.
 */
#define CHECKS_A_STALL 2.5
#define FREQUENCY_LEAST 19
#define SAVE_MOST_NS (60 * SECOND)
/* Below this part of the budget the limits are relaxed again. */
#define RELAX_PART 0.6

void self_budget_open(struct lp_self_budget *self_budget, double share, unsigned int frequency,
		      uint64_t threshold_ns, uint64_t now_ns)
{
	double needed = threshold_ns ? CHECKS_A_STALL * SECOND / (double)threshold_ns : frequency;

	memset(self_budget, 0, sizeof(*self_budget));
	self_budget->share = share;
	self_budget->most = self_budget->frequency = frequency;
	self_budget->least = (unsigned int)clamp(needed, FREQUENCY_LEAST, frequency);
	if (self_budget->least > frequency)
		self_budget->least = frequency;
	self_budget->save_ns = LP_SELF_BUDGET_SAVE_NS;
	self_budget->bursts = true;
	self_budget->at_ns = now_ns;
}

/*
 * Reduces the frequency, the rate of saves and, last, the bursts. Returns false if all of them were
 * at their limits already.
 */
static bool reduce_limits(struct lp_self_budget *self_budget)
{
	unsigned int frequency = self_budget->frequency / 2;
	uint64_t save = self_budget->save_ns * 2;
	/*
	 * bursts are the purpose of the budget, so that they end last, and only if loopprof's own
	 * CPU time exceeds it
	 */
	bool bursts = self_budget->own <= self_budget->share ||
		      self_budget->frequency > self_budget->least ||
		      self_budget->save_ns < (uint64_t)SAVE_MOST_NS;

	if (frequency < self_budget->least)
		frequency = self_budget->least;
	if (save > (uint64_t)SAVE_MOST_NS)
		save = (uint64_t)SAVE_MOST_NS;
	if (frequency == self_budget->frequency && save == self_budget->save_ns &&
	    bursts == self_budget->bursts)
		return false;
	self_budget->frequency = frequency;
	self_budget->save_ns = save;
	self_budget->bursts = bursts;
	return true;
}

static bool ease(struct lp_self_budget *self_budget)
{
	unsigned int frequency = self_budget->frequency + self_budget->frequency / 4 + 1;
	uint64_t save = self_budget->save_ns / 2;

	if (frequency > self_budget->most)
		frequency = self_budget->most;
	if (save < LP_SELF_BUDGET_SAVE_NS)
		save = LP_SELF_BUDGET_SAVE_NS;
	if (frequency == self_budget->frequency && save == self_budget->save_ns &&
	    self_budget->bursts)
		return false;
	self_budget->frequency = frequency;
	self_budget->save_ns = save;
	self_budget->bursts = true;
	return true;
}

enum lp_self_budget_change self_budget_measure(struct lp_self_budget *self_budget, uint64_t cpu_ns,
					       uint64_t hook_ns, uint64_t now_ns)
{
	double passed = now_ns > self_budget->at_ns ? (double)(now_ns - self_budget->at_ns) : 0;
	double all;

	if (passed <= 0)
		return LP_SELF_BUDGET_SAME;
	self_budget->own =
		cpu_ns > self_budget->cpu_ns ? (double)(cpu_ns - self_budget->cpu_ns) / passed : 0;
	self_budget->hooks = hook_ns > self_budget->hook_ns
				     ? (double)(hook_ns - self_budget->hook_ns) / passed
				     : 0;
	self_budget->at_ns = now_ns;
	self_budget->cpu_ns = cpu_ns;
	self_budget->hook_ns = hook_ns;
	all = self_budget->own + self_budget->hooks;
	if (self_budget->share <= 0)
		return LP_SELF_BUDGET_SAME;
	if (all > self_budget->share)
		return reduce_limits(self_budget) ? LP_SELF_BUDGET_LESS : LP_SELF_BUDGET_OVER;
	if (all < self_budget->share * RELAX_PART)
		return ease(self_budget) ? LP_SELF_BUDGET_MORE : LP_SELF_BUDGET_SAME;
	return LP_SELF_BUDGET_SAME;
}
