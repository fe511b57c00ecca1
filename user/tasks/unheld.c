// SPDX-License-Identifier: BSD-2-Clause
#include "unheld.h"

#include "base/map.h"

#include <errno.h>
#include <stdio.h>

#define DETAIL_BYTES 512

bool unheld_suspected(const struct lp_tasks_snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->list.count; i++)
		if (snapshot->list.tasks[i].unheld)
			return true;
	return false;
}

void unheld_clear(struct lp_tasks_snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->list.count; i++)
		snapshot->list.tasks[i].unheld = 0;
}

/* Maps each task that waits for a lock to the lock. */
static bool map_waits(const struct lp_task_list *list, struct lp_map *waits)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->tasks[i].awaited == LP_AWAITED_LOCK &&
		    !map_put(waits, list->tasks[i].address, list->tasks[i].awaited_id))
			return false;
	return true;
}

/*
 * Maps each lock without a known holder to the future of its first waiter, or to 0 if one of its
 * waiters does not wait for it in the second reading.
 */
static bool map_locks(const struct lp_task_list *list, struct lp_map *waits_now,
		      struct lp_map *locks)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct lp_task *task = &list->tasks[i];
		uint64_t *now = map_get(waits_now, task->address);
		uint64_t *known = map_get(locks, task->awaited_id);
		uint64_t first = task->unheld;

		if (!first)
			continue;
		if (!now || *now != task->awaited_id || (known && *known != first))
			first = 0;
		if (!map_put(locks, task->awaited_id, first))
			return false;
	}
	return true;
}

int unheld_confirm(const struct lp_tasks_snapshot *first, struct lp_tasks_snapshot *second)
{
	struct lp_map waits = { 0 }, locks = { 0 };
	int err = map_waits(&second->list, &waits) && map_locks(&first->list, &waits, &locks)
			  ? 0
			  : -ENOMEM;
	size_t i;

	for (i = 0; i < second->list.count && !err; i++) {
		struct lp_task *task = &second->list.tasks[i];
		uint64_t *known = map_get(&locks, task->awaited_id);

		if (!known || *known != task->unheld)
			task->unheld = 0;
	}
	map_free(&waits);
	map_free(&locks);
	return err;
}

void unheld_describe(struct lp_tasks_snapshot *snapshot)
{
	char text[DETAIL_BYTES];
	size_t i;

	for (i = 0; i < snapshot->list.count; i++) {
		struct lp_task *task = &snapshot->list.tasks[i];

		if (!task->unheld)
			continue;
		snprintf(text, sizeof(text), "%s, no task is known to hold it",
			 task->awaited_detail);
		task->awaited_detail = task_arena_text(snapshot->list.arena, text);
	}
}
