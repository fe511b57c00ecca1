// SPDX-License-Identifier: BSD-2-Clause
/* The main loop of a live run. */
#include "profile.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "notify.h"
#include "files/writing.h"
#include "runtime/remote/remote.h"
#include "live/ongoing_stalls.h"

#include <poll.h>
#include <sys/epoll.h>

/*
 * With more loops than this the stalls of all loops are checked less often, up to the longest
 * period in ns.
 */
#define LOOPS_A_CHECK 128
#define CHECK_SELDOM_NS (250 * NS_PER_MS)

/*
 * Rotates the capture if that is due. The counters are saved at the end of a file, so that the next
 * file has only later counts.
 */
static void record(struct lp_profile *profile, uint64_t now)
{
	if (!profile->recorder)
		return;
	if (recorder_rotation_due(profile->recorder, now))
		live_save(profile->live);
	recorder_tick(profile->recorder, now);
}

/*
 * Returns the ns until the next check of stalls. A check of many loops takes long, as their data
 * are in the caches of other CPUs.
 */
static uint64_t check_period(const struct lp_profile *profile, uint64_t period)
{
	size_t loops = live_loops(profile->live);

	if (!loops)
		return 100 * NS_PER_MS;
	period *= 1 + loops / LOOPS_A_CHECK;
	return period < CHECK_SELDOM_NS ? period : CHECK_SELDOM_NS;
}

/*
 * Actions that are due at an instant of CLOCK_MONOTONIC.  A function of the table runs when its
 * instant has come and returns the next one.
 */
enum turns_timer {
	/* reads the ring buffer as well, as not every record wakes this process */
	TIMER_CHECK_STALLS,
	TIMER_CHECK,
	TIMER_INTERVAL,
	TIMER_SAVE,
	TIMER_GOVERN,
	TIMER_REMOTE,
	TIMER_NOTIFY,
	TIMER_LAUNCH,
	TIMERS,
};

struct turns {
	struct lp_profile *profile;
	uint64_t due_ns[TIMERS];
	uint64_t period_ns; /* between two checks of stalls */
	uint64_t interval_ns; /* ns between two snapshots of all counters; 0: none */
};

static void advance(struct turns *turns, enum turns_timer timer, uint64_t due_ns)
{
	turns->due_ns[timer] = min_u64(turns->due_ns[timer], due_ns);
}

static uint64_t on_check_stalls(struct turns *turns, uint64_t now)
{
	struct lp_profile *profile = turns->profile;

	live_drain(profile->live);
	live_check_stalls(profile->live);
	if (profile->output.model)
		model_advance(profile->output.model, now);
	record(profile, now);
	advance(turns, TIMER_CHECK, targets_due(profile->targets));
	return now + check_period(profile, turns->period_ns);
}

static uint64_t on_check(struct turns *turns, uint64_t now)
{
	return targets_check(turns->profile->targets, now);
}

static uint64_t on_interval(struct turns *turns, uint64_t now)
{
	(void)now;
	live_snapshot(turns->profile->live, LP_EVENT_INTERVAL, 0);
	return turns->due_ns[TIMER_INTERVAL] + turns->interval_ns;
}

/*
 * Saves the counters: the period limits how much of its histograms a killed recording loses, and
 * how long counts by cause stay in the kernel.
 */
static uint64_t on_save(struct turns *turns, uint64_t now)
{
	(void)now;
	live_save(turns->profile->live);
	return turns->due_ns[TIMER_SAVE] + governor_save_ns(&turns->profile->governor);
}

static uint64_t on_govern(struct turns *turns, uint64_t now)
{
	return governor_turn(&turns->profile->governor, now);
}

static uint64_t on_remote(struct turns *turns, uint64_t now)
{
	/* the result makes another check of its target due, or replaces it */
	if (targets_examine(turns->profile->targets))
		advance(turns, TIMER_CHECK, now);
	return remote_turn(now);
}

static uint64_t on_notify(struct turns *turns, uint64_t now)
{
	(void)turns;
	return notify_alive(now);
}

/*
 * Ends the trace of a launched program that could not be stopped at once, so that it does not stay
 * stopped.
 */
static uint64_t on_launch(struct turns *turns, uint64_t now)
{
	struct lp_launch *launch = turns->profile->launch;

	return !launch || launch_leave(launch, 0) ? UINT64_MAX : now + 10 * NS_PER_MS;
}

static uint64_t (*const on_timer[TIMERS])(struct turns *turns, uint64_t now) = {
	[TIMER_CHECK_STALLS] = on_check_stalls,
	[TIMER_CHECK] = on_check,
	[TIMER_INTERVAL] = on_interval,
	[TIMER_SAVE] = on_save,
	[TIMER_GOVERN] = on_govern,
	[TIMER_REMOTE] = on_remote,
	[TIMER_NOTIFY] = on_notify,
	[TIMER_LAUNCH] = on_launch,
};

/*
 * Returns whether a signal has come that ends the run. The work of one action is bounded, but that
 * of all actions of a turn together takes longer than a signal may wait.
 */
static bool is_to_stop(const struct lp_profile *profile)
{
	struct pollfd polled = { .fd = profile->signals, .events = POLLIN };

	return poll(&polled, 1, 0) > 0;
}

/* Waits until something is due or there are events. Returns whether a signal has come. */
static bool wait_for_events(struct turns *turns, uint64_t until_ns)
{
	struct lp_profile *profile = turns->profile;
	uint64_t now = clock_now();
	struct epoll_event events[4];
	int count, i;

	count = epoll_wait(profile->epoll, events, 4,
			   until_ns > now ? (int)((until_ns - now + NS_PER_MS - 1) / NS_PER_MS)
					  : 0);
	for (i = 0; i < count; i++)
		if (events[i].data.fd == profile->signals)
			return true;
	for (i = 0; i < count; i++) {
		if (events[i].data.fd == remote_descriptor()) {
			advance(turns, TIMER_REMOTE, 0);
			continue;
		}
		live_drain(profile->live);
		if (events[i].data.fd == live_descriptor(profile->live))
			/* records may report new loops and processes: the next check is earlier */
			advance(turns, TIMER_CHECK, now + 20 * NS_PER_MS);
		else
			targets_reap(profile->targets);
	}
	return false;
}

enum lp_run_end_reason profile_run(struct lp_profile *profile)
{
	const struct lp_options *options = profile->options;
	uint64_t now = clock_now(), start_ns = now, next;
	uint64_t end = options->duration_ns ? start_ns + options->duration_ns : UINT64_MAX;
	struct turns turns = {
		.profile = profile,
		.period_ns = ongoing_stall_period_ns(options->threshold_ns),
		.interval_ns = options->interval_ns ? options->interval_ns : options->export_ns,
	};
	size_t i;

	for (i = 0; i < TIMERS; i++)
		turns.due_ns[i] = start_ns;
	turns.due_ns[TIMER_INTERVAL] = turns.interval_ns ? start_ns + turns.interval_ns
							 : UINT64_MAX;
	turns.due_ns[TIMER_SAVE] = start_ns + governor_save_ns(&profile->governor);
	writing_end_at(profile->signals, end);
	remote_end_at(end);
	session_end_at(profile->session, profile->signals, end);
	do {
		next = end;
		live_begin_turn(profile->live);
		for (i = 0; i < TIMERS; i++) {
			now = clock_now();
			if (now >= end)
				return LP_RUN_END_DURATION;
			if (now >= turns.due_ns[i]) {
				turns.due_ns[i] = on_timer[i](&turns, now);
				if (is_to_stop(profile))
					return LP_RUN_END_INTERRUPT;
			}
			next = min_u64(next, turns.due_ns[i]);
		}
		if (!options->all && !targets_alive(profile->targets))
			return LP_RUN_END_TARGET_EXITED;
		if (session_has_failed(profile->session)) {
			profile->failed = true;
			log_error(
				"the process that attaches probes (loopprof-attach) was killed from outside (by the kernel, as memory ran out, or by kill), and all probes with it: the run ends here, as nothing is traced any more; start loopprof again");
			return LP_RUN_END_INTERRUPT;
		}
	} while (!wait_for_events(&turns, next));
	return LP_RUN_END_INTERRUPT;
}
