/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interned values with numbers from 1 on: strings, frames, stacks. The number 0 means that there
 * is no value, or that it was dropped for lack of space.
 */
#ifndef LP_BASE_BLOBS_H
#define LP_BASE_BLOBS_H

#include <stddef.h>
#include <stdint.h>

struct lp_blobs {
	uint32_t count; /* the numbers are 1 to count */
	uint64_t dropped; /* values that were dropped for lack of space */

	/* Private to blobs.c. */
	uint32_t count_max;
	size_t bytes_max;
	char *bytes;
	size_t used, capacity;
	struct lp_blob *items;
	uint32_t item_capacity;
	uint32_t *slots; /* of the hash table: numbers */
	uint32_t slot_count;
};

/* Initialises an empty set with these limits; nothing is allocated. */
void blobs_init(struct lp_blobs *blobs, uint32_t count_max, size_t bytes_max);
void blobs_free(struct lp_blobs *blobs);

/* Returns the number of a value, which is copied; 0 if there is no space or no memory. */
uint32_t blobs_add(struct lp_blobs *blobs, const void *data, size_t size);

/*
 * Returns the value of a number, or NULL for 0. It is aligned for any type, and valid until
 * another one is added. size may be NULL.
 */
const void *blobs_get(const struct lp_blobs *blobs, uint32_t number, size_t *size);

#endif /* LP_BASE_BLOBS_H */
