// SPDX-License-Identifier: BSD-2-Clause
#include "processes.h"
#include "base/array.h"

#include <stdlib.h>
#include <string.h>

struct lp_model_target *processes_find(const struct lp_processes *targets, uint32_t pid)
{
	size_t i;

	for (i = 0; i < targets->count; i++)
		if (targets->items[i].target.event.pid == pid)
			return &targets->items[i];
	return NULL;
}

static void drop(struct lp_processes *targets, const struct lp_model_target *target)
{
	size_t at = (size_t)(target - targets->items);

	targets->count--;
	memmove(&targets->items[at], &targets->items[at + 1],
		(targets->count - at) * sizeof(*targets->items));
}

/* Drops the oldest process without a loop if all are in use, as events of ends may be lost. */
static void reserve(struct lp_processes *targets)
{
	size_t i;

	if (targets->count < LP_MAX_PROCESSES)
		return;
	for (i = 0; i < targets->count && targets->items[i].loops;)
		i++;
	drop(targets, &targets->items[i < targets->count ? i : 0]);
}

static struct lp_model_target *append(struct lp_processes *targets)
{
	reserve(targets);
	if (!ARRAY_RESERVE(targets->items, targets->capacity, targets->count + 1, 16))
		return NULL;
	memset(&targets->items[targets->count], 0, sizeof(*targets->items));
	return &targets->items[targets->count++];
}

void processes_add(struct lp_processes *targets, const struct lp_event_target *event)
{
	struct lp_model_target *known = processes_find(targets, event->event.pid);

	if (!known)
		known = append(targets);
	if (!known)
		return;
	known->target = *event;
	known->ended = false;
	known->end.event.time_ns = 0;
	memset(&known->labels, 0, sizeof(known->labels));
}

void processes_add_labels(struct lp_processes *targets, const struct lp_event_labels *event)
{
	struct lp_model_target *target = processes_find(targets, event->event.pid);

	if (target)
		target->labels = *event;
}

void processes_loop_began(struct lp_processes *targets, uint32_t pid)
{
	struct lp_model_target *target = processes_find(targets, pid);

	if (target)
		target->loops++;
}

/* A process without loops stays until it ends, as it may begin another loop. */
void processes_loop_ended(struct lp_processes *targets, uint32_t pid)
{
	struct lp_model_target *target = processes_find(targets, pid);

	if (!target)
		return;
	if (target->loops)
		target->loops--;
	if (target->ended && !target->loops)
		drop(targets, target);
}

void processes_end(struct lp_processes *targets, uint32_t pid)
{
	struct lp_model_target *target = processes_find(targets, pid);

	if (!target)
		return;
	target->ended = true;
	if (!target->loops)
		drop(targets, target);
}

void processes_free(struct lp_processes *targets)
{
	free(targets->items);
	memset(targets, 0, sizeof(*targets));
}
