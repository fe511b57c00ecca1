// SPDX-License-Identifier: BSD-2-Clause
#include "intern.h"

#include "hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 16
#define FIRST_PIECES 64
#define FIRST_BYTES 4096

struct lp_intern_piece {
	size_t at; /* in bytes */
	uint32_t size;
	uint32_t hash;
};

void intern_init(struct lp_intern *intern, uint32_t most, size_t most_bytes)
{
	*intern = (struct lp_intern){ .most = most, .most_bytes = most_bytes };
}

void intern_free(struct lp_intern *intern)
{
	free(intern->pieces);
	free(intern->bytes);
	free(intern->buckets);
	intern_init(intern, intern->most, intern->most_bytes);
}

static uint32_t hash_of(const void *bytes, size_t size)
{
	struct lp_hash hash = hash_begin();

	hash_bytes(&hash, bytes, size);
	return (uint32_t)hash_end(&hash);
}

/* The bucket that holds the piece, or the empty one where it belongs. */
static uint32_t *find(const struct lp_intern *intern, const void *bytes, size_t size, uint32_t hash)
{
	size_t mask = (size_t)intern->capacity * 2 - 1, at = hash & mask;

	while (intern->buckets[at]) {
		const struct lp_intern_piece *piece = &intern->pieces[intern->buckets[at] - 1];

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
	struct lp_intern_piece *pieces = realloc(intern->pieces, capacity * sizeof(*pieces));
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
		const struct lp_intern_piece *piece = &pieces[number];

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

/* Returns 0, or why there is no space for a piece that begins at this offset. */
static int reserve(struct lp_intern *intern, size_t at, size_t size)
{
	int err = 0;

	if (intern->count >= intern->most || size > UINT32_MAX || size > intern->most_bytes ||
	    at > intern->most_bytes - size)
		return -ENOSPC;
	if (at + size > intern->bytes_capacity)
		err = grow_bytes(intern, at + size);
	if (!err && intern->count == intern->capacity)
		err = grow_pieces(intern);
	return err;
}

int intern_number(struct lp_intern *intern, const void *bytes, size_t size, uint32_t *number)
{
	size_t at = (intern->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	uint32_t hash = hash_of(bytes, size), *bucket;
	int err;

	bucket = intern->capacity ? find(intern, bytes, size, hash) : NULL;
	if (bucket && *bucket) {
		*number = *bucket - 1;
		return 0;
	}
	err = reserve(intern, at, size);
	if (err) {
		intern->dropped++;
		return err;
	}
	if (size)
		memcpy(intern->bytes + at, bytes, size);
	intern->pieces[intern->count] =
		(struct lp_intern_piece){ .at = at, .size = (uint32_t)size, .hash = hash };
	intern->used = at + size;
	*find(intern, bytes, size, hash) = intern->count + 1;
	*number = intern->count++;
	return 0;
}

const void *intern_piece(const struct lp_intern *intern, uint32_t number, size_t *size)
{
	if (size)
		*size = intern->pieces[number].size;
	return intern->bytes ? intern->bytes + intern->pieces[number].at : (const void *)"";
}

bool intern_is_crowded(const struct lp_intern *intern)
{
	return intern->count > intern->most / 2 || intern->used > intern->most_bytes / 2;
}
