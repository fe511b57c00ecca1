/* SPDX-License-Identifier: BSD-2-Clause */
/* From addresses (or other numbers but 0) to numbers; bounded. */
#ifndef LP_RUNTIME_CPYTHON_WAITS_ADDRESS_MAP_H
#define LP_RUNTIME_CPYTHON_WAITS_ADDRESS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lp_wait_slot {
	uint64_t key; /* 0: free */
	uint64_t value;
};

/* All zero: an empty one. */
struct lp_wait_map {
	size_t count;
	size_t capacity; /* a power of two */
	struct lp_wait_slot *slots;
};

/* The value's place, until the next put; NULL: not in there. */
uint64_t *cpython_wait_map_get(const struct lp_wait_map *map, uint64_t key);
/* False: it is full, memory is short, or the key is 0. */
bool cpython_wait_map_put(struct lp_wait_map *map, uint64_t key, uint64_t value);
void cpython_wait_map_free(struct lp_wait_map *map);

#endif /* LP_RUNTIME_CPYTHON_WAITS_ADDRESS_MAP_H */
