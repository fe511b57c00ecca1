// SPDX-License-Identifier: BSD-2-Clause
#include "alike.h"

#include "base/hash.h"
#include "subtree.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_frame(struct lp_hash *hash, const struct lp_shown_frame *frame)
{
	hash_text(hash, frame ? frame->file : "");
	hash_number(hash, frame ? frame->line : 0);
}

/* Returns the length of a unit of time at the beginning of a text, or 0. */
static size_t unit_length(const char *text)
{
	static const char *const units[] = { "ns", "us", "ms", "s", "min", "h" };
	size_t i, length;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		length = strlen(units[i]);
		if (!strncmp(text, units[i], length) && !isalpha((unsigned char)text[length]))
			return length;
	}
	return 0;
}

/*
 * Adds the words of the description of a wait.  Words that begin with a digit are left out, with
 * the unit of time behind them, and so are addresses of IPv6 in brackets.
 */
static void add_words(struct lp_hash *hash, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, " ");

		if (isdigit((unsigned char)*text) || *text == '[') {
			text += length;
			if (*text == ' ')
				text += 1 + unit_length(text + 1);
			hash_number(hash, 0);
			continue;
		}
		hash_bytes(hash, text, length);
		hash_number(hash, length);
		text += length;
		text += *text == ' ';
	}
}

static int by_value(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* Returns the objects that several tasks wait for, in ascending order; NULL: out of memory. */
static uint64_t *shared_objects(const struct lp_task_list *list, size_t *count)
{
	uint64_t *objects = malloc((list->count + 1) * sizeof(*objects));
	size_t i, all = 0, shared = 0;

	if (!objects)
		return NULL;
	for (i = 0; i < list->count; i++)
		if (list->tasks[i].awaited_id)
			objects[all++] = list->tasks[i].awaited_id;
	qsort(objects, all, sizeof(*objects), by_value);
	for (i = 1; i < all; i++)
		if (objects[i] == objects[i - 1] && !(shared && objects[shared - 1] == objects[i]))
			objects[shared++] = objects[i];
	*count = shared;
	return objects;
}

/* Returns the hash of a pair of numbers. */
static uint64_t pair(uint64_t first, uint64_t second)
{
	struct lp_hash hash = hash_begin();

	hash_number(&hash, first);
	hash_number(&hash, second);
	return hash_end(&hash);
}

/* Adds to the wait of each holder what it holds: of several objects, that of the highest address. */
static int add_held(const struct lp_tasks_snapshot *snapshot, struct lp_subtree_wait *waits)
{
	const struct lp_csr_graph *holders = &snapshot->graph.holders;
	size_t count = snapshot->list.count, task, i;
	uint64_t *held = calloc(count + 1, sizeof(*held)), object;

	if (!held)
		return -ENOMEM;
	for (task = 0; task < count; task++) {
		/* an object without an address counts as 1, as 0 stands for a task that holds
		 * nothing */
		object = snapshot->list.tasks[task].awaited_id | 1;
		for (i = 0; i < csr_graph_count(holders, task); i++) {
			uint32_t holder = csr_graph_row(holders, task)[i];

			held[holder] = held[holder] > object ? held[holder] : object;
		}
	}
	for (task = 0; task < count; task++)
		if (held[task]) {
			waits[task].exact = pair(waits[task].exact, held[task]);
			waits[task].plain = pair(waits[task].plain, 0);
		}
	free(held);
	return 0;
}

static void set_wait(const struct lp_tasks_snapshot *snapshot, size_t number,
		     const uint64_t *shared, size_t count, struct lp_subtree_wait *wait)
{
	const struct lp_task *task = &snapshot->list.tasks[number];
	const struct lp_task_place *place = &snapshot->places[number];
	struct lp_hash hash = hash_begin();

	hash_text(&hash, task->coroutine);
	hash_number(&hash, (uint64_t)task->state << 32 | task->awaited);
	hash_number(&hash, place->loop);
	hash_text(&hash, task->awaited_class);
	hash_text(&hash, task->exception_type);
	/* sleeps at one line are alike, whether they are due, overdue or shown without a time */
	if (task->awaited != LP_AWAITED_TIMER)
		add_words(&hash, task->awaited_detail);
	add_frame(&hash, place->parked);
	add_frame(&hash, place->own);
	add_frame(&hash, place->package);
	wait->plain = wait->exact = hash_end(&hash);
	if (bsearch(&task->awaited_id, shared, count, sizeof(*shared), by_value))
		wait->exact = pair(wait->plain, task->awaited_id);
}

uint64_t *alike_keys(const struct lp_tasks_snapshot *snapshot)
{
	size_t count = snapshot->list.count, shared_count = 0, i;
	uint64_t *shared = shared_objects(&snapshot->list, &shared_count);
	uint64_t *keys = malloc((count + 1) * sizeof(*keys));
	struct lp_subtree_wait *waits = calloc(count + 1, sizeof(*waits));
	bool well = shared && keys && waits;

	for (i = 0; well && i < count; i++)
		set_wait(snapshot, i, shared, shared_count, &waits[i]);
	well = well && !add_held(snapshot, waits) && !subtree_find_users(snapshot, waits) &&
	       !subtree_set_keys(&snapshot->graph, waits, keys);
	if (!well) {
		free(keys);
		keys = NULL;
	}
	free(shared);
	free(waits);
	return keys;
}

struct alike_member {
	uint64_t key;
	uint32_t position;
};

static int by_key(const void *left, const void *right)
{
	const struct alike_member *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->position < b->position ? -1 : a->position > b->position;
}

int64_t alike_fold(const uint64_t *keys, const uint32_t *tasks, size_t count,
		   struct lp_alike_entry *entries)
{
	struct alike_member *members = malloc((count + 1) * sizeof(*members));
	bool *hidden = calloc(count + 1, sizeof(*hidden));
	size_t i, begin, end, left = 0;

	if (!members || !hidden) {
		free(members);
		free(hidden);
		return -ENOMEM;
	}
	for (i = 0; i < count; i++) {
		members[i] = (struct alike_member){ keys[tasks[i]], (uint32_t)i };
		entries[i] = (struct lp_alike_entry){ .task = tasks[i] };
	}
	qsort(members, count, sizeof(*members), by_key);
	for (begin = 0; begin < count; begin = end) {
		for (end = begin; end < count && members[end].key == members[begin].key; end++)
			;
		if (end - begin <= LP_ALIKE_ABOVE)
			continue;
		entries[members[begin + LP_ALIKE_SHOWN - 1].position].more =
			(uint32_t)(end - begin - LP_ALIKE_SHOWN);
		for (i = begin + LP_ALIKE_SHOWN; i < end; i++)
			hidden[members[i].position] = true;
	}
	for (i = 0; i < count; i++)
		if (!hidden[i])
			entries[left++] = entries[i];
	free(members);
	free(hidden);
	return (int64_t)left;
}
