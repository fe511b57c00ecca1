// SPDX-License-Identifier: BSD-2-Clause
#include "governor.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "runtime/remote/remote.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/*
 * Returns the resident memory of this process: the second number of /proc/self/statm, in pages
 * (proc_pid_statm(5)), or 0 if it cannot be read.
 */
static uint64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long size, resident = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(file);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Returns the CPU time in ns of this process and of those that read targets and attach probes. */
static uint64_t own_cpu_ns(const struct lp_governor *governor)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID) + remote_cpu_ns() +
	       session_attaching_cpu_ns(governor->config.session);
}

void governor_open(struct lp_governor *governor, const struct lp_governor_config *config)
{
	*governor = (struct lp_governor){ .config = *config };
	self_budget_open(&governor->self_budget, config->budget_ppm / 1e6, config->frequency,
			 config->threshold_ns, clock_now());
}

static void log_change(struct lp_governor *governor, enum lp_self_budget_change change)
{
	const struct lp_self_budget *self_budget = &governor->self_budget;

	if (change == LP_SELF_BUDGET_LESS && !governor->reported_less) {
		log_warning(
			"loopprof itself takes %.2f %% of a CPU and its hooks on polls, context switches and clocks %.2f %%, which is over the budget of %g %%: it samples late loops %u times a second from now on, and reads its counters each %.0f s%s",
			100 * self_budget->own, 100 * self_budget->hooks, 100 * self_budget->share,
			self_budget->frequency, (double)self_budget->save_ns / 1e9,
			self_budget->bursts ? "" : ", without bursts");
		governor->reported_less = true;
	}
	if (change == LP_SELF_BUDGET_OVER && !governor->reported_over) {
		log_warning(
			"loopprof itself still takes %.2f %% of a CPU and its hooks %.2f %%, which is over the budget of %g %%: there is nothing left to do without, as stalls are found by the hooks",
			100 * self_budget->own, 100 * self_budget->hooks, 100 * self_budget->share);
		governor->reported_over = true;
	}
}

static void update(struct lp_governor *governor, uint64_t now)
{
	struct lp_self_budget *self_budget = &governor->self_budget;
	unsigned int before = self_budget->frequency;
	struct lp_spending spending;
	enum lp_self_budget_change change;

	session_spending(governor->config.session, now, &spending);
	if (!governor->check_ns) {
		/*
		 * the first period begins after the programs were loaded and attached, whose cost
		 * does not recur
		 */
		self_budget->at_ns = now;
		self_budget->cpu_ns = own_cpu_ns(governor);
		self_budget->hook_ns = spending.hook_ns;
		return;
	}
	change = self_budget_measure(self_budget, own_cpu_ns(governor), spending.hook_ns, now);
	if (self_budget->frequency != before) {
		session_set_frequency(governor->config.session, self_budget->frequency);
		live_set_period(governor->config.live, 1000000 / self_budget->frequency);
	}
	log_change(governor, change);
}

uint64_t governor_turn(struct lp_governor *governor, uint64_t now)
{
	if (now >= governor->measure_ns)
		governor->measure_ns = session_measure(governor->config.session, now);
	/* attaching to a process gives bursts a turn as well */
	session_allow_bursts(governor->config.session, governor->self_budget.bursts);
	if (now >= governor->bursts_ns)
		governor->bursts_ns = session_turn_bursts(governor->config.session, now);
	if (governor->config.budget_ppm && now >= governor->check_ns) {
		update(governor, now);
		governor->check_ns = now + LP_SELF_BUDGET_PERIOD_NS;
	}
	return min_u64(min_u64(governor->measure_ns, governor->bursts_ns),
		       governor->config.budget_ppm ? governor->check_ns : UINT64_MAX);
}

uint64_t governor_save_ns(const struct lp_governor *governor)
{
	return governor->self_budget.save_ns;
}

void governor_fill(struct lp_governor *governor, struct lp_event_self *self)
{
	struct lp_session *session = governor->config.session;
	uint64_t now = clock_now();
	struct lp_spending spending;

	session_spending(session, now, &spending);
	self->wall_ns = now - governor->config.start_ns;
	self->cpu_ns = own_cpu_ns(governor);
	self->probe_hits = spending.probe_hits;
	self->probe_ns = spending.probe_ns;
	self->hook_hits = spending.hook_hits;
	self->hook_ns = spending.hook_ns;
	self->bursts = spending.bursts;
	self->attach_failures = spending.attach_failures;
	self->resident_bytes = resident_bytes();
	self->map_bytes = session_map_bytes(session);
	self->targets = (uint32_t)session_processes(session);
	self->frequency = governor->self_budget.frequency;
	self->budget_ppm = governor->config.budget_ppm;
}
