// SPDX-License-Identifier: BSD-2-Clause
#include "frame_numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MAX 32768
#define BUCKETS 4096

struct lp_frame_number {
	struct lp_frame_number *next;
	uint64_t hash;
	struct lp_frame frame;
	int number;
};

struct lp_frame_numbers {
	struct lp_frame_number *buckets[BUCKETS];
	int count;
};

struct lp_frame_numbers *frame_numbers_new(void)
{
	return calloc(1, sizeof(struct lp_frame_numbers));
}

void frame_numbers_free(struct lp_frame_numbers *places)
{
	struct lp_frame_number *place;
	size_t i;

	if (!places)
		return;
	for (i = 0; i < BUCKETS; i++) {
		while ((place = places->buckets[i])) {
			places->buckets[i] = place->next;
			free(place);
		}
	}
	free(places);
}

/* FNV-1a */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
	return hash;
}

static uint64_t hash_frame(const struct lp_frame *frame)
{
	uint64_t hash = 14695981039346656037ULL ^ frame->line;

	hash = hash_text(hash * 1099511628211ULL, frame->function);
	return hash_text(hash ^ (uint64_t)frame->kind, frame->file);
}

static bool same(const struct lp_frame *left, const struct lp_frame *right)
{
	return left->kind == right->kind && left->line == right->line &&
	       left->coroutine == right->coroutine && !strcmp(left->function, right->function) &&
	       !strcmp(left->file, right->file);
}

static struct lp_frame_number *find(const struct lp_frame_numbers *places,
				    const struct lp_frame *frame, uint64_t hash)
{
	struct lp_frame_number *place = places->buckets[hash % BUCKETS];

	while (place && (place->hash != hash || !same(&place->frame, frame)))
		place = place->next;
	return place;
}

int frame_numbers_get(struct lp_frame_numbers *places, const struct lp_frame *frame, bool *is_new)
{
	static const struct lp_frame unnamed = { .function = "?" };
	uint64_t hash = hash_frame(frame);
	struct lp_frame_number *place = find(places, frame, hash), **bucket;

	*is_new = false;
	if (!place && places->count >= PLACES_MAX) {
		frame = &unnamed;
		hash = hash_frame(frame);
		place = find(places, frame, hash);
	}
	if (place)
		return place->number;
	place = calloc(1, sizeof(*place));
	if (!place)
		return -ENOMEM;
	bucket = &places->buckets[hash % BUCKETS];
	place->hash = hash;
	place->frame = *frame;
	place->number = places->count++;
	place->next = *bucket;
	*bucket = place;
	*is_new = true;
	return place->number;
}
