// SPDX-License-Identifier: BSD-2-Clause
#include "explained.h"

#include "base/clocks.h"
#include "live_internal.h"

#include <string.h>

/* Emits the breakdown of a segment with the kinds of the file systems that it was blocked on. */
static void take_times(struct lp_live *live, struct lp_followed *target,
		       const struct lp_event *record)
{
	struct lp_event_segment_times times;

	memset(&times, 0, sizeof(times));
	memcpy(&times, record, record->size);
	if (!target || followed_may_spend(&live->followed, target, clock_now()))
		blocked_on_fill(&live->blocked_on, (pid_t)record->pid, &times.account);
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
