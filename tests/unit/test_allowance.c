// SPDX-License-Identifier: BSD-2-Clause
/*
 * Simulated targets: the time that probes cost a thread is computed step by step, independently of
 * what the allowance measures, and added up for the whole run and for every minute.
 */
#include "session/allowance.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#define MILLISECOND 1000000ULL
#define SECOND (1000 * MILLISECOND)
#define STEP_NS (5 * MILLISECOND)
#define MINUTE_STEPS (60 * SECOND / STEP_NS)
#define STEPS_MAX (20 * MINUTE_STEPS)
/* The time that the kernel takes to detach a probe. */
#define DETACH_NS (100 * MILLISECOND)

/* The load at a moment: callbacks per second, and the cost of one hit of the probe in ns. */
typedef void (*lp_load)(uint64_t at_ns, double *rate, double *cost_ns);

struct outcome {
	/* share of the whole run's time that the thread paid */
	double from_start;
	double worst_minute;
	double traced; /* share of the time in bursts */
	size_t bursts;
	uint64_t longest_rest_ns;
};

/* The share of a step that hits cost.  Time spent in hits is missing for callbacks. */
static double taken(lp_load load, uint64_t at_ns)
{
	double rate, cost_ns, share;

	load(at_ns, &rate, &cost_ns);
	share = rate * cost_ns / 1e9;
	return share / (1 + share);
}

static double paid[STEPS_MAX];

static struct outcome simulate(lp_load load, double share, uint64_t length_ns)
{
	uint64_t now = 1, next = 0, attached_until = 0, rest_since = now;
	struct lp_allowance allowance;
	struct outcome outcome = { 0 };
	double spent = 0, sum = 0, minute = 0;
	size_t step, steps = length_ns / STEP_NS;

	assert_true(steps <= STEPS_MAX);
	srand(1);
	allowance_open(&allowance, share, now);
	for (step = 0; step < steps; step++, now += STEP_NS) {
		bool attached = allowance.began_ns || now < attached_until;

		paid[step] = attached ? taken(load, now) * (double)STEP_NS : 0;
		outcome.traced += allowance.began_ns ? (double)STEP_NS : 0;
		spent += paid[step];
		sum += paid[step];
		minute += paid[step] - (step >= MINUTE_STEPS ? paid[step - MINUTE_STEPS] : 0);
		if (minute > outcome.worst_minute)
			outcome.worst_minute = minute;
		if (now < next)
			continue;
		allowance_spend(&allowance, spent, now);
		spent = 0;
		if (allowance_must_end(&allowance, now)) {
			allowance_end(&allowance, (uint32_t)rand(), now);
			attached_until = now + DETACH_NS;
			rest_since = now;
		} else if (allowance_may_begin(&allowance)) {
			allowance_begin(&allowance, now);
			outcome.bursts++;
			if (now - rest_since > outcome.longest_rest_ns)
				outcome.longest_rest_ns = now - rest_since;
		}
		next = now + allowance_wait_ns(&allowance);
	}
	outcome.from_start = sum / (double)length_ns;
	outcome.worst_minute /= (double)(60 * SECOND);
	outcome.traced /= (double)length_ns;
	print_message("paid %.5f, worst minute %.5f, traced %.4f, %zu bursts, rest %.1f s\n",
		      outcome.from_start, outcome.worst_minute, outcome.traced, outcome.bursts,
		      (double)outcome.longest_rest_ns / 1e9);
	return outcome;
}

static void spin(uint64_t at_ns, double *rate, double *cost_ns)
{
	(void)at_ns;
	*rate = 100000;
	*cost_ns = 2500;
}

static void a_loop_that_spins_pays_no_more_than_its_share(void **state)
{
	struct outcome outcome = simulate(spin, 0.01, 10 * 60 * SECOND);

	(void)state;
	assert_true(outcome.from_start <= 0.01);
	assert_true(outcome.worst_minute <= 0.01);
	/* and most of the share is used: at least 0.65 %, while a burst costs 20 % */
	assert_true(outcome.from_start >= 0.0065);
	assert_true(outcome.traced > 0.02 && outcome.traced < 0.06);
	assert_true(outcome.longest_rest_ns < 40 * SECOND);
}

static void a_first_burst_is_within_the_share_of_ten_seconds(void **state)
{
	struct outcome outcome = simulate(spin, 0.01, 10 * SECOND);

	(void)state;
	assert_int_equal(outcome.bursts, 1);
	assert_true(outcome.from_start > 0);
	assert_true(outcome.from_start <= 0.01);
}

static void single_step(uint64_t at_ns, double *rate, double *cost_ns)
{
	(void)at_ns;
	*rate = 200000;
	*cost_ns = 12000;
}

static void even_where_a_hit_costs_more_than_a_callback(void **state)
{
	static const double shares[] = { 0.001, 0.01, 0.05 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		struct outcome outcome = simulate(single_step, shares[i], 20 * 60 * SECOND);

		/*
		 * a burst costs until the probes are detached, which alone is a minute's share if
		 * the share is a thousandth
		 */
		assert_true(outcome.from_start <= shares[i]);
		assert_true(outcome.worst_minute <=
			    shares[i] + (shares[i] < 0.01 ? 0.0035 : 0.0002));
		assert_true(outcome.bursts >= 3);
	}
}

static void idle(uint64_t at_ns, double *rate, double *cost_ns)
{
	(void)at_ns;
	*rate = 20;
	*cost_ns = 2500;
}

static void a_loop_that_is_cheap_to_trace_is_traced_all_the_time(void **state)
{
	struct outcome outcome = simulate(idle, 0.01, 10 * 60 * SECOND);

	(void)state;
	assert_int_equal(outcome.bursts, 1);
	assert_true(outcome.traced > 0.9999);
}

static void just_below(uint64_t at_ns, double *rate, double *cost_ns)
{
	(void)at_ns;
	*rate = 2700;
	*cost_ns = 2500;
}

static void a_loop_that_costs_what_the_account_earns_is_traced_all_the_time(void **state)
{
	struct outcome outcome = simulate(just_below, 0.01, 10 * 60 * SECOND);

	(void)state;
	assert_int_equal(outcome.bursts, 1);
	assert_true(outcome.from_start <= 0.007);
}

static void just_above(uint64_t at_ns, double *rate, double *cost_ns)
{
	(void)at_ns;
	*rate = 4200;
	*cost_ns = 2500;
}

static void a_loop_that_costs_a_little_more_is_traced_most_of_the_time(void **state)
{
	struct outcome outcome = simulate(just_above, 0.01, 10 * 60 * SECOND);

	(void)state;
	assert_true(outcome.from_start <= 0.01);
	assert_true(outcome.worst_minute <= 0.01);
	assert_true(outcome.traced > 0.5 && outcome.traced < 0.8);
}

/* Two minutes of rest and two minutes of flood, in turn. */
static void jumps(uint64_t at_ns, double *rate, double *cost_ns)
{
	*rate = at_ns / (120 * SECOND) % 2 ? 100000 : 100;
	*cost_ns = 2500;
}

static void a_flood_after_a_rest_stays_within_every_minutes_share(void **state)
{
	struct outcome outcome = simulate(jumps, 0.01, 16 * 60 * SECOND);

	(void)state;
	assert_true(outcome.from_start <= 0.01);
	/* the excess: a check 200 ms after the flood began, and the time to detach the probes */
	assert_true(outcome.worst_minute <= 0.011);
	assert_true(outcome.traced > 0.4);
}

/* The loop spins for half a second out of ten. */
static void pulses(uint64_t at_ns, double *rate, double *cost_ns)
{
	*rate = at_ns % (10 * SECOND) < SECOND / 2 ? 150000 : 50;
	*cost_ns = 3000;
}

static void nor_do_pulses_escape(void **state)
{
	struct outcome outcome = simulate(pulses, 0.01, 20 * 60 * SECOND);

	(void)state;
	assert_true(outcome.from_start <= 0.01);
	assert_true(outcome.worst_minute <= 0.0125);
}

/* A machine on which costs vary, as other tenants and frequency scaling make them. */
static void wavering(uint64_t at_ns, double *rate, double *cost_ns)
{
	*rate = 30000 + 1000 * (double)(at_ns / SECOND % 20);
	*cost_ns = at_ns / (7 * SECOND) % 2 ? 900 : 5000;
}

static void costs_that_change_are_followed(void **state)
{
	struct outcome outcome = simulate(wavering, 0.01, 20 * 60 * SECOND);

	(void)state;
	assert_true(outcome.from_start <= 0.01);
	assert_true(outcome.worst_minute <= 0.01);
}

static void bursts_do_not_come_in_step(void **state)
{
	struct lp_allowance allowance;
	double wanted[3];
	size_t i;

	(void)state;
	allowance_open(&allowance, 0.01, 1);
	for (i = 0; i < 3; i++) {
		allowance_begin(&allowance, (2 * i + 1) * SECOND);
		allowance_spend(&allowance, 100 * MILLISECOND, (2 * i + 2) * SECOND);
		allowance_end(&allowance, (uint32_t)(300 * i), (2 * i + 2) * SECOND);
		wanted[i] = allowance.wanted_ns;
	}
	assert_true(wanted[0] < wanted[1] && wanted[1] < wanted[2]);
	assert_true(wanted[2] <= 1.34 * wanted[0]);
}

static void what_was_earned_long_ago_is_not_retained(void **state)
{
	struct lp_allowance allowance;

	(void)state;
	allowance_open(&allowance, 0.01, 1);
	allowance_spend(&allowance, 0, 3600 * SECOND);
	assert_true(allowance.balance_ns <= 0.01 * 20 * (double)SECOND);
	/* a clock that stands still or goes back earns nothing */
	allowance_spend(&allowance, 1000, 3600 * SECOND);
	allowance_spend(&allowance, 1000, 1800 * SECOND);
	assert_true(allowance.balance_ns <= 0.01 * 20 * (double)SECOND - 2000);
}

static void who_has_no_cpu_earns_nothing(void **state)
{
	struct lp_allowance allowance;

	(void)state;
	allowance_open(&allowance, 0.01, 1);
	allowance_spend(&allowance, 0, 10 * SECOND);
	allowance_starved(&allowance, 9 * (double)SECOND);
	assert_true(allowance.balance_ns > 0);
	assert_true(allowance.balance_ns <= 0.01 * (double)SECOND);
}

/* ---- loopprof's own CPU time ---- */

static enum lp_self_budget_change measure(struct lp_self_budget *self_budget, double own,
					  double hooks)
{
	return self_budget_measure(
		self_budget,
		self_budget->cpu_ns + (uint64_t)(own * (double)LP_SELF_BUDGET_PERIOD_NS),
		self_budget->hook_ns + (uint64_t)(hooks * (double)LP_SELF_BUDGET_PERIOD_NS),
		self_budget->at_ns + LP_SELF_BUDGET_PERIOD_NS);
}

static void sampling_that_costs_too_much_becomes_less_frequent(void **state)
{
	struct lp_self_budget self_budget;
	size_t i;

	(void)state;
	self_budget_open(&self_budget, 0.01, 997, 100 * MILLISECOND, SECOND);
	assert_int_equal(measure(&self_budget, 0.004, 0.004), LP_SELF_BUDGET_SAME);
	assert_int_equal(measure(&self_budget, 0.03, 0), LP_SELF_BUDGET_LESS);
	assert_int_equal(self_budget.frequency, 498);
	assert_int_equal(self_budget.save_ns, 2 * LP_SELF_BUDGET_SAVE_NS);
	assert_true(self_budget.bursts);
	for (i = 0; i < 10; i++)
		measure(&self_budget, 0.03, 0);
	/* a stall of the threshold's length still gets two samples */
	assert_int_equal(self_budget.frequency, 25);
	assert_int_equal(self_budget.save_ns, 60 * SECOND);
	assert_false(self_budget.bursts);
	assert_int_equal(measure(&self_budget, 0.03, 0), LP_SELF_BUDGET_OVER);
}

static void sampling_becomes_more_frequent_once_it_is_cheap(void **state)
{
	struct lp_self_budget self_budget;
	size_t i;

	(void)state;
	self_budget_open(&self_budget, 0.01, 99, 100 * MILLISECOND, SECOND);
	for (i = 0; i < 10; i++)
		measure(&self_budget, 0.05, 0);
	assert_int_equal(measure(&self_budget, 0.001, 0), LP_SELF_BUDGET_MORE);
	assert_true(self_budget.bursts);
	for (i = 0; i < 20; i++)
		measure(&self_budget, 0.001, 0);
	assert_int_equal(self_budget.frequency, 99);
	assert_int_equal(self_budget.save_ns, LP_SELF_BUDGET_SAVE_NS);
	assert_int_equal(measure(&self_budget, 0.001, 0), LP_SELF_BUDGET_SAME);
}

static void hooks_that_others_pay_for_end_no_bursts(void **state)
{
	struct lp_self_budget self_budget;
	size_t i;

	(void)state;
	self_budget_open(&self_budget, 0.01, 99, 100 * MILLISECOND, SECOND);
	for (i = 0; i < 10; i++)
		measure(&self_budget, 0.002, 0.1);
	assert_true(self_budget.bursts);
	assert_int_equal(measure(&self_budget, 0.002, 0.1), LP_SELF_BUDGET_OVER);
}

static void without_a_budget_nothing_changes(void **state)
{
	struct lp_self_budget self_budget;

	(void)state;
	self_budget_open(&self_budget, 0, 99, 100 * MILLISECOND, SECOND);
	assert_int_equal(measure(&self_budget, 0.5, 0.5), LP_SELF_BUDGET_SAME);
	assert_int_equal(self_budget.frequency, 99);
}

static void a_short_threshold_keeps_its_samples(void **state)
{
	struct lp_self_budget self_budget;
	size_t i;

	(void)state;
	self_budget_open(&self_budget, 0.01, 997, 5 * MILLISECOND, SECOND);
	for (i = 0; i < 10; i++)
		measure(&self_budget, 0.5, 0);
	assert_int_equal(self_budget.frequency, 500);
	self_budget_open(&self_budget, 0.01, 10, 100 * MILLISECOND, SECOND);
	measure(&self_budget, 0.5, 0);
	assert_int_equal(self_budget.frequency, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_that_spins_pays_no_more_than_its_share),
		cmocka_unit_test(a_first_burst_is_within_the_share_of_ten_seconds),
		cmocka_unit_test(even_where_a_hit_costs_more_than_a_callback),
		cmocka_unit_test(a_loop_that_is_cheap_to_trace_is_traced_all_the_time),
		cmocka_unit_test(a_loop_that_costs_what_the_account_earns_is_traced_all_the_time),
		cmocka_unit_test(a_loop_that_costs_a_little_more_is_traced_most_of_the_time),
		cmocka_unit_test(a_flood_after_a_rest_stays_within_every_minutes_share),
		cmocka_unit_test(nor_do_pulses_escape),
		cmocka_unit_test(costs_that_change_are_followed),
		cmocka_unit_test(bursts_do_not_come_in_step),
		cmocka_unit_test(what_was_earned_long_ago_is_not_retained),
		cmocka_unit_test(who_has_no_cpu_earns_nothing),
		cmocka_unit_test(sampling_that_costs_too_much_becomes_less_frequent),
		cmocka_unit_test(sampling_becomes_more_frequent_once_it_is_cheap),
		cmocka_unit_test(hooks_that_others_pay_for_end_no_bursts),
		cmocka_unit_test(without_a_budget_nothing_changes),
		cmocka_unit_test(a_short_threshold_keeps_its_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
