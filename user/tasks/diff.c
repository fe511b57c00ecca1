// SPDX-License-Identifier: BSD-2-Clause
#include "diff.h"

#include "base/hash.h"
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct group {
	struct lp_task_group shown; /* first member: change->groups points to it */
};

struct lp_task_diff {
	struct lp_map groups; /* struct group, by name, places and lines */
	struct lp_tasks_change change;
};

struct lp_task_diff *diff_new(void)
{
	return calloc(1, sizeof(struct lp_task_diff));
}

static void free_change(struct lp_tasks_change *change)
{
	free(change->started);
	free(change->ended);
	free(change->groups);
	free(change->deadlocks);
	memset(change, 0, sizeof(*change));
}

static void free_group(void *entry)
{
	struct group *group = entry;

	free(group->shown.name);
	free(group->shown.file);
	free(group->shown.created_function);
	free(group->shown.created_file);
	free(group);
}

void diff_free(struct lp_task_diff *diff)
{
	if (!diff)
		return;
	map_free_entries(&diff->groups, free_group);
	free_change(&diff->change);
	free(diff);
}

/* ---- groups -------------------------------------------------------------------- */

static const char *known_text(const char *text)
{
	return text ? text : "";
}

/* Describes the group of a task; the strings belong to the snapshot. */
static struct lp_task_group describe(const struct lp_tasks_snapshot *snapshot, size_t number)
{
	const struct lp_task *task = &snapshot->list.tasks[number];
	const struct lp_shown_frame *definition = snapshot->places[number].definition;

	return (struct lp_task_group){
		.name = (char *)task->coroutine,
		.file = definition ? definition->file : (char *)"",
		.line = definition ? definition->line : 0,
		.created_function = (char *)known_text(task->created_function),
		.created_file = (char *)known_text(task->created_file),
		.created_line = task->created_line,
	};
}

static uint64_t hash_of(const struct lp_task_group *group)
{
	struct lp_hash hash = hash_begin();

	hash_text(&hash, group->name);
	hash_text(&hash, group->file);
	hash_text(&hash, group->created_file);
	hash_number(&hash, group->line | (uint64_t)group->created_line << 32);
	return hash_end(&hash);
}

static bool same_group(const void *entry, const void *key)
{
	const struct lp_task_group *one = &((const struct group *)entry)->shown, *other = key;

	return one->line == other->line && one->created_line == other->created_line &&
	       !strcmp(one->name, other->name) && !strcmp(one->file, other->file) &&
	       !strcmp(one->created_file, other->created_file);
}

static struct group *find_group(struct lp_task_diff *diff, const struct lp_tasks_snapshot *snapshot,
				size_t number)
{
	const struct lp_task_group wanted = describe(snapshot, number);
	uint64_t hash = hash_of(&wanted);
	struct group *group = map_find(&diff->groups, hash, same_group, &wanted);

	if (group)
		return group;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->shown = wanted;
	group->shown.name = strdup(wanted.name);
	group->shown.file = strdup(wanted.file);
	group->shown.created_function = strdup(wanted.created_function);
	group->shown.created_file = strdup(wanted.created_file);
	if (!group->shown.name || !group->shown.file || !group->shown.created_function ||
	    !group->shown.created_file || !map_add(&diff->groups, hash, group)) {
		free_group(group);
		return NULL;
	}
	return group;
}

/* Drops the groups that were empty at the previous snapshot already. */
static void begin_groups(struct lp_task_diff *diff)
{
	struct group *group;
	size_t at = 0;

	while ((group = map_next_pointer(&diff->groups, &at))) {
		group->shown.started = group->shown.ended = 0;
		if (group->shown.count)
			continue;
		map_remove_last(&diff->groups, &at);
		free_group(group);
	}
}

static void judge(struct lp_task_group *group, uint64_t before_ns, uint64_t now_ns)
{
	size_t count_before = group->count - group->started + group->ended;

	if (group->ended || !group->started) {
		group->growing = 0;
		group->since_ns = now_ns;
		group->since_count = group->count;
		return;
	}
	if (!group->growing) {
		group->since_ns = before_ns;
		group->since_count = count_before;
	}
	group->growing++;
}

static int worst_first(const void *left, const void *right)
{
	const struct lp_task_group *a = *(const struct lp_task_group *const *)left;
	const struct lp_task_group *b = *(const struct lp_task_group *const *)right;
	size_t of_a = a->started + a->ended, of_b = b->started + b->ended;
	int order;

	if (task_group_leaks(a) != task_group_leaks(b))
		return task_group_leaks(a) ? -1 : 1;
	if (of_a != of_b)
		return of_a < of_b ? 1 : -1;
	order = strcmp(a->name, b->name);
	order = order ? order : strcmp(a->file, b->file);
	order = order ? order : (a->line > b->line) - (a->line < b->line);
	order = order ? order : strcmp(a->created_file, b->created_file);
	return order ? order
		     : (a->created_line > b->created_line) - (a->created_line < b->created_line);
}

static int judge_groups(struct lp_task_diff *diff, uint64_t before_ns, uint64_t now_ns)
{
	struct lp_tasks_change *change = &diff->change;
	struct group *group;
	size_t at = 0;

	change->groups = malloc((diff->groups.count + 1) * sizeof(*change->groups));
	if (!change->groups)
		return -ENOMEM;
	while ((group = map_next_pointer(&diff->groups, &at))) {
		judge(&group->shown, before_ns, now_ns);
		if (group->shown.started || group->shown.ended)
			change->groups[change->group_count++] = &group->shown;
	}
	qsort(change->groups, change->group_count, sizeof(*change->groups), worst_first);
	return 0;
}

/* ---- tasks --------------------------------------------------------------------- */

struct known_task {
	uint64_t address;
	uint32_t number;
};

static int by_address(const void *left, const void *right)
{
	const struct known_task *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

/* Returns whether a task is alive: a finished one may remain listed. */
static bool is_alive(const struct lp_task *task)
{
	return task->state != LP_TASK_DONE;
}

static struct known_task *sorted_tasks(const struct lp_tasks_snapshot *snapshot, size_t *count)
{
	struct known_task *tasks = malloc((snapshot->list.count + 1) * sizeof(*tasks));
	size_t i;

	*count = 0;
	for (i = 0; tasks && i < snapshot->list.count; i++)
		if (is_alive(&snapshot->list.tasks[i]))
			tasks[(*count)++] =
				(struct known_task){ snapshot->list.tasks[i].address, (uint32_t)i };
	if (tasks)
		qsort(tasks, *count, sizeof(*tasks), by_address);
	return tasks;
}

static bool same_task(const struct lp_task *one, const struct lp_task *other)
{
	return one->address == other->address && !strcmp(one->name, other->name) &&
	       !strcmp(one->coroutine, other->coroutine) && one->code.code == other->code.code;
}

static bool same_position(const struct lp_task *one, const struct lp_task *other)
{
	const struct lp_raw_frame *a, *b;

	/* a running task may have moved and come back by the next snapshot */
	if (one->state != other->state || one->state == LP_TASK_RUNNING ||
	    one->frame_count != other->frame_count || one->awaited != other->awaited ||
	    one->awaited_id != other->awaited_id || !one->frame_count || one->partial ||
	    other->partial)
		return false;
	a = &one->frames[one->frame_count - 1].raw;
	b = &other->frames[other->frame_count - 1].raw;
	return a->code == b->code && a->instruction == b->instruction;
}

static void note_unmoved(const struct lp_tasks_snapshot *before, uint32_t old,
			 struct lp_tasks_snapshot *now, uint32_t number)
{
	uint64_t since = before->places[old].unmoved_ns;

	if (same_position(&before->list.tasks[old], &now->list.tasks[number]))
		now->places[number].unmoved_ns = since ? since : before->list.time_ns;
}

static int note_started(struct lp_task_diff *diff, const struct lp_tasks_snapshot *now,
			uint32_t number)
{
	struct group *group = find_group(diff, now, number);

	if (!group)
		return -ENOMEM;
	group->shown.count++;
	group->shown.started++;
	diff->change.started[diff->change.started_count++] = number;
	return 0;
}

static int note_ended(struct lp_task_diff *diff, const struct lp_tasks_snapshot *before,
		      uint32_t number)
{
	struct group *group = find_group(diff, before, number);

	if (!group)
		return -ENOMEM;
	/* a task whose definition became readable only once belongs to another group now */
	if (group->shown.count)
		group->shown.count--;
	group->shown.ended++;
	diff->change.ended[diff->change.ended_count++] = number;
	return 0;
}

static int compare(struct lp_task_diff *diff, const struct lp_tasks_snapshot *before,
		   struct lp_tasks_snapshot *now)
{
	size_t old_count, new_count, i = 0, at = 0;
	struct known_task *old = sorted_tasks(before, &old_count),
			  *new = sorted_tasks(now, &new_count);
	int err = old && new ? 0 : -ENOMEM;

	while (!err && (i < old_count || at < new_count)) {
		if (at == new_count || (i < old_count && old[i].address < new[at].address)) {
			err = note_ended(diff, before, old[i++].number);
		} else if (i == old_count || new[at].address < old[i].address) {
			err = note_started(diff, now, new[at++].number);
		} else if (same_task(&before->list.tasks[old[i].number],
				     &now->list.tasks[new[at].number])) {
			note_unmoved(before, old[i++].number, now, new[at++].number);
		} else {
			err = note_ended(diff, before, old[i++].number);
			if (!err)
				err = note_started(diff, now, new[at++].number);
		}
	}
	free(old);
	free(new);
	return err;
}

static int find_new_deadlocks(struct lp_tasks_change *change,
			      const struct lp_tasks_snapshot *before,
			      const struct lp_tasks_snapshot *now)
{
	size_t count = now->graph.deadlock_count, i;
	bool *known = calloc(count + 1, sizeof(*known));
	int err = -ENOMEM;

	change->deadlocks = malloc((count + 1) * sizeof(*change->deadlocks));
	if (known && change->deadlocks)
		err = graph_known_deadlocks(&before->list, &before->graph, &now->list, &now->graph,
					    known);
	for (i = 0; !err && i < count; i++)
		if (!known[i])
			change->deadlocks[change->deadlock_count++] = &now->graph.deadlocks[i];
	free(known);
	return err;
}

/* Counts all tasks of the first snapshot. */
static int count_all(struct lp_task_diff *diff, const struct lp_tasks_snapshot *now)
{
	size_t i;

	for (i = 0; i < now->list.count; i++) {
		struct group *group;

		if (!is_alive(&now->list.tasks[i]))
			continue;
		group = find_group(diff, now, i);
		if (!group)
			return -ENOMEM;
		group->shown.count++;
	}
	return 0;
}

int diff_snapshots(struct lp_task_diff *diff, const struct lp_tasks_snapshot *before,
		   struct lp_tasks_snapshot *now, const struct lp_tasks_change **result)
{
	struct lp_tasks_change *change = &diff->change;
	int err;

	free_change(change);
	*result = change;
	begin_groups(diff);
	if (!before) {
		err = count_all(diff, now);
	} else {
		change->started = malloc((now->list.count + 1) * sizeof(*change->started));
		change->ended = malloc((before->list.count + 1) * sizeof(*change->ended));
		err = change->started && change->ended ? compare(diff, before, now) : -ENOMEM;
		if (!err)
			err = find_new_deadlocks(change, before, now);
	}
	if (!err)
		err = judge_groups(diff, before ? before->list.time_ns : now->list.time_ns,
				   now->list.time_ns);
	return err;
}
