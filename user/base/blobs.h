/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values that are held once and have numbers from 1 on: strings, frames, stacks.
 * What found no room has the number 0, as what is not there.
 */
#ifndef LP_BASE_BLOBS_H
#define LP_BASE_BLOBS_H

#include <stddef.h>
#include <stdint.h>

struct lp_blobs {
	uint32_t count; /* the numbers are 1 to count */
	uint64_t dropped; /* values that found no room */

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

/* Empty, with these limits; nothing is allocated. */
void blobs_init(struct lp_blobs *blobs, uint32_t count_max, size_t bytes_max);
void blobs_free(struct lp_blobs *blobs);

/* The number of a value, which is copied; 0 if there is no room (or no memory). */
uint32_t blobs_add(struct lp_blobs *blobs, const void *data, size_t size);

/*
 * The value of a number, aligned for anything, as long as nothing is added; NULL if it is
 * 0.  size may be NULL.
 */
const void *blobs_get(const struct lp_blobs *blobs, uint32_t number, size_t *size);

#endif /* LP_BASE_BLOBS_H */
