// SPDX-License-Identifier: BSD-2-Clause
#include "processes.h"

#include <stdlib.h>
#include <string.h>

struct lp_model_target *labels_find(const struct lp_labels *targets, uint32_t pid)
{
	size_t i;

	for (i = 0; i < targets->count; i++)
		if (targets->items[i].target.event.pid == pid)
			return &targets->items[i];
	return NULL;
}

static void drop(struct lp_labels *targets, const struct lp_model_target *target)
{
	size_t at = (size_t)(target - targets->items);

	targets->count--;
	memmove(&targets->items[at], &targets->items[at + 1],
		(targets->count - at) * sizeof(*targets->items));
}

/* The end of a process may have been lost: the oldest that runs no loop makes room. */
static void make_room(struct lp_labels *targets)
{
	size_t i;

	if (targets->count < LP_MAX_PROCESSES)
		return;
	for (i = 0; i < targets->count && targets->items[i].loops;)
		i++;
	drop(targets, &targets->items[i < targets->count ? i : 0]);
}

static struct lp_model_target *append(struct lp_labels *targets)
{
	struct lp_model_target *grown;
	size_t room;

	make_room(targets);
	if (targets->count == targets->room) {
		room = targets->room ? 2 * targets->room : 16;
		grown = realloc(targets->items, room * sizeof(*grown));
		if (!grown)
			return NULL;
		targets->items = grown;
		targets->room = room;
	}
	memset(&targets->items[targets->count], 0, sizeof(*targets->items));
	return &targets->items[targets->count++];
}

void labels_target(struct lp_labels *targets, const struct lp_event_target *event)
{
	struct lp_model_target *known = labels_find(targets, event->event.pid);

	if (!known)
		known = append(targets);
	if (!known)
		return;
	known->target = *event;
	known->gone = false;
	memset(&known->labels, 0, sizeof(known->labels));
}

void labels_more(struct lp_labels *targets, const struct lp_event_labels *event)
{
	struct lp_model_target *target = labels_find(targets, event->event.pid);

	if (target)
		target->labels = *event;
}

void labels_loop_began(struct lp_labels *targets, uint32_t pid)
{
	struct lp_model_target *target = labels_find(targets, pid);

	if (target)
		target->loops++;
}

/* A process may begin another loop after its last one: only with itself it goes. */
void labels_loop_ended(struct lp_labels *targets, uint32_t pid)
{
	struct lp_model_target *target = labels_find(targets, pid);

	if (!target)
		return;
	if (target->loops)
		target->loops--;
	if (target->gone && !target->loops)
		drop(targets, target);
}

void labels_process_ended(struct lp_labels *targets, uint32_t pid)
{
	struct lp_model_target *target = labels_find(targets, pid);

	if (!target)
		return;
	target->gone = true;
	if (!target->loops)
		drop(targets, target);
}

void labels_free(struct lp_labels *targets)
{
	free(targets->items);
	memset(targets, 0, sizeof(*targets));
}
