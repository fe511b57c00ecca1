// SPDX-License-Identifier: BSD-2-Clause
#include "frames.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_LEAST 256

struct frame_place {
	struct frame_place *next;
	struct lp_raw_frame raw;
	const char *name; /* part of the key by its address, not its text */
	bool known;
	struct lp_shown_frame shown;
};

struct lp_task_frames {
	const struct lp_instance *instance;
	size_t count;
	size_t buckets; /* number of buckets, a power of two */
	struct frame_place **places;
};

struct lp_task_frames *task_frames_new(const struct lp_instance *instance)
{
	struct lp_task_frames *frames = calloc(1, sizeof(*frames));

	if (!frames)
		return NULL;
	frames->instance = instance;
	frames->buckets = BUCKETS_LEAST;
	frames->places = calloc(frames->buckets, sizeof(struct frame_place *));
	if (!frames->places) {
		free(frames);
		return NULL;
	}
	return frames;
}

void task_frames_free(struct lp_task_frames *frames)
{
	size_t i;

	if (!frames)
		return;
	for (i = 0; i < frames->buckets; i++)
		while (frames->places[i]) {
			struct frame_place *place = frames->places[i];

			frames->places[i] = place->next;
			free(place->shown.function);
			free(place->shown.file);
			free(place);
		}
	free(frames->places);
	free(frames);
}

static size_t bucket_of(const struct lp_task_frames *frames, const struct lp_raw_frame *raw,
			const char *name)
{
	uint64_t hash = raw->code ^ (uintptr_t)name;

	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ULL + raw->instruction;
	hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ULL;
	return (hash ^ hash >> 32) & (frames->buckets - 1);
}

/* Enlarges the hash table.  Without memory for that, lookups become slower. */
static void grow(struct lp_task_frames *frames)
{
	size_t i, buckets = frames->buckets;
	struct frame_place **old = frames->places, **places = calloc(buckets * 2, sizeof(*places));

	if (!places)
		return;
	frames->places = places;
	frames->buckets = buckets * 2;
	for (i = 0; i < buckets; i++)
		while (old[i]) {
			struct frame_place *place = old[i];
			size_t at = bucket_of(frames, &place->raw, place->name);

			old[i] = place->next;
			place->next = places[at];
			places[at] = place;
		}
	free(old);
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
		.line = frame.line,
		.function = strdup(place->name && *place->name ? place->name : frame.function),
		.file = strdup(frame.file),
	};
	place->known = place->shown.function && place->shown.file;
}

const struct lp_shown_frame *task_frames_find(struct lp_task_frames *frames,
					      const struct lp_raw_frame *raw, const char *name)
{
	size_t at = bucket_of(frames, raw, name);
	struct frame_place *place;

	if (!raw->code)
		return NULL;
	for (place = frames->places[at]; place; place = place->next)
		if (place->raw.code == raw->code && place->raw.instruction == raw->instruction &&
		    place->name == name)
			return place->known ? &place->shown : NULL;
	if (frames->count >= frames->buckets)
		grow(frames);
	place = calloc(1, sizeof(*place));
	if (!place)
		return NULL;
	place->raw = *raw;
	place->name = name;
	describe(frames, place);
	at = bucket_of(frames, raw, name);
	place->next = frames->places[at];
	frames->places[at] = place;
	frames->count++;
	return place->known ? &place->shown : NULL;
}

bool frame_is_library(const struct lp_shown_frame *frame)
{
	const char *at = frame->file;

	if (!strncmp(at, "<frozen ", strlen("<frozen ")))
		return true;
	if (strstr(at, "/site-packages/") || strstr(at, "/dist-packages/"))
		return false;
	/* /usr/lib/python3.11/threading.py, or python311.zip/ */
	while ((at = strstr(at, "/python"))) {
		at += strlen("/python");
		if (!isdigit((unsigned char)*at))
			continue;
		at += strspn(at, "0123456789.");
		at += *at == 't'; /* the directory of a free-threaded build: python3.13t */
		if (*at == '/' || !strncmp(at, "zip/", 4))
			return true;
	}
	return false;
}
