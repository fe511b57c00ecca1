// SPDX-License-Identifier: BSD-2-Clause
#include "frame_numbers.h"

#include "base/hash.h"
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MAX 32768

struct lp_frame_number {
	struct lp_frame frame;
	int number;
};

struct lp_frame_numbers {
	struct lp_map numbers; /* struct lp_frame_number, by the frame */
};

struct lp_frame_numbers *frame_numbers_new(void)
{
	return calloc(1, sizeof(struct lp_frame_numbers));
}

void frame_numbers_free(struct lp_frame_numbers *places)
{
	if (!places)
		return;
	map_free_entries(&places->numbers, free);
	free(places);
}

static uint64_t hash_frame(const struct lp_frame *frame)
{
	struct lp_hash hash = hash_begin();

	hash_text(&hash, frame->function);
	hash_text(&hash, frame->file);
	hash_number(&hash, frame->line);
	return hash_end(&hash);
}

static bool has_frame(const void *entry, const void *key)
{
	const struct lp_frame *left = &((const struct lp_frame_number *)entry)->frame, *right = key;

	return left->kind == right->kind && left->line == right->line &&
	       left->coroutine == right->coroutine && left->generated == right->generated &&
	       !strcmp(left->function, right->function) && !strcmp(left->file, right->file);
}

int frame_numbers_get(struct lp_frame_numbers *places, const struct lp_frame *frame, bool *is_new)
{
	static const struct lp_frame unnamed = { .function = "?" };
	uint64_t hash = hash_frame(frame);
	struct lp_frame_number *place = map_find(&places->numbers, hash, has_frame, frame);

	*is_new = false;
	if (!place && places->numbers.count >= PLACES_MAX) {
		frame = &unnamed;
		hash = hash_frame(frame);
		place = map_find(&places->numbers, hash, has_frame, frame);
	}
	if (place)
		return place->number;
	place = calloc(1, sizeof(*place));
	if (!place)
		return -ENOMEM;
	place->frame = *frame;
	place->number = (int)places->numbers.count;
	if (!map_add(&places->numbers, hash, place)) {
		free(place);
		return -ENOMEM;
	}
	*is_new = true;
	return place->number;
}
