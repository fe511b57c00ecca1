// SPDX-License-Identifier: BSD-2-Clause
#include "map.h"

#include <stdlib.h>

#define CAPACITY_FIRST 256
#define CAPACITY_MAX ((size_t)1 << 20)

/* Returns the slot at which the search for a key begins: Fibonacci hashing. */
static size_t begin_of(const struct lp_map *map, uint64_t key)
{
	return (size_t)(key * 0x9e3779b97f4a7c15ULL >> 32) & (map->capacity - 1);
}

/* Returns the key's slot, or the free slot that it belongs in: a map always has free slots. */
static struct lp_map_slot *find(const struct lp_map *map, uint64_t key)
{
	size_t mask = map->capacity - 1, at = begin_of(map, key);

	while (map->slots[at].key && map->slots[at].key != key)
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
			*find(&bigger, old[i].key) = old[i];
	map->slots = bigger.slots;
	map->capacity = bigger.capacity;
	free(old);
	return true;
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

	if (!key || (map->count * 4 >= map->capacity * 3 && !grow(map)))
		return false;
	slot = find(map, key);
	map->count += !slot->key;
	slot->key = key;
	slot->value = value;
	return true;
}

void map_remove(struct lp_map *map, uint64_t key)
{
	size_t mask = map->capacity - 1, gap, at;
	struct lp_map_slot *slots = map->slots;

	if (!map_get(map, key))
		return;
	gap = (size_t)(find(map, key) - slots);
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

uint64_t *map_next(const struct lp_map *map, size_t *at)
{
	while (*at < map->capacity)
		if (map->slots[(*at)++].key)
			return &map->slots[*at - 1].value;
	return NULL;
}

void map_free(struct lp_map *map)
{
	free(map->slots);
	*map = (struct lp_map){ 0 };
}
