// SPDX-License-Identifier: BSD-2-Clause
#include "map.h"

#include "hash.h"

#include <stdlib.h>

#define CAPACITY_FIRST 8
#define CAPACITY_MAX ((size_t)1 << 21)

/*
 * Returns the slot at which the search for a key begins. The random factor keeps a target from
 * choosing keys that share slots. The products before and after it are the finaliser of splitmix64:
 * keys at equal distances, such as addresses of objects in an array, would else be in long runs for
 * one factor in some thousand.
 */
static size_t begin_of(const struct lp_map *map, uint64_t key)
{
	key *= 0x9e3779b97f4a7c15ULL;
	key = (key ^ key >> 32) * hash_multiplier();
	key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9ULL;
	key = (key ^ key >> 27) * 0x94d049bb133111ebULL;
	return (size_t)(key >> (__builtin_clzll(map->capacity) + 1));
}

/* Returns the key's slot, or the free slot that it belongs in: a map always has free slots. */
static struct lp_map_slot *find(const struct lp_map *map, uint64_t key)
{
	size_t mask = map->capacity - 1, at = begin_of(map, key);

	while (map->slots[at].key && map->slots[at].key != key)
		at = (at + 1) & mask;
	return &map->slots[at];
}

/* Returns the first free slot that the search for a key reaches. */
static struct lp_map_slot *find_free(const struct lp_map *map, uint64_t key)
{
	size_t mask = map->capacity - 1, at = begin_of(map, key);

	while (map->slots[at].key)
		at = (at + 1) & mask;
	return &map->slots[at];
}

static bool grow(struct lp_map *map)
{
	struct lp_map bigger = { .capacity = map->capacity ? map->capacity * 2 : CAPACITY_FIRST };
	struct lp_map_slot *old = map->slots;
	size_t i;

	if (bigger.capacity > CAPACITY_MAX)
		return false;
	bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (i = 0; i < map->capacity; i++)
		if (old[i].key)
			*find_free(&bigger, old[i].key) = old[i];
	map->slots = bigger.slots;
	map->capacity = bigger.capacity;
	free(old);
	return true;
}

static bool reserve(struct lp_map *map)
{
	return map->count * 4 < map->capacity * 3 || grow(map);
}

uint64_t *map_get(const struct lp_map *map, uint64_t key)
{
	struct lp_map_slot *slot;

	if (!key || !map->capacity)
		return NULL;
	slot = find(map, key);
	return slot->key ? &slot->value : NULL;
}

bool map_put(struct lp_map *map, uint64_t key, uint64_t value)
{
	struct lp_map_slot *slot;

	if (!key || !reserve(map))
		return false;
	slot = find(map, key);
	map->count += !slot->key;
	slot->key = key;
	slot->value = value;
	return true;
}

static void clear_slot(struct lp_map *map, size_t gap)
{
	size_t mask = map->capacity - 1, at;
	struct lp_map_slot *slots = map->slots;

	/* a later slot moves to the gap unless the search for its key begins after the gap */
	for (at = (gap + 1) & mask; slots[at].key; at = (at + 1) & mask) {
		size_t begin = begin_of(map, slots[at].key);

		if (((at - begin) & mask) < ((at - gap) & mask))
			continue;
		slots[gap] = slots[at];
		gap = at;
	}
	slots[gap].key = 0;
	map->count--;
}

void map_remove(struct lp_map *map, uint64_t key)
{
	if (map_get(map, key))
		clear_slot(map, (size_t)(find(map, key) - map->slots));
}

uint64_t *map_next(const struct lp_map *map, size_t *at)
{
	while (*at < map->capacity)
		if (map->slots[(*at)++].key)
			return &map->slots[*at - 1].value;
	return NULL;
}

void map_remove_last(struct lp_map *map, size_t *at)
{
	/* the slot may have a later value now, which is the next one */
	clear_slot(map, --*at);
}

void map_free(struct lp_map *map)
{
	free(map->slots);
	*map = (struct lp_map){ 0 };
}

void *map_find(const struct lp_map *map, uint64_t hash, lp_map_match match, const void *key)
{
	size_t mask = map->capacity - 1, at;
	void *entry;

	if (!map->capacity)
		return NULL;
	for (at = begin_of(map, hash); map->slots[at].key; at = (at + 1) & mask) {
		entry = (void *)(uintptr_t)map->slots[at].value;
		if (map->slots[at].key == hash && match(entry, key))
			return entry;
	}
	return NULL;
}

bool map_add(struct lp_map *map, uint64_t hash, void *entry)
{
	if (!hash || !reserve(map))
		return false;
	*find_free(map, hash) = (struct lp_map_slot){ hash, (uintptr_t)entry };
	map->count++;
	return true;
}

void map_remove_entry(struct lp_map *map, uint64_t hash, const void *entry)
{
	size_t mask = map->capacity - 1, at;

	if (!map->capacity)
		return;
	for (at = begin_of(map, hash); map->slots[at].key; at = (at + 1) & mask) {
		if (map->slots[at].key == hash && map->slots[at].value == (uintptr_t)entry) {
			clear_slot(map, at);
			return;
		}
	}
}

void map_free_entries(struct lp_map *map, void (*free_entry)(void *entry))
{
	size_t at = 0;
	void *entry;

	while ((entry = map_next_pointer(map, &at)))
		free_entry(entry);
	map_free(map);
}
