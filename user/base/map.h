/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded map: from addresses, or other numbers except 0, to numbers or pointers, or from keys of
 * several members to the entries that contain them. Keys may come from a target: their place in
 * the map depends on a secret of this process, and so does the order of the values.
 */
#ifndef LP_BASE_MAP_H
#define LP_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lp_map_slot {
	uint64_t key; /* 0: free */
	uint64_t value;
};

/* Empty when all bytes are 0. */
struct lp_map {
	size_t count;
	size_t capacity; /* a power of two */
	struct lp_map_slot *slots;
};

/* Returns the address of a key's value, valid until the next put; NULL: the map lacks the key. */
uint64_t *map_get(const struct lp_map *map, uint64_t key);
/* Sets a key's value.  False: the map is full, out of memory, or the key is 0. */
bool map_put(struct lp_map *map, uint64_t key, uint64_t value);
/* Removes a key, if the map has it. */
void map_remove(struct lp_map *map, uint64_t key);
/* Returns the address of the next value, in no order; NULL after the last.  *at: 0 at first. */
uint64_t *map_next(const struct lp_map *map, size_t *at);
/*
 * Removes the value that map_next() has returned last. A value that was not returned before is
 * returned later; one that was may be returned again.
 */
void map_remove_last(struct lp_map *map, size_t *at);
/* Frees the slots, not what the values may point to, and leaves an empty map. */
void map_free(struct lp_map *map);

/* The same for values that are pointers; NULL: the map lacks the key, or there is no next one. */
static inline void *map_pointer(const struct lp_map *map, uint64_t key)
{
	const uint64_t *value = map_get(map, key);

	return value ? (void *)(uintptr_t)*value : NULL;
}

static inline void *map_next_pointer(const struct lp_map *map, size_t *at)
{
	const uint64_t *value = map_next(map, at);

	return value ? (void *)(uintptr_t)*value : NULL;
}

/*
 * The same for entries that contain their key. `hash` is that of the key, of base/hash.h; several
 * entries may have the same one. A map has either such entries or the keys above.
 */
typedef bool (*lp_map_match)(const void *entry, const void *key);

/* Returns the entry with this key; NULL: the map lacks it. */
void *map_find(const struct lp_map *map, uint64_t hash, lp_map_match match, const void *key);
/* Adds an entry whose key the map lacks.  False: the map is full, or out of memory. */
bool map_add(struct lp_map *map, uint64_t hash, void *entry);
/* Removes an entry, if the map has it; the caller still owns it. */
void map_remove_entry(struct lp_map *map, uint64_t hash, const void *entry);
/* Frees all entries with this function, and leaves an empty map. */
void map_free_entries(struct lp_map *map, void (*free_entry)(void *entry));

#endif /* LP_BASE_MAP_H */
