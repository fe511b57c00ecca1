// SPDX-License-Identifier: BSD-2-Clause
#include "intern.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 16
#define FIRST_PIECES 64
#define FIRST_BYTES 4096

struct intern_piece {
	size_t at; /* in bytes */
	size_t size;
	uint64_t hash;
};

struct lp_intern {
	uint32_t count, most, capacity; /* capacity: in pieces */
	size_t used, most_bytes, bytes_capacity;
	struct intern_piece *pieces;
	unsigned char *bytes;
	/* open addressing; number + 1, 0: empty; twice as many as the capacity */
	uint32_t *buckets;
};

struct lp_intern *intern_new(uint32_t most, size_t most_bytes)
{
	struct lp_intern *intern = calloc(1, sizeof(*intern));

	if (!intern)
		return NULL;
	intern->most = most;
	intern->most_bytes = most_bytes;
	return intern;
}

void intern_free(struct lp_intern *intern)
{
	if (!intern)
		return;
	free(intern->pieces);
	free(intern->bytes);
	free(intern->buckets);
	free(intern);
}

/* FNV-1a, as pieces are short; collisions only cost time. */
static uint64_t hash_of(const unsigned char *bytes, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	while (size--)
		hash = (hash ^ *bytes++) * 0x100000001b3ULL;
	return hash ^ hash >> 32;
}

/* The bucket that holds the piece, or the empty one where it belongs. */
static uint32_t *find(const struct lp_intern *intern, const void *bytes, size_t size, uint64_t hash)
{
	size_t mask = (size_t)intern->capacity * 2 - 1, at = hash & mask;

	while (intern->buckets[at]) {
		const struct intern_piece *piece = &intern->pieces[intern->buckets[at] - 1];

		if (piece->hash == hash && piece->size == size &&
		    (!size || !memcmp(intern->bytes + piece->at, bytes, size)))
			break;
		at = (at + 1) & mask;
	}
	return &intern->buckets[at];
}

static int grow_pieces(struct lp_intern *intern)
{
	uint32_t capacity = intern->capacity ? intern->capacity * 2 : FIRST_PIECES, number;
	struct intern_piece *pieces = realloc(intern->pieces, capacity * sizeof(*pieces));
	uint32_t *buckets;

	if (!pieces)
		return -ENOMEM;
	intern->pieces = pieces;
	buckets = calloc((size_t)capacity * 2, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	free(intern->buckets);
	intern->buckets = buckets;
	intern->capacity = capacity;
	for (number = 0; number < intern->count; number++) {
		const struct intern_piece *piece = &pieces[number];

		*find(intern, intern->bytes + piece->at, piece->size, piece->hash) = number + 1;
	}
	return 0;
}

static int grow_bytes(struct lp_intern *intern, size_t wanted)
{
	size_t capacity = intern->bytes_capacity ? intern->bytes_capacity : FIRST_BYTES;
	unsigned char *bytes;

	while (capacity < wanted)
		capacity *= 2;
	bytes = realloc(intern->bytes, capacity);
	if (!bytes)
		return -ENOMEM;
	intern->bytes = bytes;
	intern->bytes_capacity = capacity;
	return 0;
}

int intern_number(struct lp_intern *intern, const void *bytes, size_t size, uint32_t *number)
{
	size_t at = (intern->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	uint64_t hash = hash_of(bytes, size);
	uint32_t *bucket;
	int err;

	if (!intern->capacity && (err = grow_pieces(intern)))
		return err;
	bucket = find(intern, bytes, size, hash);
	if (*bucket) {
		*number = *bucket - 1;
		return 0;
	}
	if (intern->count >= intern->most || size > intern->most_bytes ||
	    at > intern->most_bytes - size)
		return -ENOSPC;
	if (at + size > intern->bytes_capacity && (err = grow_bytes(intern, at + size)))
		return err;
	if (intern->count == intern->capacity) {
		err = grow_pieces(intern);
		if (err)
			return err;
		bucket = find(intern, bytes, size, hash);
	}
	if (size)
		memcpy(intern->bytes + at, bytes, size);
	intern->pieces[intern->count] =
		(struct intern_piece){ .at = at, .size = size, .hash = hash };
	intern->used = at + size;
	*number = intern->count++;
	*bucket = intern->count;
	return 0;
}

const void *intern_piece(const struct lp_intern *intern, uint32_t number, size_t *size)
{
	if (size)
		*size = intern->pieces[number].size;
	return intern->bytes ? intern->bytes + intern->pieces[number].at : (const void *)"";
}

uint32_t intern_count(const struct lp_intern *intern)
{
	return intern->count;
}
