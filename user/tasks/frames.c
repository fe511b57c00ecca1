// SPDX-License-Identifier: BSD-2-Clause
#include "frames.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/text.h"
#include "model/own_frames.h"

#include <stdlib.h>
#include <string.h>

/* Frames of a stack that are considered, from the innermost one. */
#define OWN_FRAMES 256

struct frame_place {
	struct lp_raw_frame raw;
	const char *name; /* part of the key by its address, not its text */
	bool known;
	struct lp_shown_frame shown;
};

struct lp_task_frames {
	const struct lp_instance *instance;
	struct lp_map places; /* struct frame_place, by raw and name */
};

struct lp_task_frames *task_frames_new(const struct lp_instance *instance)
{
	struct lp_task_frames *frames = calloc(1, sizeof(*frames));

	if (frames)
		frames->instance = instance;
	return frames;
}

static void free_place(void *entry)
{
	struct frame_place *place = entry;

	free(place->shown.function);
	free(place->shown.file);
	free(place);
}

void task_frames_free(struct lp_task_frames *frames)
{
	if (!frames)
		return;
	map_free_entries(&frames->places, free_place);
	free(frames);
}

static uint64_t hash_of(const struct frame_place *place)
{
	struct lp_hash hash = hash_begin();

	hash_number(&hash, place->raw.code);
	hash_number(&hash, place->raw.instruction);
	hash_number(&hash, (uintptr_t)place->name);
	return hash_end(&hash);
}

static bool same(const void *entry, const void *key)
{
	const struct frame_place *place = entry, *wanted = key;

	return place->raw.code == wanted->raw.code &&
	       place->raw.instruction == wanted->raw.instruction && place->name == wanted->name;
}

static void describe(const struct lp_task_frames *frames, struct frame_place *place)
{
	const struct lp_instance *instance = frames->instance;
	struct lp_frame frame = { 0 };

	if (!instance->runtime->describe(instance, &place->raw, 1, &frame))
		return;
	text_sanitise(frame.function);
	text_sanitise(frame.file);
	place->shown = (struct lp_shown_frame){
		.kind = frame.kind,
		.coroutine = frame.coroutine,
		.generated = frame.generated,
		.line = frame.line,
		.function = strdup(place->name && *place->name ? place->name : frame.function),
		.file = strdup(frame.file),
	};
	place->known = place->shown.function && place->shown.file;
}

const struct lp_shown_frame *task_frames_find(struct lp_task_frames *frames,
					      const struct lp_raw_frame *raw, const char *name)
{
	const struct frame_place wanted = { .raw = *raw, .name = name };
	uint64_t hash = hash_of(&wanted);
	struct frame_place *place;

	if (!raw->code)
		return NULL;
	place = map_find(&frames->places, hash, same, &wanted);
	if (place)
		return place->known ? &place->shown : NULL;
	place = malloc(sizeof(*place));
	if (!place)
		return NULL;
	*place = wanted;
	describe(frames, place);
	if (!map_add(&frames->places, hash, place)) {
		free_place(place);
		return NULL;
	}
	return place->known ? &place->shown : NULL;
}

const struct lp_shown_frame *task_frames_own(struct lp_task_frames *frames,
					     const struct lp_raw_frame *raw, size_t count)
{
	const struct lp_shown_frame *shown[OWN_FRAMES] = { NULL };
	size_t own, i;

	if (count > OWN_FRAMES)
		count = OWN_FRAMES;
	for (i = 0; i < count; i++)
		shown[i] = task_frames_find(frames, &raw[i], NULL);
	own = own_frames_innermost(shown, count);
	return own < count ? shown[own] : NULL;
}

bool task_frames_same_line(const struct lp_shown_frame *one, const struct lp_shown_frame *other)
{
	if (one == other || !one || !other)
		return one == other;
	return one->line == other->line && !strcmp(one->function, other->function) &&
	       !strcmp(one->file, other->file);
}
