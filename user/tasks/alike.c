// SPDX-License-Identifier: BSD-2-Clause
#include "alike.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_frame(struct lp_hash *hash, const struct lp_shown_frame *frame)
{
	hash_text(hash, frame ? frame->file : "");
	hash_number(hash, frame ? frame->line : 0);
}

uint64_t alike_key(const struct lp_tasks_snapshot *snapshot, uint32_t number)
{
	const struct lp_task *task = &snapshot->list.tasks[number];
	const struct lp_task_place *place = &snapshot->places[number];
	struct lp_hash hash = hash_begin();

	hash_text(&hash, task->coroutine);
	hash_number(&hash, (uint64_t)task->state << 32 | task->awaited);
	hash_number(&hash, place->loop);
	hash_text(&hash, task->awaited_class);
	hash_text(&hash, task->exception_type);
	add_frame(&hash, place->parked);
	add_frame(&hash, place->own);
	return hash_end(&hash);
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
