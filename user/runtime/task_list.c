// SPDX-License-Identifier: BSD-2-Clause
#include "task_list.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (64 << 10)
#define BIG_PIECE (CHUNK_BYTES / 4)
/* Enough for a million tasks with their frames, edges and texts. */
#define ARENA_BYTES_MAX (768UL << 20)

#define FIRST_SLOTS 1024
/* The number of shared texts; further ones are copied each time. */
#define INTERNED_MAX (1 << 20)
#define TEXT_BYTES 1024

struct lp_chunk {
	struct lp_chunk *next;
	size_t used, size;
	_Alignas(8) uint8_t data[];
};

struct lp_task_arena {
	struct lp_chunk *chunks; /* the first one is being filled */
	size_t bytes; /* capacity of all chunks */
	/* a hash table of texts with open addressing; text_slots is a power of 2 */
	const char **texts;
	size_t text_count, text_slots;
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
	free(arena->texts);
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

/* FNV-1a */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3ULL;
	return hash;
}

/* Returns the slot of a text, or the free slot that it belongs in. */
static size_t find_slot(const char **texts, size_t slots, const char *text)
{
	size_t slot = hash_text(text) & (slots - 1);

	while (texts[slot] && strcmp(texts[slot], text) != 0)
		slot = (slot + 1) & (slots - 1);
	return slot;
}

/* Makes room for another text.  False: there is none, and the new text is not shared. */
static bool reserve(struct lp_task_arena *arena)
{
	size_t slots = arena->text_slots ? arena->text_slots * 2 : FIRST_SLOTS, i;
	const char **texts;

	if (arena->text_slots && arena->text_count < arena->text_slots / 2)
		return true;
	if (arena->text_count >= INTERNED_MAX)
		return false;
	texts = calloc(slots, sizeof(*texts));
	if (!texts)
		return false;
	for (i = 0; i < arena->text_slots; i++)
		if (arena->texts[i])
			texts[find_slot(texts, slots, arena->texts[i])] = arena->texts[i];
	free(arena->texts);
	arena->texts = texts;
	arena->text_slots = slots;
	return true;
}

const char *task_arena_text(struct lp_task_arena *arena, const char *text)
{
	bool capacity = reserve(arena);
	char clean[TEXT_BYTES];
	size_t slot = 0, length;
	char *copy;

	text_copy(clean, sizeof(clean), text);
	if (!clean[0])
		return "";
	if (arena->text_slots) {
		slot = find_slot(arena->texts, arena->text_slots, clean);
		if (arena->texts[slot])
			return arena->texts[slot];
	}
	length = strlen(clean) + 1;
	copy = task_arena_take(arena, length);
	if (!copy)
		return "";
	memcpy(copy, clean, length);
	if (capacity) {
		arena->texts[slot] = copy;
		arena->text_count++;
	}
	return copy;
}

void task_list_free(struct lp_task_list *list)
{
	free(list->tasks);
	free(list->loops);
	task_arena_free(list->arena);
	memset(list, 0, sizeof(*list));
}
