// SPDX-License-Identifier: BSD-2-Clause
#include "lifetimes.h"

#include "base/macros.h"

void lifetimes_add(struct lp_lifetimes *lifetimes, const struct lp_event_task_end *event)
{
	uint64_t life_ns = event->end_ns - event->created_ns;

	lifetimes->outcomes[event->outcome]++;
	lp_histogram_add(&lifetimes->life, life_ns);
	lp_histogram_add(&lifetimes->running, event->running_ns);
	lp_histogram_add(&lifetimes->queued, event->queued_ns);
	lp_histogram_add(&lifetimes->waiting,
			 saturating_sub(saturating_sub(life_ns, event->running_ns),
					event->queued_ns));
}

void lifetimes_merge(struct lp_lifetimes *into, const struct lp_lifetimes *from)
{
	size_t i;

	for (i = 0; i < LP_OUTCOMES; i++)
		into->outcomes[i] += from->outcomes[i];
	histogram_merge(&into->life, &from->life);
	histogram_merge(&into->running, &from->running);
	histogram_merge(&into->queued, &from->queued);
	histogram_merge(&into->waiting, &from->waiting);
}

void lifetimes_subtract(struct lp_lifetimes *difference, const struct lp_lifetimes *now,
			const struct lp_lifetimes *before)
{
	size_t i;

	for (i = 0; i < LP_OUTCOMES; i++)
		difference->outcomes[i] = saturating_sub(now->outcomes[i], before->outcomes[i]);
	histogram_subtract(&difference->life, &now->life, &before->life);
	histogram_subtract(&difference->running, &now->running, &before->running);
	histogram_subtract(&difference->queued, &now->queued, &before->queued);
	histogram_subtract(&difference->waiting, &now->waiting, &before->waiting);
}

uint64_t lifetimes_count(const struct lp_lifetimes *lifetimes)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < LP_OUTCOMES; i++)
		count += lifetimes->outcomes[i];
	return count;
}
