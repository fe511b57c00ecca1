/* SPDX-License-Identifier: BSD-2-Clause */
/* A bounded map from addresses, or other numbers except 0, to numbers. */
#ifndef LP_RUNTIME_CPYTHON_WAITS_ADDRESS_MAP_H
#define LP_RUNTIME_CPYTHON_WAITS_ADDRESS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lp_wait_slot {
	uint64_t key; /* 0: free */
	uint64_t value;
};

/* Empty when all bytes are 0. */
struct lp_wait_map {
	size_t count;
	size_t capacity; /* a power of two */
	struct lp_wait_slot *slots;
};

/* Returns the address of a key's value, valid until the next put; NULL: the map lacks the key. */
uint64_t *cpython_wait_map_get(const struct lp_wait_map *map, uint64_t key);
/* Sets a key's value.  False: the map is full, out of memory, or the key is 0. */
bool cpython_wait_map_put(struct lp_wait_map *map, uint64_t key, uint64_t value);
void cpython_wait_map_free(struct lp_wait_map *map);

#endif /* LP_RUNTIME_CPYTHON_WAITS_ADDRESS_MAP_H */
