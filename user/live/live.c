// SPDX-License-Identifier: BSD-2-Clause
/* Records of the ring buffer, slots of loops and callbacks, and the check for stalls. */
#include "live.h"

#include "runtime/remote/remote.h"

#include "base/clocks.h"
#include "symbolise/symbolise.h"
#include "account.h"
#include "adopt.h"
#include "asked.h"
#include "followed.h"
#include "ongoing_stalls.h"
#include "ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The time in ns for one check for stalls, and the number of loops between two reads of the clock. */
#define CHECK_NS 20000000ULL
#define CHECKED_AT_ONCE 8

struct lp_live_loop {
	bool used;
	pid_t pid;
	uint32_t first; /* slot of its first callback; 0: none */
	uint64_t ended_ns; /* 0: it has not ended */
	struct lp_window window;
	struct lp_ongoing_stall progress;
};

/* A callback slot: its loop, and the key with which it is released. */
struct lp_live_callback {
	bool used;
	uint32_t next; /* slot of the loop's next callback; 0: it is the last */
	struct lp_callback_key key;
	uint64_t reported_sum_ns; /* sum of its histogram in the last event */
	uint64_t reported_slow;
};

struct lp_live {
	struct lp_session *session;
	struct lp_ring *ring;
	struct lp_symboliser *symboliser;
	lp_record_taker take;
	void (*fill_self)(void *context, struct lp_event_self *self);
	void *context;
	size_t loop_count;
	struct lp_followed_table followed;
	struct lp_live_loop loops[LP_MAX_LOOPS];
	struct lp_live_callback callbacks[LP_MAX_CALLBACKS];
	uint32_t loop_end; /* all loop slots in use are less than this */
	uint32_t check_at; /* loop slot at which the next check for stalls begins */
	struct lp_asked asked;
	bool ends; /* the last records of the run are being read */
};

static void fill(struct lp_event *event, enum lp_event_type type, size_t size, uint32_t loop,
		 pid_t pid)
{
	event->type = (uint16_t)type;
	event->reserved = 0;
	event->size = (uint32_t)size;
	event->time_ns = clock_now();
	event->loop = loop;
	event->pid = (uint32_t)pid;
}

static void hand_out_run_queue(struct lp_live *live, uint32_t slot)
{
	const struct lp_wait_state *stall = session_stall(live->session, slot);
	struct lp_event_run_queue event = { .count = stall->run_queue_waits,
					    .total_ns = stall->run_queue_ns };

	if (!event.total_ns)
		return;
	fill(&event.event, LP_EVENT_RUN_QUEUE, sizeof(event), slot, live->loops[slot].pid);
	live->take(live->context, &event.event);
}

/* open has segments that count as if they ended now; NULL: none. */
static void hand_out_callback_stats(struct lp_live *live, uint32_t callback, uint32_t slot,
				    const struct lp_open *open)
{
	const struct lp_callback_stats *run = session_callback(live->session, callback);
	const struct lp_queue_stats *queue = session_queue(live->session, callback);
	struct lp_event_callback_stats stats = { .callback = callback,
						 .slow = run->slow,
						 .run = run->run };

	if (queue)
		stats.queue = queue->delay;
	if (open)
		account_close_callback(open, session_loop(live->session, slot), &stats);
	fill(&stats.event, LP_EVENT_CALLBACK_STATS, sizeof(stats), slot, 0);
	live->take(live->context, &stats.event);
}

/* Emits the part of a loop's time up to now that the histograms of its callbacks cover. */
static void hand_out_coverage(struct lp_live *live, uint32_t slot, uint64_t now)
{
	const struct lp_loop *loop = session_loop(live->session, slot);
	struct lp_event_coverage event = { .suppressed = loop->suppressed,
					   .suppressed_ns = loop->suppressed_ns,
					   .suppressed_iterations = loop->suppressed_iterations };

	fill(&event.event, LP_EVENT_COVERAGE, sizeof(event), slot, live->loops[slot].pid);
	event.traced_ns = session_traced_ns(live->session, slot, now);
	live->take(live->context, &event.event);
}

static void hand_out_self(struct lp_live *live)
{
	struct lp_event_self event;

	memset(&event, 0, sizeof(event));
	fill(&event.event, LP_EVENT_SELF, sizeof(event), LP_MAX_LOOPS, 0);
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
	fill(&event.event, LP_EVENT_LIMITED, sizeof(event), LP_MAX_LOOPS, target->instance.pid);
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

/* Emits a stall that has not ended, with its duration up to now. */
static void report_open(struct lp_live *live, uint32_t slot, uint64_t now)
{
	struct lp_followed *target = followed_of(&live->followed, live->loops[slot].pid);

	ongoing_stall_report(target ? &target->instance : NULL, session_loop(live->session, slot),
			     session_stall(live->session, slot), slot, now, live->take,
			     live->context);
}

/* Emits the counters of a loop.  last: this is its final state, with segments in progress. */
static void hand_out_loop(struct lp_live *live, uint32_t slot, bool last)
{
	struct lp_live_loop *entry = &live->loops[slot];
	/* the event of a loop's end may be read long after the end itself */
	uint64_t now = entry->ended_ns ? entry->ended_ns : clock_now();
	struct lp_event_loop_stats stats;
	struct lp_open open = { .callback_ns = 0 };
	uint32_t i;

	last = last && account_open(session_loop(live->session, slot), now, &open);
	open.in_bursts = session_in_bursts(live->session);
	if (last)
		report_open(live, slot, now);
	/* both are read at once, so that the counts of a running loop agree */
	fill(&stats.event, LP_EVENT_LOOP_STATS, sizeof(stats), slot, entry->pid);
	account_read(&entry->window, session_loop(live->session, slot), now, &stats);
	if (last)
		account_close(&open, &stats);
	for (i = entry->first; i; i = live->callbacks[i].next) {
		struct lp_live_callback *callback = &live->callbacks[i];
		const struct lp_callback_stats *counted = session_callback(live->session, i);
		uint64_t sum_ns = counted->run.sum_ns, slow = counted->slow;

		if (callback->reported_sum_ns == sum_ns && callback->reported_slow == slow &&
		    !(last && open.callback == i))
			continue;
		callback->reported_sum_ns = sum_ns;
		callback->reported_slow = slow;
		hand_out_callback_stats(live, i, slot, last ? &open : NULL);
	}
	live->take(live->context, &stats.event);
	hand_out_coverage(live, slot, stats.event.time_ns);
	hand_out_run_queue(live, slot);
}

static void take_cause(void *context, const struct lp_cause_key *key,
		       const struct lp_cause_value *value)
{
	struct lp_live *live = context;
	struct lp_event_cause event = { .stack = key->stack,
					.syscall = key->syscall,
					.reason = key->reason,
					.count = value->count,
					.total_ns = value->total_ns };

	if (key->loop >= LP_MAX_LOOPS || !live->loops[key->loop].used)
		return;
	fill(&event.event, LP_EVENT_CAUSE, sizeof(event), key->loop, live->loops[key->loop].pid);
	live->take(live->context, &event.event);
}

/*
 * Emits the final state of a loop, then releases its slots for other loops. The causes have to be
 * taken before.
 */
static void loop_ended(struct lp_live *live, const struct lp_event *event)
{
	uint32_t i, slot = event->loop;

	live->loops[slot].ended_ns = event->time_ns;
	hand_out_loop(live, slot, true);
	live->take(live->context, event);
	for (i = live->loops[slot].first; i; i = live->callbacks[i].next) {
		session_release_callback(live->session, i, &live->callbacks[i].key,
					 live->loops[slot].pid);
		live->callbacks[i].used = false;
	}
	memset(&live->loops[slot], 0, sizeof(live->loops[slot]));
	live->loop_count--;
	session_release_loop(live->session, slot);
}

static void loop_began(struct lp_live *live, uint32_t slot, pid_t pid)
{
	if (slot >= LP_MAX_LOOPS)
		return;
	if (!live->loops[slot].used)
		live->loop_count++;
	live->loops[slot].used = true;
	live->loops[slot].pid = pid;
	session_loop_began(live->session, slot, pid);
	if (slot >= live->loop_end)
		live->loop_end = slot + 1;
}

static void unlink_callback(struct lp_live *live, uint32_t callback)
{
	uint32_t *at = &live->loops[live->callbacks[callback].key.loop].first;

	while (*at && *at != callback)
		at = &live->callbacks[*at].next;
	*at = live->callbacks[callback].next;
}

static void callback_named(struct lp_live *live, const struct lp_event_name *event)
{
	struct lp_live_callback *callback;
	uint32_t loop = event->event.loop;

	if (!event->callback || event->callback >= LP_MAX_CALLBACKS || loop >= LP_MAX_LOOPS)
		return;
	if (!live->loops[loop].used) {
		/* the loop has ended before this event was read */
		const struct lp_callback_key key = { .identity = event->identity, .loop = loop };

		session_release_callback(live->session, event->callback, &key,
					 (pid_t)event->event.pid);
		return;
	}
	callback = &live->callbacks[event->callback];
	if (callback->used)
		unlink_callback(live, event->callback);
	callback->used = true;
	callback->next = live->loops[loop].first;
	live->loops[loop].first = event->callback;
	callback->reported_sum_ns = 0;
	callback->reported_slow = 0;
	callback->key.identity = event->identity;
	callback->key.loop = loop;
}

/* Returns whether a slot is that of a loop. */
static bool is_known(const struct lp_live *live, uint32_t slot)
{
	return slot < LP_MAX_LOOPS && live->loops[slot].used;
}

/* Returns whether an event needs many reads of its process's memory. */
static bool is_expensive(const struct lp_event *event)
{
	return event->type == LP_EVENT_RAW_STACK || event->type == LP_EVENT_RAW_FINDING ||
	       event->type == LP_EVENT_NATIVE;
}

static void symbolise(struct lp_live *live, const struct lp_event *event, size_t size)
{
	struct lp_followed *target = followed_of(&live->followed, (pid_t)event->pid);
	const struct lp_instance *instance = target ? &target->instance : NULL;
	uint64_t begun = remote_clock();

	if (target && !followed_may_spend(&live->followed, target, clock_now())) {
		followed_drop(target);
		if (event->type == LP_EVENT_RAW_FINDING)
			session_lose(live->session, LP_LOST_FINDINGS, 1);
		return;
	}
	if (event->type == LP_EVENT_RAW_STACK &&
	    size >= offsetof(struct lp_event_raw_stack, frames))
		symboliser_take(live->symboliser, instance, (const void *)event, size);
	else if (event->type == LP_EVENT_RAW_FINDING && size >= sizeof(struct lp_event_raw_finding))
		asked_take_finding(&live->asked, live->session, live->symboliser, instance,
				   (const void *)event);
	else if (event->type == LP_EVENT_NATIVE && size >= sizeof(struct lp_event_native))
		symboliser_store_native(live->symboliser, (const void *)event);
	if (target)
		share_spend(&target->share, remote_clock() - begun);
	/* the run is to stop: what is left in the ring can be read at its end */
	if (!live->ends && remote_is_over())
		ring_allow(live->ring, 0, 0);
}

static void take_from_ring(void *context, const void *data, size_t size)
{
	struct lp_live *live = context;
	const struct lp_event *event = data;

	if (size < sizeof(*event) || event->size > size)
		return;
	if (event->type == LP_EVENT_LOOP_END) {
		if (!is_known(live, event->loop))
			return;
		session_take_causes(live->session, take_cause, live);
		loop_ended(live, event);
		return;
	}
	if (is_expensive(event)) {
		symbolise(live, event, size);
		return;
	}
	if (event->type == LP_EVENT_LOOP)
		loop_began(live, event->loop, (pid_t)event->pid);
	else if (event->type == LP_EVENT_NAME && size >= sizeof(struct lp_event_name))
		callback_named(live, data);
	live->take(live->context, event);
}

int live_new(const struct lp_live_config *config, struct lp_live **result)
{
	struct lp_symboliser_config symboliser = {
		.native = config->native,
		.kernel = config->kernel,
		.period_us = config->period_us,
		.take = config->take,
		.context = config->context,
	};
	struct lp_live *live = calloc(1, sizeof(*live));
	int err;

	*result = NULL;
	if (!live)
		return -ENOMEM;
	live->session = config->session;
	live->take = config->take;
	live->fill_self = config->fill_self;
	live->context = config->context;
	err = symboliser_new(&symboliser, &live->symboliser);
	if (err)
		goto failed;
	err = ring_new(session_ring(config->session), take_from_ring, live, &live->ring);
	if (err)
		goto failed;
	*result = live;
	return 0;
failed:
	live_free(live);
	return err;
}

void live_free(struct lp_live *live)
{
	if (!live)
		return;
	followed_free(&live->followed);
	ring_free(live->ring);
	symboliser_free(live->symboliser);
	free(live);
}

int live_descriptor(const struct lp_live *live)
{
	return ring_descriptor(live->ring);
}

void live_begin_turn(struct lp_live *live)
{
	ring_allow(live->ring, LP_TURN_EVENTS, LP_TURN_NS);
}

int live_drain(struct lp_live *live)
{
	return ring_drain(live->ring);
}

static void drain_last(struct lp_live *live)
{
	uint64_t left;

	live->ends = true;
	ring_allow(live->ring, LP_LAST_EVENTS, LP_LAST_NS);
	left = ring_drain(live->ring) > 0 ? ring_discard(live->ring) : 0;
	if (left)
		session_lose(live->session, LP_LOST_RING, left);
}

static void report_labels(struct lp_live *live, const struct lp_process_info *process)
{
	struct lp_event_labels event;

	memset(&event, 0, sizeof(event));
	fill(&event.event, LP_EVENT_LABELS, sizeof(event), LP_MAX_LOOPS, process->pid);
	event.start_ticks = process->start_ticks;
	snprintf(event.unit, sizeof(event.unit), "%s", process->unit);
	snprintf(event.pod, sizeof(event.pod), "%s", process->pod);
	live->take(live->context, &event.event);
}

void live_add_target(struct lp_live *live, const struct lp_process_info *process,
		     const struct lp_instance *instance)
{
	struct lp_event_target event;

	followed_add(&live->followed, instance);
	memset(&event, 0, sizeof(event));
	fill(&event.event, LP_EVENT_TARGET, sizeof(event), LP_MAX_LOOPS, process->pid);
	snprintf(event.runtime, sizeof(event.runtime), "%s", instance->runtime_name);
	snprintf(event.version, sizeof(event.version), "%s", instance->version);
	snprintf(event.comm, sizeof(event.comm), "%s", process->comm);
	snprintf(event.container, sizeof(event.container), "%s", process->container);
	snprintf(event.exe, sizeof(event.exe), "%s", process->exe);
	live->take(live->context, &event.event);
	report_labels(live, process);
}

/* A lp_record_taker for the first records of a loop that ran before it was detected. */
static void take_stuck_loop(void *context, const struct lp_event *record)
{
	struct lp_live *live = context;

	if (record->type == LP_EVENT_NAME)
		callback_named(live, (const struct lp_event_name *)record);
	live->take(live->context, record);
}

void live_add_loop(struct lp_live *live, const struct lp_instance *instance, uint32_t slot,
		   const struct lp_running_loop *running)
{
	struct lp_event_raw_stack raw;
	struct lp_event_loop event;
	char path[64];
	FILE *comm;

	memset(&event, 0, sizeof(event));
	fill(&event.event, LP_EVENT_LOOP, sizeof(event), slot, instance->pid);
	/* the event must not be later than the loop's first counts in the kernel */
	event.event.time_ns = session_loop(live->session, slot)->created_ns;
	event.tid = (uint32_t)running->tid;
	event.kind = running->kind;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", instance->pid, running->tid);
	comm = fopen(path, "re");
	if (comm) {
		if (fgets(event.comm, sizeof(event.comm), comm))
			event.comm[strcspn(event.comm, "\n")] = '\0';
		fclose(comm);
	}
	loop_began(live, slot, instance->pid);
	live->take(live->context, &event.event);
	/* the loop may be stuck already, or sleep for long */
	if (adopt_loops(live->session, instance, slot, running, take_stuck_loop, live, &raw))
		symboliser_take(live->symboliser, instance, &raw, sizeof(raw));
}

static void end_loop(struct lp_live *live, pid_t pid, uint32_t slot)
{
	struct lp_event event;

	fill(&event, LP_EVENT_LOOP_END, sizeof(event), slot, pid);
	loop_ended(live, &event);
}

void live_end_loop(struct lp_live *live, pid_t pid, uint32_t slot)
{
	if (!is_known(live, slot))
		return;
	session_take_causes(live->session, take_cause, live);
	end_loop(live, pid, slot);
}

void live_report_limited(struct lp_live *live, pid_t pid)
{
	struct lp_followed *target = followed_of(&live->followed, pid);

	if (target)
		report_limited(live, target);
}

void live_remove_target(struct lp_live *live, pid_t pid)
{
	bool any = false;
	uint32_t slot;

	for (slot = 0; slot < live->loop_end; slot++) {
		if (!live->loops[slot].used || live->loops[slot].pid != pid)
			continue;
		/* once for all loops: each call reads the whole map */
		if (!any)
			session_take_causes(live->session, take_cause, live);
		any = true;
		end_loop(live, pid, slot);
	}
	symboliser_forget(live->symboliser, pid);
	followed_remove(&live->followed, pid);
}

void live_set_period(struct lp_live *live, uint32_t period_us)
{
	symboliser_set_period(live->symboliser, period_us);
}

static void save(struct lp_live *live, bool last)
{
	struct lp_event_lost lost;
	uint32_t i;

	/* names of callbacks may still be in the ring buffer, and must come before their counts */
	live_drain(live);
	session_take_causes(live->session, take_cause, live);
	for (i = 0; i < live->loop_end; i++)
		if (live->loops[i].used)
			hand_out_loop(live, i, last);
	if (session_callback(live->session, 0)->run.sum_ns)
		hand_out_callback_stats(live, 0, LP_MAX_LOOPS, NULL);
	memset(&lost, 0, sizeof(lost));
	fill(&lost.event, LP_EVENT_LOST, sizeof(lost), LP_MAX_LOOPS, 0);
	for (i = 0; i < LP_LOST_KINDS; i++)
		lost.counts[i] = session_lost(live->session, (enum lp_lost_kind)i);
	lost.counts[LP_LOST_UNREADABLE] = remote_unreadable();
	live->take(live->context, &lost.event);
	followed_each(&live->followed, report_limited, live);
	hand_out_self(live);
}

void live_save(struct lp_live *live)
{
	save(live, false);
}

/* Adds a wait that has not ended at the end of the run to the lost time. */
static void take_pending(struct lp_live *live, uint32_t slot)
{
	const struct lp_wait *wait = &session_stall(live->session, slot)->wait;
	struct lp_cause_key key = {
		.stack = wait->stack, .loop = slot, .syscall = wait->syscall, .reason = wait->reason
	};
	struct lp_cause_value value = { .count = 1 };
	uint64_t now = clock_now(), since = wait->since_ns;

	if (!since || now <= since ||
	    (wait->reason != LP_SAMPLE_BLOCKED && wait->reason != LP_SAMPLE_GIL))
		return;
	value.total_ns = now - since;
	take_cause(live, &key, &value);
}

void live_snapshot(struct lp_live *live, enum lp_event_type type, uint32_t reason)
{
	struct lp_event_end end = { .reason = reason };
	uint32_t i;

	if (type == LP_EVENT_END)
		drain_last(live);
	save(live, type == LP_EVENT_END);
	for (i = 0; type == LP_EVENT_END && i < live->loop_end; i++)
		if (live->loops[i].used)
			take_pending(live, i);
	fill(&end.event, type, sizeof(end), LP_MAX_LOOPS, 0);
	live->take(live->context, &end.event);
}

/* Checks one loop.  The time to read its process counts for the share of the process. */
static void check_loop(struct lp_live *live, uint32_t slot, uint64_t now)
{
	struct lp_live_loop *entry = &live->loops[slot];
	const struct lp_loop *loop = session_loop(live->session, slot);
	bool named = ongoing_stall_name_due(&entry->progress, loop, now);
	bool due = ongoing_stall_due(&entry->progress, loop, now);
	const struct lp_instance *instance;
	struct lp_followed *target;
	uint64_t begun;

	if (!named && !due)
		return;
	target = followed_of(&live->followed, entry->pid);
	instance = target ? &target->instance : NULL;
	begun = remote_clock();
	if (named && instance && followed_may_spend(&live->followed, target, clock_now()))
		ongoing_stall_report_name(&entry->progress, instance, loop, slot, now, live->take,
					  live->context);
	if (due) {
		/* samples of the stall may still be in the ring buffer */
		live_drain(live);
		begun = remote_clock();
		ongoing_stall_report(instance, loop, session_stall(live->session, slot), slot, now,
				     live->take, live->context);
	}
	if (target)
		share_spend(&target->share, remote_clock() - begun);
}

void live_check_stalls(struct lp_live *live)
{
	uint64_t now = clock_now();
	uint32_t count;

	/* if the time ends before all loops are checked, the next call continues from there */
	for (count = 0; count < live->loop_end; count++) {
		uint32_t slot = live->check_at < live->loop_end ? live->check_at : 0;

		if (live->loops[slot].used) {
			if (count % CHECKED_AT_ONCE == 0 && clock_now() - now >= CHECK_NS)
				return;
			check_loop(live, slot, now);
		}
		live->check_at = slot + 1;
	}
}

size_t live_loops(const struct lp_live *live)
{
	return live->loop_count;
}
