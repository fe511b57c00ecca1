// SPDX-License-Identifier: BSD-2-Clause
#include "counters.h"

#include "runtime/remote/remote.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "account.h"
#include "explained.h"

#include <string.h>

/* Emits why the loop has waited for a CPU, in all of its time. */
static void report_cpu_waits(struct lp_live *live, uint32_t slot)
{
	const struct lp_wait_state *stall = session_stall(live->session, slot);
	struct lp_event_cpu_waits event;

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_CPU_WAITS, sizeof(event), slot, live->loops[slot].pid,
				 clock_now());
	event.waits = stall->cpu_waits;
	explained_take(live, &event.event);
}

/* Emits what the loop has lost because memory was short, in all of its time. */
static void report_memory_waits(struct lp_live *live, uint32_t slot)
{
	const struct lp_wait_state *stall = session_stall(live->session, slot);
	struct lp_memory_waits *before = &live->loops[slot].memory_waits;
	struct lp_event_memory_waits event;

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_MEMORY_WAITS, sizeof(event), slot, live->loops[slot].pid,
				 clock_now());
	event.waits = stall->memory_waits;
	/* unchanged counters are skipped: the memory limit is read now, and may not explain old
	 * losses */
	if (!memcmp(&event.waits, before, sizeof(*before)))
		return;
	*before = event.waits;
	explained_take(live, &event.event);
}

/* Returns the time in ns of a wait for a CPU that is in progress, or not in the counters yet. */
static uint64_t open_run_queue_ns(const struct lp_wait *wait, uint64_t now)
{
	uint64_t since = __atomic_load_n(&wait->since_ns, __ATOMIC_ACQUIRE);

	if (wait->reason != LP_SAMPLE_RUN_QUEUE)
		return 0;
	return since ? saturating_sub(now, since) : wait->off_ns;
}

static void report_run_queue(struct lp_live *live, uint32_t slot, uint64_t now)
{
	const struct lp_wait_state *stall = session_stall(live->session, slot);
	uint64_t open_ns = open_run_queue_ns(&stall->wait, now);
	struct lp_event_run_queue event = { .count = stall->run_queue_waits + (open_ns != 0),
					    .total_ns = stall->run_queue_ns + open_ns };

	if (!event.total_ns)
		return;
	report_cpu_waits(live, slot);
	event.event = event_head(LP_EVENT_RUN_QUEUE, sizeof(event), slot, live->loops[slot].pid,
				 clock_now());
	live->take(live->context, &event.event);
}

/*
 * open: the callback in progress that counts as slow; NULL: none.  last: it counts in the histogram
 * as well, as if it ended now.
 */
static void report_callback_stats(struct lp_live *live, uint32_t callback, uint32_t slot,
				  const struct lp_open *open, bool last)
{
	const struct lp_callback_stats *run = session_callback(live->session, callback);
	const struct lp_queue_stats *queue = session_queue(live->session, callback);
	struct lp_event_callback_stats stats = { .callback = callback,
						 .slow = run->slow,
						 .run = run->run };

	if (queue)
		stats.queue = queue->delay;
	if (open && last)
		account_close_callback(open, session_loop(live->session, slot), &stats);
	else if (open)
		stats.slow += account_is_slow(open, callback);
	stats.event = event_head(LP_EVENT_CALLBACK_STATS, sizeof(stats), slot, 0, clock_now());
	live->take(live->context, &stats.event);
}

/* Emits the part of a loop's time up to now that the histograms of its callbacks cover. */
static void report_coverage(struct lp_live *live, uint32_t slot, uint64_t now)
{
	const struct lp_loop *loop = session_loop(live->session, slot);
	struct lp_event_coverage event = { .suppressed = loop->suppressed,
					   .suppressed_ns = loop->suppressed_ns,
					   .suppressed_iterations = loop->suppressed_iterations };

	event.event = event_head(LP_EVENT_COVERAGE, sizeof(event), slot, live->loops[slot].pid,
				 clock_now());
	event.traced_ns = session_traced_ns(live->session, slot, now);
	live->take(live->context, &event.event);
}

/* Emits a stall that has not ended, with its duration up to now. */
static void report_open(struct lp_live *live, uint32_t slot, uint64_t now)
{
	struct lp_followed *target = followed_of(&live->followed, live->loops[slot].pid);

	/* the loop may be in a short callback of an iteration that is long as a whole */
	if (!ongoing_stall_lasts(session_loop(live->session, slot), now))
		return;
	ongoing_stall_report(target ? &target->instance : NULL, session_loop(live->session, slot),
			     session_stall(live->session, slot), slot, now,
			     !live->loops[slot].ended_ns, explained_take, live);
}

void counters_report_loop(struct lp_live *live, uint32_t slot, bool last)
{
	struct lp_live_loop *entry = &live->loops[slot];
	/* the event of a loop's end may be read long after the end itself */
	uint64_t now = entry->ended_ns	  ? entry->ended_ns
		       : live->stopped_ns ? live->stopped_ns
					  : clock_now();
	struct lp_event_loop_stats stats;
	struct lp_open open = { .callback_ns = 0 };
	uint32_t i;

	entry->read_ns = now;
	account_open(session_loop(live->session, slot), now, &open);
	open.in_bursts = session_in_bursts(live->session);
	if (last && (open.callback_ns || open.iteration_ns))
		report_open(live, slot, now);
	/* both are read at once, so that the counts of a running loop agree */
	stats.event = event_head(LP_EVENT_LOOP_STATS, sizeof(stats), slot, entry->pid, clock_now());
	if (!session_hooks_polls(live->session))
		stats.event.reserved = LP_STATS_WAITED;
	account_read(&entry->window, session_loop(live->session, slot), now, &stats);
	if (last)
		account_close(&open, &stats);
	else
		stats.slow += open.callback_ns != 0;
	/* a callback that was counted in progress may have ended, but not be counted by BPF yet */
	stats.slow = max_u64(stats.slow, entry->reported_slow);
	entry->reported_slow = stats.slow;
	for (i = entry->first; i; i = live->callbacks[i].next) {
		struct lp_live_callback *callback = &live->callbacks[i];
		const struct lp_callback_stats *counted = session_callback(live->session, i);
		uint64_t sum_ns = counted->run.sum_ns, slow = counted->slow;

		if (callback->reported_sum_ns == sum_ns && callback->reported_slow == slow &&
		    !account_is_slow(&open, i))
			continue;
		callback->reported_sum_ns = sum_ns;
		callback->reported_slow = slow;
		report_callback_stats(live, i, slot, &open, last);
	}
	live->take(live->context, &stats.event);
	report_coverage(live, slot, stats.event.time_ns);
	report_run_queue(live, slot, now);
	report_memory_waits(live, slot);
}

static void report_cause(struct lp_live *live, const struct lp_cause_key *key,
			 const struct lp_cause_value *value)
{
	struct lp_event_cause event = { .stack = key->stack,
					.syscall = key->syscall,
					.reason = key->reason,
					.count = value->count,
					.total_ns = value->total_ns };

	event.event = event_head(LP_EVENT_CAUSE, sizeof(event), key->loop,
				 live->loops[key->loop].pid, clock_now());
	live->take(live->context, &event.event);
}

static bool same_cause(const struct lp_cause_key *left, const struct lp_cause_key *right)
{
	return left->stack == right->stack && left->loop == right->loop &&
	       left->syscall == right->syscall && left->reason == right->reason;
}

/* Subtracts from the waits of a cause the part of one of them that was reported while it lasted. */
static void subtract_reported(struct lp_reported_wait *wait, const struct lp_cause_key *key,
			      struct lp_cause_value *value)
{
	uint64_t part_ns = min_u64(wait->part_ns, value->total_ns);

	if (!part_ns || !same_cause(&wait->key, key))
		return;
	value->total_ns -= part_ns;
	wait->part_ns -= part_ns;
	if (wait->counted && value->count)
		value->count--;
	wait->counted = false;
}

static void add_cause(void *context, const struct lp_cause_key *key,
		      const struct lp_cause_value *value)
{
	struct lp_cause_value left = *value;
	struct lp_live *live = context;

	if (key->loop >= LP_MAX_LOOPS || !live->loops[key->loop].used)
		return;
	subtract_reported(&live->loops[key->loop].wait, key, &left);
	if (left.count || left.total_ns)
		report_cause(live, key, &left);
}

void counters_report_causes(struct lp_live *live)
{
	session_take_causes(live->session, add_cause, live);
}

void counters_report_wait(struct lp_live *live, uint32_t slot)
{
	const struct lp_wait *wait = &session_stall(live->session, slot)->wait;
	struct lp_reported_wait *reported = &live->loops[slot].wait;
	uint64_t since = __atomic_load_n(&wait->since_ns, __ATOMIC_ACQUIRE);
	uint64_t now = live->loops[slot].read_ns;
	struct lp_cause_key key = {
		.stack = wait->stack, .loop = slot, .syscall = wait->syscall, .reason = wait->reason
	};
	struct lp_cause_value value;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!since || now <= since || __atomic_load_n(&wait->since_ns, __ATOMIC_ACQUIRE) != since ||
	    (key.reason != LP_SAMPLE_BLOCKED && key.reason != LP_SAMPLE_GIL))
		return;
	/* the reported wait may have ended after the causes were read: the next ones have it */
	if (reported->since_ns != since && reported->part_ns && reported->next_ns != since) {
		reported->next_ns = since;
		return;
	}
	if (reported->since_ns != since)
		*reported = (struct lp_reported_wait){ .key = key, .since_ns = since };
	if (now - since <= reported->part_ns)
		return;
	value = (struct lp_cause_value){ .count = !reported->part_ns,
					 .total_ns = now - since - reported->part_ns };
	reported->counted = true;
	reported->part_ns = now - since;
	report_cause(live, &key, &value);
}

static void report_self(struct lp_live *live)
{
	struct lp_event_self event;

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_SELF, sizeof(event), LP_NO_LOOP, 0, clock_now());
	event.loops = (uint32_t)live->loop_count;
	live->fill_self(live->context, &event);
	live->take(live->context, &event.event);
}

static void report_limited(void *context, struct lp_followed *target)
{
	struct lp_live *live = context;
	struct lp_event_limited event;
	uint64_t sum = 0;
	size_t i;

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_LIMITED, sizeof(event), LP_NO_LOOP, target->instance.pid,
				 clock_now());
	if (!session_limited(live->session, target->instance.pid, (uint64_t *)event.counts))
		return;
	event.counts[LP_LIMITED_EVENTS] += target->share.dropped;
	for (i = 0; i < LP_LIMITED_KINDS; i++)
		sum += event.counts[i];
	if (sum == target->limited)
		return;
	target->limited = sum;
	followed_warn(target);
	live->take(live->context, &event.event);
}

void counters_report_limited(struct lp_live *live, pid_t pid)
{
	struct lp_followed *target = followed_of(&live->followed, pid);

	if (target)
		report_limited(live, target);
}

void counters_report_run(struct lp_live *live)
{
	struct lp_event_lost lost;
	uint32_t i;

	if (session_callback(live->session, 0)->run.sum_ns)
		report_callback_stats(live, 0, LP_NO_LOOP, NULL, false);
	memset(&lost, 0, sizeof(lost));
	lost.event = event_head(LP_EVENT_LOST, sizeof(lost), LP_NO_LOOP, 0, clock_now());
	for (i = 0; i < LP_LOST_KINDS; i++)
		lost.counts[i] = session_lost(live->session, (enum lp_lost_kind)i);
	lost.counts[LP_LOST_UNREADABLE] = remote_unreadable();
	live->take(live->context, &lost.event);
	followed_each(&live->followed, report_limited, live);
	report_self(live);
}
