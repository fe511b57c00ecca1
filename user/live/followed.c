// SPDX-License-Identifier: BSD-2-Clause
#include "followed.h"

#include "base/log.h"

#include <stdlib.h>

void followed_add(struct lp_followed_table *table, const struct lp_instance *instance)
{
	struct lp_followed *target = calloc(1, sizeof(*target));

	if (!target)
		return;
	target->instance = *instance;
	followed_remove(table, instance->pid);
	if (!map_put(&table->targets, (uint64_t)instance->pid, (uintptr_t)target))
		free(target);
}

void followed_remove(struct lp_followed_table *table, pid_t pid)
{
	free(followed_of(table, pid));
	map_remove(&table->targets, (uint64_t)pid);
}

void followed_free(struct lp_followed_table *table)
{
	struct lp_followed *target;
	size_t at = 0;

	while ((target = map_next_pointer(&table->targets, &at)))
		free(target);
	map_free(&table->targets);
}

struct lp_followed *followed_of(const struct lp_followed_table *table, pid_t pid)
{
	return map_pointer(&table->targets, (uint64_t)pid);
}

void followed_each(struct lp_followed_table *table,
		   void (*visit)(void *context, struct lp_followed *target), void *context)
{
	struct lp_followed *target;
	size_t at = 0;

	while ((target = map_next_pointer(&table->targets, &at)))
		visit(context, target);
}

bool followed_is_shared(const struct lp_followed_table *table)
{
	return table->targets.count > 1;
}

bool followed_may_spend(struct lp_followed_table *table, struct lp_followed *target,
			uint64_t now_ns)
{
	return !followed_is_shared(table) || share_may_spend(&table->pool, &target->share, now_ns);
}

void followed_drop(struct lp_followed *target)
{
	target->share.dropped++;
	followed_warn(target);
}

void followed_warn(struct lp_followed *target)
{
	if (target->warned)
		return;
	target->warned = true;
	log_process(
		"process %d asks for more than its share of what all processes use: the rest is dropped, and counted for it",
		target->instance.pid);
}
