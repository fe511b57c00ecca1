// SPDX-License-Identifier: BSD-2-Clause
/* The queues of targets that wait for workers; the units of the host take turns in them. */
#include "targets_internal.h"

#include <errno.h>

void target_enqueue(struct lp_targets *targets, struct lp_target *target, enum lp_queue number)
{
	struct lp_target_queue *queue = &targets->queues[number];

	if (target->queued[number])
		return;
	target->queued[number] = true;
	target->next_queued[number] = NULL;
	if (queue->last)
		queue->last->next_queued[number] = target;
	else
		queue->first = target;
	queue->last = target;
}

void target_unqueue(struct lp_targets *targets, struct lp_target *target, enum lp_queue number)
{
	struct lp_target_queue *queue = &targets->queues[number];
	struct lp_target **at = &queue->first, *last = NULL;

	if (!target->queued[number])
		return;
	while (*at != target) {
		last = *at;
		at = &last->next_queued[number];
	}
	*at = target->next_queued[number];
	if (queue->last == target)
		queue->last = last;
	target->next_queued[number] = NULL;
	target->queued[number] = false;
}

/* Returns the last turn of the units that share a bucket with the target's unit. */
static uint64_t *last_turn_of(struct lp_target_queue *queue, const struct lp_target *target)
{
	return &queue->last_turns[(target->process.owner >> 8) % LP_OWNER_BUCKETS];
}

struct lp_target *targets_dequeue(struct lp_targets *targets, enum lp_queue number,
				  bool (*may)(const struct lp_target *target))
{
	struct lp_target_queue *queue = &targets->queues[number];
	struct lp_target *target, *next = NULL;

	for (target = queue->first; target; target = target->next_queued[number])
		if ((!may || may(target)) &&
		    (!next || *last_turn_of(queue, target) < *last_turn_of(queue, next)))
			next = target;
	if (!next)
		return NULL;
	*last_turn_of(queue, next) = ++queue->turns;
	target_unqueue(targets, next, number);
	return next;
}

void target_queue_examination(struct lp_targets *targets, struct lp_target *target)
{
	if (target->examining)
		return;
	target->examining = true;
	target_enqueue(targets, target, LP_QUEUE_EXAMINATIONS);
}

void target_cancel_examination(struct lp_targets *targets, struct lp_target *target)
{
	if (targets->awaited == target) {
		targets->awaited = NULL;
		targets->awaited_dropped = true;
		targets->awaited_code = error_set(targets->awaited_error, -ESRCH,
						  "process %d has just ended", target->process.pid);
	}
	target->ticket = 0;
	target_unqueue(targets, target, LP_QUEUE_EXAMINATIONS);
	target->examining = false;
}
