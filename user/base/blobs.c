// SPDX-License-Identifier: BSD-2-Clause
#include "blobs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 8
#define FIRST_SLOTS 1024
#define FIRST_BYTES 65536
#define FNV_BASIS 14695981039346656037ULL
#define FNV_PRIME 1099511628211ULL

struct lp_blob {
	size_t at;
	uint32_t size;
	uint32_t hash;
};

void blobs_init(struct lp_blobs *blobs, uint32_t count_max, size_t bytes_max)
{
	*blobs = (struct lp_blobs){ .count_max = count_max, .bytes_max = bytes_max };
}

void blobs_free(struct lp_blobs *blobs)
{
	free(blobs->bytes);
	free(blobs->items);
	free(blobs->slots);
	blobs_init(blobs, blobs->count_max, blobs->bytes_max);
}

static uint32_t hash_of(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t hash = FNV_BASIS;
	size_t i;

	for (i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * FNV_PRIME;
	return (uint32_t)(hash ^ hash >> 32);
}

/* The slot that holds the value, or the empty one where it belongs. */
static uint32_t *slot_of(const struct lp_blobs *blobs, const void *data, size_t size, uint32_t hash)
{
	uint32_t at = hash & (blobs->slot_count - 1);

	for (;; at = (at + 1) & (blobs->slot_count - 1)) {
		const struct lp_blob *item;

		if (!blobs->slots[at])
			return &blobs->slots[at];
		item = &blobs->items[blobs->slots[at] - 1];
		if (item->hash == hash && item->size == size &&
		    (!size || !memcmp(blobs->bytes + item->at, data, size)))
			return &blobs->slots[at];
	}
}

/* Doubles the slots once half of them are used. */
static bool grow_slots(struct lp_blobs *blobs)
{
	uint32_t count = blobs->slot_count ? 2 * blobs->slot_count : FIRST_SLOTS, number, at;
	uint32_t *slots;

	if (blobs->slot_count && blobs->count < blobs->slot_count / 2)
		return true;
	slots = calloc(count, sizeof(*slots));
	if (!slots)
		return false;
	for (number = 1; number <= blobs->count; number++) {
		at = blobs->items[number - 1].hash & (count - 1);
		while (slots[at])
			at = (at + 1) & (count - 1);
		slots[at] = number;
	}
	free(blobs->slots);
	blobs->slots = slots;
	blobs->slot_count = count;
	return true;
}

static bool grow_items(struct lp_blobs *blobs)
{
	uint32_t capacity = blobs->item_capacity ? 2 * blobs->item_capacity : FIRST_SLOTS;
	struct lp_blob *grown;

	if (blobs->count < blobs->item_capacity)
		return true;
	grown = realloc(blobs->items, capacity * sizeof(*grown));
	if (!grown)
		return false;
	blobs->items = grown;
	blobs->item_capacity = capacity;
	return true;
}

static bool grow_bytes(struct lp_blobs *blobs, size_t size)
{
	size_t capacity = blobs->capacity ? blobs->capacity : FIRST_BYTES;
	char *grown;

	if (blobs->bytes && blobs->used + size <= blobs->capacity)
		return true;
	while (capacity < blobs->used + size)
		capacity *= 2;
	grown = realloc(blobs->bytes, capacity);
	if (!grown)
		return false;
	blobs->bytes = grown;
	blobs->capacity = capacity;
	return true;
}

uint32_t blobs_add(struct lp_blobs *blobs, const void *data, size_t size)
{
	size_t padded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	uint32_t hash = hash_of(data, size), known, *slot;

	known = blobs->slot_count ? *slot_of(blobs, data, size, hash) : 0;
	if (known)
		return known;
	if (blobs->count >= blobs->count_max || padded > blobs->bytes_max ||
	    blobs->used > blobs->bytes_max - padded || !grow_slots(blobs) || !grow_items(blobs) ||
	    !grow_bytes(blobs, padded)) {
		blobs->dropped++;
		return 0;
	}
	slot = slot_of(blobs, data, size, hash);
	blobs->items[blobs->count] =
		(struct lp_blob){ .at = blobs->used, .size = (uint32_t)size, .hash = hash };
	if (size)
		memcpy(blobs->bytes + blobs->used, data, size);
	blobs->used += padded;
	*slot = ++blobs->count;
	return *slot;
}

const void *blobs_get(const struct lp_blobs *blobs, uint32_t number, size_t *size)
{
	const struct lp_blob *item;

	if (size)
		*size = 0;
	if (!number || number > blobs->count)
		return NULL;
	item = &blobs->items[number - 1];
	if (size)
		*size = item->size;
	return blobs->bytes + item->at;
}
