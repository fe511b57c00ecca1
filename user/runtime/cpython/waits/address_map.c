// SPDX-License-Identifier: BSD-2-Clause
#include "address_map.h"

#include <stdlib.h>

#define CAPACITY_FIRST 256
#define CAPACITY_MAX ((size_t)1 << 20)

/* Returns the key's slot, or the free slot that it belongs in: a map always has free slots. */
static struct lp_wait_slot *find(const struct lp_wait_map *map, uint64_t key)
{
	size_t mask = map->capacity - 1, at = (size_t)(key * 0x9e3779b97f4a7c15ULL >> 32) & mask;

	while (map->slots[at].key && map->slots[at].key != key)
		at = (at + 1) & mask;
	return &map->slots[at];
}

static bool grow(struct lp_wait_map *map)
{
	struct lp_wait_map bigger = { .capacity = map->capacity ? map->capacity * 2
								: CAPACITY_FIRST };
	struct lp_wait_slot *old = map->slots;
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

uint64_t *cpython_wait_map_get(const struct lp_wait_map *map, uint64_t key)
{
	struct lp_wait_slot *slot;

	if (!key || !map->capacity)
		return NULL;
	slot = find(map, key);
	return slot->key ? &slot->value : NULL;
}

bool cpython_wait_map_put(struct lp_wait_map *map, uint64_t key, uint64_t value)
{
	struct lp_wait_slot *slot;

	if (!key || (map->count * 4 >= map->capacity * 3 && !grow(map)))
		return false;
	slot = find(map, key);
	map->count += !slot->key;
	slot->key = key;
	slot->value = value;
	return true;
}

void cpython_wait_map_free(struct lp_wait_map *map)
{
	free(map->slots);
	*map = (struct lp_wait_map){ 0 };
}
