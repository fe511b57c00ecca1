// SPDX-License-Identifier: BSD-2-Clause
#include "diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096

struct group {
	struct lp_task_group shown; /* first member: change->groups points to it */
	struct group *next;
	uint64_t hash;
};

struct lp_task_diff {
	struct group *groups[BUCKETS];
	size_t group_count;
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

static void free_group(struct group *group)
{
	free(group->shown.name);
	free(group->shown.file);
	free(group->shown.created_function);
	free(group->shown.created_file);
	free(group);
}

void diff_free(struct lp_task_diff *diff)
{
	size_t i;

	if (!diff)
		return;
	for (i = 0; i < BUCKETS; i++)
		while (diff->groups[i]) {
			struct group *group = diff->groups[i];

			diff->groups[i] = group->next;
			free_group(group);
		}
	free_change(&diff->change);
	free(diff);
}

/* ---- groups -------------------------------------------------------------------- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return (hash ^ 0xff) * 0x100000001b3ULL;
}

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

static bool same_group(const struct lp_task_group *one, const struct lp_task_group *other)
{
	return one->line == other->line && one->created_line == other->created_line &&
	       !strcmp(one->name, other->name) && !strcmp(one->file, other->file) &&
	       !strcmp(one->created_file, other->created_file);
}

static struct group *find_group(struct lp_task_diff *diff, const struct lp_tasks_snapshot *snapshot,
				size_t number)
{
	const struct lp_task_group wanted = describe(snapshot, number);
	uint64_t hash = hash_text(0xcbf29ce484222325ULL, wanted.name);
	struct group *group;

	hash = hash_text(hash_text(hash, wanted.file), wanted.created_file);
	hash = (hash ^ wanted.line ^ (uint64_t)wanted.created_line << 32) * 0x9e3779b97f4a7c15ULL;
	hash ^= hash >> 32;
	for (group = diff->groups[hash % BUCKETS]; group; group = group->next)
		if (group->hash == hash && same_group(&group->shown, &wanted))
			return group;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->hash = hash;
	group->shown = wanted;
	group->shown.name = strdup(wanted.name);
	group->shown.file = strdup(wanted.file);
	group->shown.created_function = strdup(wanted.created_function);
	group->shown.created_file = strdup(wanted.created_file);
	if (!group->shown.name || !group->shown.file || !group->shown.created_function ||
	    !group->shown.created_file) {
		free_group(group);
		return NULL;
	}
	group->next = diff->groups[hash % BUCKETS];
	diff->groups[hash % BUCKETS] = group;
	diff->group_count++;
	return group;
}

/* Drops the groups that were empty at the previous snapshot already. */
static void begin_groups(struct lp_task_diff *diff)
{
	struct group **at, *group;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		for (at = &diff->groups[i]; (group = *at);) {
			group->shown.started = group->shown.ended = 0;
			if (group->shown.count) {
				at = &group->next;
				continue;
			}
			*at = group->next;
			free_group(group);
			diff->group_count--;
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

	if (task_group_leaks(a) != task_group_leaks(b))
		return task_group_leaks(a) ? -1 : 1;
	if (of_a != of_b)
		return of_a < of_b ? 1 : -1;
	return strcmp(a->name, b->name);
}

static int judge_groups(struct lp_task_diff *diff, uint64_t before_ns, uint64_t now_ns)
{
	struct lp_tasks_change *change = &diff->change;
	struct group *group;
	size_t i;

	change->groups = malloc((diff->group_count + 1) * sizeof(*change->groups));
	if (!change->groups)
		return -ENOMEM;
	for (i = 0; i < BUCKETS; i++)
		for (group = diff->groups[i]; group; group = group->next) {
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
