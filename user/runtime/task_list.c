// SPDX-License-Identifier: BSD-2-Clause
#include "task_list.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (64 << 10)
#define BIG_PIECE (CHUNK_BYTES / 4)
/* Enough for a million tasks with their frames, edges and texts. */
#define ARENA_BYTES_MAX (768UL << 20)

#define TEXT_BYTES 1024

struct lp_chunk {
	struct lp_chunk *next;
	size_t used, size;
	_Alignas(8) uint8_t data[];
};

struct lp_task_arena {
	struct lp_chunk *chunks; /* the first one is being filled */
	size_t bytes; /* capacity of all chunks */
	struct lp_map texts; /* shared texts; once it is full, further ones are copied each time */
};

struct lp_task_arena *task_arena_new(void)
{
	return calloc(1, sizeof(struct lp_task_arena));
}

void task_arena_free(struct lp_task_arena *arena)
{
	struct lp_chunk *chunk, *next;

	if (!arena)
		return;
	for (chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	map_free(&arena->texts);
	free(arena);
}

static struct lp_chunk *add_chunk(struct lp_task_arena *arena, size_t size)
{
	/* a big piece has a chunk to itself, which goes behind the one that is being filled */
	size_t capacity = size > BIG_PIECE ? size : CHUNK_BYTES;
	struct lp_chunk *chunk;

	if (capacity > ARENA_BYTES_MAX - arena->bytes)
		return NULL;
	chunk = calloc(1, sizeof(*chunk) + capacity);
	if (!chunk)
		return NULL;
	chunk->size = capacity;
	arena->bytes += capacity;
	if (arena->chunks && size > BIG_PIECE) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	return chunk;
}

void *task_arena_take(struct lp_task_arena *arena, size_t size)
{
	struct lp_chunk *chunk = arena->chunks;
	void *taken;

	if (size > ARENA_BYTES_MAX)
		return NULL;
	size = (size + 7) & ~(size_t)7;
	if (!chunk || size > chunk->size - chunk->used)
		chunk = add_chunk(arena, size);
	if (!chunk)
		return NULL;
	taken = chunk->data + chunk->used;
	chunk->used += size;
	return taken;
}

static bool is_text(const void *entry, const void *key)
{
	return !strcmp(entry, key);
}

const char *task_arena_text(struct lp_task_arena *arena, const char *text)
{
	struct lp_hash hash = hash_begin();
	char clean[TEXT_BYTES];
	const char *shared;
	size_t length;
	char *copy;

	text_copy(clean, sizeof(clean), text);
	if (!clean[0])
		return "";
	length = strlen(clean) + 1;
	hash_bytes(&hash, clean, length);
	shared = map_find(&arena->texts, hash_end(&hash), is_text, clean);
	if (shared)
		return shared;
	copy = task_arena_take(arena, length);
	if (!copy)
		return "";
	memcpy(copy, clean, length);
	map_add(&arena->texts, hash_end(&hash), copy);
	return copy;
}

void task_list_free(struct lp_task_list *list)
{
	free(list->tasks);
	free(list->loops);
	task_arena_free(list->arena);
	memset(list, 0, sizeof(*list));
}
