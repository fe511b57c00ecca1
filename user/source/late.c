// SPDX-License-Identifier: BSD-2-Clause
#include "late.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD_MIN_NS 5000000ULL
#define PERIOD_MAX_NS 250000000ULL
/* After so many stacks of one callback, each further one waits longer. */
#define READS_AT_FULL_RATE 20

uint64_t late_period_ns(uint64_t threshold_ns)
{
	uint64_t period = threshold_ns / 5;

	return period < PERIOD_MIN_NS	? PERIOD_MIN_NS
	       : period > PERIOD_MAX_NS ? PERIOD_MAX_NS
					: period;
}

bool late_due(struct lp_late *late, const struct lp_loop *loop, uint64_t now_ns)
{
	uint64_t start = __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE);

	if (!start || now_ns < start || now_ns - start < loop->threshold_ns / 2)
		return false;
	if (late->start_ns != start) {
		late->start_ns = start;
		late->reads = 0;
		late->next_ns = 0;
	}
	if (now_ns < late->next_ns)
		return false;
	if (++late->reads > READS_AT_FULL_RATE)
		late->next_ns = now_ns + (now_ns - start) / READS_AT_FULL_RATE;
	return true;
}

struct lp_event_stack *late_read(const struct lp_instance *instance, const struct lp_loop *loop)
{
	uint64_t start = __atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE);
	uint64_t task = loop->task;
	struct lp_raw_frame raw[LP_STACK_DEPTH];
	struct lp_event_stack *event;
	struct lp_frame shown;
	bool cut;
	int depth, i;

	if (!instance || !start)
		return NULL;
	depth = instance->runtime->read_stack(instance, loop->thread_state, raw, LP_STACK_DEPTH,
					      &cut);
	if (depth <= 0)
		return NULL;
	event = calloc(1, sizeof(*event) + (size_t)depth * sizeof(event->frames[0]));
	if (!event)
		return NULL;
	event->cut = cut;
	for (i = 0; i < depth; i++) {
		struct lp_stack_frame *frame = &event->frames[event->depth];

		if (instance->runtime->describe(instance, &raw[i], &shown)) {
			event->cut = true;
			break;
		}
		/* what is outside of the callback is the loop itself */
		if (instance->runtime->is_dispatch(&shown)) {
			event->cut = false;
			break;
		}
		snprintf(frame->function, sizeof(frame->function), "%s", shown.function);
		snprintf(frame->file, sizeof(frame->file), "%s", shown.file);
		frame->line = shown.line;
		event->depth++;
	}
	if (task)
		instance->runtime->task_name(instance, task, event->task_name,
					     sizeof(event->task_name));
	event->event.type = LP_EVENT_STACK;
	event->event.size = (uint32_t)(sizeof(*event) + event->depth * sizeof(event->frames[0]));
	event->event.pid = loop->pid;
	event->start_ns = start;
	if (__atomic_load_n(&loop->start_ns, __ATOMIC_ACQUIRE) == start && event->depth)
		return event;
	free(event);
	return NULL;
}
