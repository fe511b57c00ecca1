/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Distinct pieces of bytes (a string, a frame, a stack), numbered from 0 in the order of their
 * addition. Their number and size are limited, as a target may produce any number of them.
 */
#ifndef LP_BASE_INTERN_H
#define LP_BASE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lp_intern {
	uint32_t count; /* number of pieces: their numbers are less */
	uint64_t dropped; /* number of pieces that were not stored */

	/* Private to intern.c. */
	uint32_t most, capacity; /* capacity: in pieces */
	size_t used, most_bytes, bytes_capacity;
	struct lp_intern_piece *pieces;
	unsigned char *bytes;
	/* open addressing; number + 1, 0: empty; twice as many as the capacity */
	uint32_t *buckets;
};

/* Initialises an empty set of at most `most` pieces with `most_bytes` bytes in all. */
void intern_init(struct lp_intern *intern, uint32_t most, size_t most_bytes);
/* Frees the pieces, and leaves an empty set. */
void intern_free(struct lp_intern *intern);

/*
 * Stores the number of a piece, which is added if it is new. Returns 0, -ENOSPC if there is no
 * space for a new one, or -ENOMEM.
 */
int intern_number(struct lp_intern *intern, const void *bytes, size_t size, uint32_t *number);

/* Returns a piece by its number, aligned for any type, and valid until another one is added. */
const void *intern_piece(const struct lp_intern *intern, uint32_t number, size_t *size);

/* Returns whether more than half of the pieces or bytes that are allowed are in use. */
bool intern_is_crowded(const struct lp_intern *intern);

#endif /* LP_BASE_INTERN_H */
