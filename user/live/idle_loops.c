// SPDX-License-Identifier: BSD-2-Clause
#include "idle_loops.h"

#include "base/clocks.h"
#include "base/macros.h"
#include "tasks/waiting.h"

#include <string.h>

/* With more loops than this in a run no tasks are read. */
#define LOOPS_MOST 4
/* A loop is idle if it was busy for less than this part of the time. */
#define BUSY_PART 20

static bool is_idle(const struct lp_live *live, uint32_t slot)
{
	const struct lp_loop *loop = session_loop(live->session, slot);
	struct lp_window window = live->loops[slot].window;
	struct lp_event_loop_stats stats = { .busy_ns = 0 };
	uint64_t now = live->stopped_ns;

	if (!live->loops[slot].used || live->loops[slot].ended_ns)
		return false;
	account_read(&window, loop, now, &stats);
	return stats.busy_ns <= saturating_sub(now, stats.wall_start_ns) / BUSY_PART;
}

static void report(struct lp_live *live, uint32_t slot, const struct lp_waiting_loop *waiting)
{
	struct lp_event_waiting event;

	memset(&event, 0, sizeof(event));
	event.event = event_head(LP_EVENT_WAITING, sizeof(event), slot, live->loops[slot].pid,
				 clock_now());
	event.waiting = waiting->waiting;
	event.deadlocked = waiting->deadlocked;
	event.most = waiting->most;
	memcpy(event.waited_for, waiting->waited_for, sizeof(event.waited_for));
	live->take(live->context, &event.event);
}

/* Reports the idle loops of a process from a slot on, which is its first idle one. */
static void report_process(struct lp_live *live, uint32_t first)
{
	const struct lp_followed *target = followed_of(&live->followed, live->loops[first].pid);
	struct lp_waiting_loop loops[LP_WAITING_LOOPS];
	size_t count = target ? waiting_read(&target->instance, loops, LP_WAITING_LOOPS) : 0, i;
	uint32_t slot;

	for (slot = first; slot < live->loop_end; slot++) {
		if (live->loops[slot].pid != live->loops[first].pid || !is_idle(live, slot))
			continue;
		for (i = 0; i < count; i++)
			if ((uint32_t)loops[i].tid == session_loop(live->session, slot)->tid &&
			    loops[i].waiting)
				report(live, slot, &loops[i]);
	}
}

void idle_loops_report(struct lp_live *live)
{
	pid_t done[LOOPS_MOST];
	size_t count = 0, i;
	uint32_t slot;

	if (live->loop_count > LOOPS_MOST)
		return;
	for (slot = 0; slot < live->loop_end && count < LOOPS_MOST; slot++) {
		if (!is_idle(live, slot))
			continue;
		for (i = 0; i < count && done[i] != live->loops[slot].pid;)
			i++;
		if (i < count)
			continue;
		done[count++] = live->loops[slot].pid;
		report_process(live, slot);
	}
}
