// SPDX-License-Identifier: BSD-2-Clause
#include "governor.h"

#include "base/clocks.h"
#include "base/log.h"
#include "runtime/remote/remote.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* proc_pid_statm(5): the second number, in pages. */
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

/* The CPU time of this process and of those that read targets for it. */
static uint64_t own_cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID) + remote_cpu_ns();
}

void governor_open(struct lp_governor *governor, const struct lp_governor_config *config)
{
	*governor = (struct lp_governor){ .config = *config };
	thrift_open(&governor->thrift, config->budget_ppm / 1e6, config->frequency,
		    config->threshold_ns, clock_now());
}

static void tell(struct lp_governor *governor, enum lp_thrift_change change)
{
	const struct lp_thrift *thrift = &governor->thrift;

	if (change == LP_THRIFT_LESS && !governor->told_less) {
		log_warning(
			"loopprof itself takes %.2f %% of a CPU and its hooks on polls, context switches and clocks %.2f %%, which is over the budget of %g %%: it samples late loops %u times a second from now on, and reads its counters each %.0f s%s",
			100 * thrift->own, 100 * thrift->hooks, 100 * thrift->share,
			thrift->frequency, (double)thrift->save_ns / 1e9,
			thrift->bursts ? "" : ", without bursts");
		governor->told_less = true;
	}
	if (change == LP_THRIFT_OVER && !governor->told_over) {
		log_warning(
			"loopprof itself still takes %.2f %% of a CPU and its hooks %.2f %%, which is over the budget of %g %%: there is nothing left to do without, as stalls are found by the hooks",
			100 * thrift->own, 100 * thrift->hooks, 100 * thrift->share);
		governor->told_over = true;
	}
}

static void look(struct lp_governor *governor, uint64_t now)
{
	struct lp_thrift *thrift = &governor->thrift;
	unsigned int before = thrift->frequency;
	struct lp_spending spending;
	enum lp_thrift_change change;

	session_spending(governor->config.session, now, &spending);
	if (!governor->look_ns) {
		/* what loading and attaching took cannot be helped any more */
		thrift->at_ns = now;
		thrift->cpu_ns = own_cpu_ns();
		thrift->hook_ns = spending.hook_ns;
		return;
	}
	change = thrift_look(thrift, own_cpu_ns(), spending.hook_ns, now);
	if (thrift->frequency != before) {
		session_set_frequency(governor->config.session, thrift->frequency);
		live_set_period(governor->config.live, 1000000 / thrift->frequency);
	}
	tell(governor, change);
}

static uint64_t earlier(uint64_t left, uint64_t right)
{
	return left < right ? left : right;
}

uint64_t governor_turn(struct lp_governor *governor, uint64_t now)
{
	if (now >= governor->measure_ns)
		governor->measure_ns = session_measure(governor->config.session, now);
	if (now >= governor->bursts_ns)
		governor->bursts_ns =
			session_turn_bursts(governor->config.session, governor->thrift.bursts, now);
	if (governor->config.budget_ppm && now >= governor->look_ns) {
		look(governor, now);
		governor->look_ns = now + THRIFT_PERIOD_NS;
	}
	return earlier(earlier(governor->measure_ns, governor->bursts_ns),
		       governor->config.budget_ppm ? governor->look_ns : UINT64_MAX);
}

uint64_t governor_save_ns(const struct lp_governor *governor)
{
	return governor->thrift.save_ns;
}

void governor_fill(struct lp_governor *governor, struct lp_event_self *self)
{
	struct lp_session *session = governor->config.session;
	uint64_t now = clock_now();
	struct lp_spending spending;

	session_spending(session, now, &spending);
	self->wall_ns = now - governor->config.start_ns;
	self->cpu_ns = own_cpu_ns();
	self->probe_hits = spending.probe_hits;
	self->probe_ns = spending.probe_ns;
	self->hook_hits = spending.hook_hits;
	self->hook_ns = spending.hook_ns;
	self->bursts = spending.bursts;
	self->attach_failures = spending.attach_failures;
	self->resident_bytes = resident_bytes();
	self->map_bytes = session_map_bytes(session);
	self->targets = (uint32_t)session_processes(session);
	self->frequency = governor->thrift.frequency;
	self->budget_ppm = governor->config.budget_ppm;
}
