// SPDX-License-Identifier: BSD-2-Clause
#include "followed.h"

#include "base/log.h"

#include <stdlib.h>

static struct lp_followed **bucket_of(struct lp_followed_table *table, pid_t pid)
{
	return &table->buckets[(uint32_t)pid % LP_FOLLOWED_BUCKETS];
}

void followed_add(struct lp_followed_table *table, const struct lp_instance *instance)
{
	struct lp_followed **bucket = bucket_of(table, instance->pid);
	struct lp_followed *target = calloc(1, sizeof(*target));

	if (!target)
		return;
	target->instance = *instance;
	target->next = *bucket;
	*bucket = target;
	table->count++;
}

void followed_remove(struct lp_followed_table *table, pid_t pid)
{
	struct lp_followed **at = bucket_of(table, pid), *target;

	while (*at && (*at)->instance.pid != pid)
		at = &(*at)->next;
	target = *at;
	if (!target)
		return;
	*at = target->next;
	free(target);
	table->count--;
}

void followed_free(struct lp_followed_table *table)
{
	struct lp_followed *target;
	size_t i;

	for (i = 0; i < LP_FOLLOWED_BUCKETS; i++) {
		while ((target = table->buckets[i])) {
			table->buckets[i] = target->next;
			free(target);
		}
	}
}

struct lp_followed *followed_of(const struct lp_followed_table *table, pid_t pid)
{
	struct lp_followed *target = table->buckets[(uint32_t)pid % LP_FOLLOWED_BUCKETS];

	while (target && target->instance.pid != pid)
		target = target->next;
	return target;
}

void followed_each(struct lp_followed_table *table,
		   void (*visit)(void *context, struct lp_followed *target), void *context)
{
	struct lp_followed *target;
	size_t i;

	for (i = 0; i < LP_FOLLOWED_BUCKETS; i++)
		for (target = table->buckets[i]; target; target = target->next)
			visit(context, target);
}

bool followed_may_spend(struct lp_followed_table *table, struct lp_followed *target,
			uint64_t now_ns)
{
	return table->count < 2 || share_may_spend(&table->pool, &target->share, now_ns);
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
		"pid %d asks for more than its share of what all processes use: the rest is dropped, and counted for it",
		target->instance.pid);
}
