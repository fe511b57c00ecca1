// SPDX-License-Identifier: BSD-2-Clause
#include "explained.h"

#include "base/clocks.h"
#include "live_internal.h"

#include <string.h>

/*
 * Emits the garbage collections of a segment, if a sample was taken during one and the runtime has
 * recorded them.
 */
static void take_collections(struct lp_live *live, const struct lp_followed *target,
			     const struct lp_event_segment_times *times)
{
	const struct lp_instance *instance = &target->instance;
	uint64_t since_ns = times->account.segment_ns, until_ns = times->event.time_ns;
	struct lp_event_collections found;

	if (!times->account.collecting_samples || !instance->runtime->garbage_collections ||
	    !since_ns || until_ns < since_ns ||
	    !instance->runtime->garbage_collections(instance, since_ns, until_ns, &found))
		return;
	found.event = event_head(LP_EVENT_COLLECTIONS, sizeof(found), times->event.loop,
				 (pid_t)times->event.pid, until_ns);
	found.event.reserved = times->event.reserved & LP_SEGMENT_GAP;
	found.segment_ns = since_ns;
	live->take(live->context, &found.event);
}

/* Emits the breakdown of a segment with the kinds of the file systems that it was blocked on. */
static void take_times(struct lp_live *live, struct lp_followed *target,
		       const struct lp_event *record)
{
	struct lp_event_segment_times times;

	memset(&times, 0, sizeof(times));
	memcpy(&times, record, record->size);
	if (!target || followed_may_spend(&live->followed, target, clock_now()))
		blocked_on_fill(&live->blocked_on, (pid_t)record->pid, &times.account);
	if (target && followed_may_spend(&live->followed, target, clock_now()))
		take_collections(live, target, &times);
	live->take(live->context, &times.event);
}

void explained_take(void *context, const struct lp_event *record)
{
	struct lp_live *live = context;
	struct lp_followed *target = followed_of(&live->followed, (pid_t)record->pid);

	limits_explain(target ? &target->limits : NULL, &live->steal, record, live->take,
		       live->context);
	if (record->type == LP_EVENT_SEGMENT_TIMES &&
	    record->size <= sizeof(struct lp_event_segment_times))
		take_times(live, target, record);
	else
		live->take(live->context, record);
}
