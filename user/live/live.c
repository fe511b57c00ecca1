// SPDX-License-Identifier: BSD-2-Clause
/* Records of the ring buffer, slots of loops and callbacks, and the check for stalls. */
#include "live.h"

#include "runtime/remote/remote.h"

#include "base/clocks.h"
#include "process/proc_file.h"
#include "symbolise/symbolise.h"
#include "detected_loops.h"
#include "counters.h"
#include "explained.h"
#include "idle_loops.h"
#include "inner_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The time in ns for one check for stalls, and the number of loops between two reads of the clock. */
#define CHECK_NS 20000000ULL
#define CHECKED_AT_ONCE 8

/* Emits the final state of a loop, then releases its slots for other loops. */
static void loop_ended(struct lp_live *live, const struct lp_event *event)
{
	uint32_t i, slot = event->loop;

	live->loops[slot].ended_ns = event->time_ns;
	counters_report_loop(live, slot, true);
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
	if (!lp_is_loop(slot))
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

/* --inner: takes the name of a coroutine that a task awaits. */
static void coroutine_named(struct lp_live *live, const struct lp_event_name *event)
{
	const struct lp_live_callback *callback;
	struct lp_event_name name;

	if (!event->callback || event->callback >= LP_MAX_CALLBACKS)
		return;
	callback = &live->callbacks[event->callback];
	if (callback->used && callback->key.loop == event->event.loop &&
	    callback->key.identity == event->identity && inner_name_take(event, &name))
		live->take(live->context, &name.event);
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
	uint64_t begun = remote_clock(), now = clock_now();
	bool finding = event->type == LP_EVENT_RAW_FINDING;
	bool late = live->reads_end_ns && now >= live->reads_end_ns;

	/* a single process has no share that it could exceed */
	if (late && (!target || !followed_is_shared(&live->followed))) {
		session_lose(live->session, finding ? LP_LOST_FINDINGS : LP_LOST_RING, 1);
		return;
	}
	if (late || (target && !followed_may_spend(&live->followed, target, now))) {
		followed_drop(target);
		if (finding)
			session_lose(live->session, LP_LOST_FINDINGS, 1);
		return;
	}
	if (event->type == LP_EVENT_RAW_STACK &&
	    size >= offsetof(struct lp_event_raw_stack, frames))
		symboliser_take(live->symboliser, instance, (const void *)event, size);
	else if (finding && size >= sizeof(struct lp_event_raw_finding))
		expected_findings_take(&live->expected_findings, live->session, live->symboliser,
				       instance, (const void *)event);
	else if (event->type == LP_EVENT_NATIVE && size >= sizeof(struct lp_event_native))
		symboliser_store_native(live->symboliser, (const void *)event);
	if (target)
		share_spend(&target->share, remote_clock() - begun);
	/* the run is to stop: what is left in the ring can be read at its end */
	if (!live->reads_end_ns && remote_is_over())
		ring_allow(live->ring, 0, 0);
}

/* The eager task that ran inside of a slow callback may have got its name only now. */
static void callback_slow(struct lp_live *live, const struct lp_event_slow *event)
{
	struct lp_followed *target;

	if (!is_known(live, event->event.loop) || live->reads_end_ns)
		return;
	target = followed_of(&live->followed, (pid_t)event->event.pid);
	if (target && followed_may_spend(&live->followed, target, clock_now()))
		ongoing_stall_report_ended_eager(&live->loops[event->event.loop].progress,
						 &target->instance, event, live->take,
						 live->context);
}

/* Emits a record after what explains it.  The time to read that counts for the process's share. */
static void take_explained(struct lp_live *live, const struct lp_event *event)
{
	bool reads = event->type == LP_EVENT_SEGMENT_TIMES;
	uint64_t begun = reads ? remote_clock() : 0;
	struct lp_followed *target;

	explained_take(live, event);
	target = reads ? followed_of(&live->followed, (pid_t)event->pid) : NULL;
	if (target)
		share_spend(&target->share, remote_clock() - begun);
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
		counters_report_causes(live);
		stopped_loops_ended(&live->stopped, session_loop(live->session, event->loop),
				    event->time_ns);
		loop_ended(live, event);
		return;
	}
	if (is_expensive(event)) {
		symbolise(live, event, size);
		return;
	}
	if (event->type == LP_EVENT_NAME && event->reserved) {
		if (size >= sizeof(struct lp_event_name))
			coroutine_named(live, data);
		return;
	}
	if (event->type == LP_EVENT_LOOP)
		loop_began(live, event->loop, (pid_t)event->pid);
	else if (event->type == LP_EVENT_NAME && size >= sizeof(struct lp_event_name))
		callback_named(live, data);
	else if (event->type == LP_EVENT_SLOW && size >= sizeof(struct lp_event_slow))
		callback_slow(live, data);
	take_explained(live, event);
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
	live->wakers.attach = session_watch_wakeups;
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
	blocked_on_free(&live->blocked_on);
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

	/* records that need no reads of memory are cheap: all of them have time after that */
	live->reads_end_ns = clock_now() + LP_LAST_NS / 2;
	ring_allow(live->ring, LP_LAST_EVENTS, LP_LAST_NS);
	left = ring_drain(live->ring) > 0 ? ring_discard(live->ring) : 0;
	if (left)
		session_lose(live->session, LP_LOST_RING, left);
}

static void report_labels(struct lp_live *live, const struct lp_process_info *process)
{
	struct lp_event_labels event;

	memset(&event, 0, sizeof(event));
	event.event =
		event_head(LP_EVENT_LABELS, sizeof(event), LP_NO_LOOP, process->pid, clock_now());
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
	event.event =
		event_head(LP_EVENT_TARGET, sizeof(event), LP_NO_LOOP, process->pid, clock_now());
	snprintf(event.runtime, sizeof(event.runtime), "%s", instance->runtime_name);
	snprintf(event.version, sizeof(event.version), "%s", instance->version);
	snprintf(event.comm, sizeof(event.comm), "%s", process->comm);
	snprintf(event.container, sizeof(event.container), "%s", process->container);
	snprintf(event.exe, sizeof(event.exe), "%s", process->exe);
	live->take(live->context, &event.event);
	report_labels(live, process);
}

/* A lp_record_taker for records that may name a callback to which user space gave its slot. */
static void take_named(void *context, const struct lp_event *record)
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

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_LOOP, sizeof(event), slot, instance->pid, clock_now());
	/* the event must not be later than the loop's first counts in the kernel */
	event.event.time_ns = session_loop(live->session, slot)->created_ns;
	event.tid = (uint32_t)running->tid;
	event.kind = running->kind;
	proc_thread_name(instance->pid, running->tid, event.comm, sizeof(event.comm));
	loop_began(live, slot, instance->pid);
	live->take(live->context, &event.event);
	/* the loop may be stuck already, or sleep for long */
	if (detected_loops_begin(live->session, instance, slot, running, take_named, live, &raw))
		symboliser_take(live->symboliser, instance, &raw, sizeof(raw));
}

static void end_loop(struct lp_live *live, pid_t pid, uint32_t slot)
{
	struct lp_event event;

	event = event_head(LP_EVENT_LOOP_END, sizeof(event), slot, pid, clock_now());
	loop_ended(live, &event);
}

void live_end_loop(struct lp_live *live, pid_t pid, uint32_t slot)
{
	if (!is_known(live, slot))
		return;
	counters_report_causes(live);
	end_loop(live, pid, slot);
}

void live_report_limited(struct lp_live *live, pid_t pid)
{
	counters_report_limited(live, pid);
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
			counters_report_causes(live);
		any = true;
		end_loop(live, pid, slot);
	}
	stopped_loops_forget(&live->stopped, pid);
	symboliser_forget(live->symboliser, pid);
	followed_remove(&live->followed, pid);
}

void live_set_period(struct lp_live *live, uint32_t period_us)
{
	symboliser_set_period(live->symboliser, period_us);
}

static void save(struct lp_live *live, bool last)
{
	uint32_t i;

	/* names of callbacks may still be in the ring buffer, and must come before their counts */
	live_drain(live);
	counters_report_causes(live);
	for (i = 0; i < live->loop_end; i++)
		if (live->loops[i].used)
			counters_report_loop(live, i, last);
	counters_report_run(live);
}

void live_save(struct lp_live *live)
{
	save(live, false);
}

void live_snapshot(struct lp_live *live, enum lp_event_type type, uint32_t reason)
{
	struct lp_event_end end = { .reason = reason };
	uint32_t i;

	if (type == LP_EVENT_END) {
		live->stopped_ns = session_stop(live->session);
		drain_last(live);
	}
	save(live, type == LP_EVENT_END);
	for (i = 0; i < live->loop_end; i++)
		if (live->loops[i].used)
			counters_report_wait(live, i);
	if (type == LP_EVENT_END)
		idle_loops_report(live);
	end.event = event_head(type, sizeof(end), LP_NO_LOOP, 0, clock_now());
	live->take(live->context, &end.event);
}

/* Searches whom a stall waits for, or begins to watch who ends its wait. */
static void search_end(struct lp_live *live, uint32_t slot, struct lp_followed *target,
		       uint64_t now)
{
	const struct lp_loop *loop = session_loop(live->session, slot);
	struct lp_event_raw_stack holder;

	live->ends.shared = followed_is_shared(&live->followed);
	switch (ends_search(&live->ends, target, &live->loops[slot].progress, loop,
			    session_stall(live->session, slot), slot, live->take, live->context,
			    &holder)) {
	case LP_ENDS_HOLDER:
		symboliser_take(live->symboliser, &target->instance, &holder, sizeof(holder));
		break;
	case LP_ENDS_NO_HOLDER:
		wakers_watch(&live->wakers, live->session, target, slot, now);
		break;
	default:
		break;
	}
}

/* Reports the segment of a loop that is due.  target: NULL if the process is not followed. */
static void report_ongoing(struct lp_live *live, uint32_t slot, struct lp_followed *target,
			   uint64_t now)
{
	const struct lp_loop *loop = session_loop(live->session, slot);
	const struct lp_wait_state *stall = session_stall(live->session, slot);
	const struct lp_instance *instance = target ? &target->instance : NULL;
	struct lp_event_raw_stack raw;

	if (instance && followed_may_spend(&live->followed, target, clock_now()) &&
	    ongoing_stall_take_stack(&live->loops[slot].progress, loop, stall, slot, now, &raw))
		symboliser_take(live->symboliser, instance, &raw, sizeof(raw));
	if (instance && followed_may_spend(&live->followed, target, clock_now()))
		search_end(live, slot, target, now);
	ongoing_stall_report(instance, loop, stall, slot, now, false, explained_take, live);
}

/*
 * Reports the eager task of a late callback, which counts as a step of that task from then on; with
 * several of them it counts for the callback itself.
 */
static void check_eager(struct lp_live *live, uint32_t slot, const struct lp_instance *instance,
			const struct lp_loop *loop, uint64_t now)
{
	struct lp_ongoing_stall *progress = &live->loops[slot].progress;
	struct lp_running_callback found;
	uint32_t callback;

	if (!ongoing_stall_report_eager(progress, instance, loop, slot, now, live->take,
					live->context, &found) ||
	    !found.name.identity)
		return;
	callback = detected_loops_callback(live->session, instance->pid, slot, &found, take_named,
					   live);
	if (callback)
		session_count_eager(live->session, slot,
				    progress->several_eager ? 0 : progress->eager_ns, callback);
}

/* Checks one loop.  The time to read its process counts for the share of the process. */
static void check_loop(struct lp_live *live, uint32_t slot, uint64_t now)
{
	struct lp_live_loop *entry = &live->loops[slot];
	const struct lp_loop *loop = session_loop(live->session, slot);
	bool named = ongoing_stall_name_due(&entry->progress, loop, now);
	bool due = ongoing_stall_due(&entry->progress, loop, now);
	bool search = !due && ends_search_due(&entry->progress, loop,
					      session_stall(live->session, slot), now);
	const struct lp_instance *instance;
	struct lp_followed *target;
	uint64_t begun;

	if (!named && !due && !search)
		return;
	target = followed_of(&live->followed, entry->pid);
	instance = target ? &target->instance : NULL;
	begun = remote_clock();
	if (named && instance && followed_may_spend(&live->followed, target, clock_now()))
		ongoing_stall_report_name(&entry->progress, instance, loop, slot, now, live->take,
					  live->context);
	if (instance && followed_may_spend(&live->followed, target, clock_now()))
		check_eager(live, slot, instance, loop, now);
	if (search && instance && followed_may_spend(&live->followed, target, clock_now()))
		search_end(live, slot, target, now);
	if (due) {
		if (target)
			share_spend(&target->share, remote_clock() - begun);
		/* samples of the stall may still be in the ring buffer */
		live_drain(live);
		/* a record may have ended the loop, or removed its process, which called exec */
		if (!entry->used)
			return;
		target = followed_of(&live->followed, entry->pid);
		begun = remote_clock();
		report_ongoing(live, slot, target, now);
	}
	if (target)
		share_spend(&target->share, remote_clock() - begun);
}

/* Whether the loop never waits, and whether it runs at all. */
static void check_rest(struct lp_live *live, uint32_t slot, uint64_t now)
{
	struct lp_live_loop *entry = &live->loops[slot];
	const struct lp_loop *loop = session_loop(live->session, slot);

	awake_check(&entry->awake, live->session, slot, now, live->take, live->context);
	if (loop)
		stopped_loops_check_loop(&entry->stopped_ns, loop, slot, now, live->take,
					 live->context);
}

void live_check_stalls(struct lp_live *live)
{
	uint64_t now = clock_now();
	uint32_t count;

	if (live->loop_count)
		steal_turn(&live->steal, now);
	stopped_loops_check(&live->stopped, &live->followed, now, live->take, live->context);
	wakers_check(&live->wakers, live->session, now);
	/* if the time ends before all loops are checked, the next call continues from there */
	for (count = 0; count < live->loop_end; count++) {
		uint32_t slot = live->check_at < live->loop_end ? live->check_at : 0;

		if (live->loops[slot].used) {
			if (count % CHECKED_AT_ONCE == 0 && clock_now() - now >= CHECK_NS)
				return;
			check_loop(live, slot, now);
			if (live->loops[slot].used)
				check_rest(live, slot, now);
		}
		live->check_at = slot + 1;
	}
}

size_t live_loops(const struct lp_live *live)
{
	return live->loop_count;
}
