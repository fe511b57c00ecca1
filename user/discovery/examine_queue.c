// SPDX-License-Identifier: BSD-2-Clause
/* The queue of targets that wait for an examination; the units of the host take turns in it. */
#include "targets_internal.h"

#include <errno.h>

void target_ask(struct lp_targets *targets, struct lp_target *target)
{
	if (target->asked)
		return;
	target->asked = true;
	target->next_asked = NULL;
	if (targets->asked_last)
		targets->asked_last->next_asked = target;
	else
		targets->asked_first = target;
	targets->asked_last = target;
}

/* Removes a target from the queue, if it is in it. */
static void unqueue(struct lp_targets *targets, struct lp_target *target)
{
	struct lp_target **at = &targets->asked_first, *last = NULL;

	while (*at && *at != target) {
		last = *at;
		at = &last->next_asked;
	}
	if (*at != target)
		return;
	*at = target->next_asked;
	if (targets->asked_last == target)
		targets->asked_last = last;
	target->next_asked = NULL;
}

void target_unask(struct lp_targets *targets, struct lp_target *target)
{
	if (targets->awaited == target) {
		targets->awaited = NULL;
		targets->awaited_dropped = true;
		targets->awaited_code = error_set(targets->awaited_error, -ESRCH,
						  "process %d has just ended", target->process.pid);
	}
	target->ticket = 0;
	if (target->asked)
		unqueue(targets, target);
	target->asked = false;
}

/* Returns the last ticket of the units that share a bucket with the target's unit. */
static uint64_t *served_of(struct lp_targets *targets, const struct lp_target *target)
{
	return &targets->served[(target->process.owner >> 8) % LP_OWNER_BUCKETS];
}

struct lp_target *targets_take_asked(struct lp_targets *targets)
{
	struct lp_target *target, *next = targets->asked_first;

	if (!next)
		return NULL;
	for (target = next; target; target = target->next_asked)
		if (*served_of(targets, target) < *served_of(targets, next))
			next = target;
	*served_of(targets, next) = targets->tickets + 1;
	unqueue(targets, next);
	return next;
}
