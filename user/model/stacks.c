// SPDX-License-Identifier: BSD-2-Clause
#include "stacks.h"

#include "wire/resource_text.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORTED_BUCKETS 256
#define REPORTED_MAX 2048
/* The limit of lines of all sources; frames over it count as unreadable. */
#define PLACES_MAX 65536
#define PLACE_BUCKETS 4096

struct lp_source_line {
	struct lp_source_line *next;
	struct lp_shown_frame frame;
};

struct lp_source_lines {
	struct lp_source_line *buckets[PLACE_BUCKETS];
	size_t count;
};

struct lp_frames {
	struct lp_source_lines *places; /* not owned */
	const struct lp_shown_frame **items;
	size_t capacity;
};

struct lp_known_stacks {
	struct lp_known_stack *buckets[REPORTED_BUCKETS];
	size_t count;
};

struct lp_source_lines *source_lines_new(void)
{
	return calloc(1, sizeof(struct lp_source_lines));
}

static void free_place(struct lp_source_line *place)
{
	free(place->frame.function);
	free(place->frame.file);
	free(place);
}

void source_lines_free(struct lp_source_lines *places)
{
	struct lp_source_line *place;
	size_t i;

	for (i = 0; places && i < PLACE_BUCKETS; i++) {
		while ((place = places->buckets[i])) {
			places->buckets[i] = place->next;
			free_place(place);
		}
	}
	free(places);
}

struct lp_frames *frames_new(struct lp_source_lines *places)
{
	struct lp_frames *frames = calloc(1, sizeof(*frames));

	if (frames)
		frames->places = places;
	return frames;
}

void frames_free(struct lp_frames *frames)
{
	if (!frames)
		return;
	free(frames->items);
	free(frames);
}

static bool grow(struct lp_frames *frames, size_t wanted)
{
	const struct lp_shown_frame **grown;
	size_t capacity = frames->capacity ? frames->capacity : 256;

	while (capacity <= wanted)
		capacity *= 2;
	grown = realloc(frames->items, capacity * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + frames->capacity, 0, (capacity - frames->capacity) * sizeof(*grown));
	frames->items = grown;
	frames->capacity = capacity;
	return true;
}

static struct lp_source_line *make_place(const struct lp_event_frame *event)
{
	struct lp_source_line *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->frame.kind = (enum lp_frame_kind)event->kind;
	place->frame.coroutine = event->coroutine;
	place->frame.line = event->line;
	place->frame.function = strdup(event->function);
	place->frame.file = strdup(event->file);
	if (place->frame.function && place->frame.file)
		return place;
	free_place(place);
	return NULL;
}

static bool is_at(const struct lp_shown_frame *frame, const struct lp_event_frame *event)
{
	return frame->line == event->line && frame->kind == (enum lp_frame_kind)event->kind &&
	       frame->coroutine == (event->coroutine != 0) &&
	       !strcmp(frame->function, event->function) && !strcmp(frame->file, event->file);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * LP_HASH_PRIME;
	return hash;
}

/*
 * Returns the line of an event, adding it if needed; NULL over the limit or out of memory.  The
 * event's texts are sanitised in place.
 */
static const struct lp_shown_frame *find_place(struct lp_source_lines *places,
					       struct lp_event_frame *event)
{
	struct lp_source_line **bucket, *place;
	uint64_t hash;

	text_sanitise(event->function);
	text_sanitise(event->file);
	hash = hash_text(hash_text(LP_HASH_BASIS, event->function), event->file);
	hash = (hash ^ event->line) * LP_HASH_PRIME;
	bucket = &places->buckets[(hash ^ hash >> 32) % PLACE_BUCKETS];
	for (place = *bucket; place; place = place->next)
		if (is_at(&place->frame, event))
			return &place->frame;
	place = places->count < PLACES_MAX ? make_place(event) : NULL;
	if (!place)
		return NULL;
	place->next = *bucket;
	*bucket = place;
	places->count++;
	return &place->frame;
}

void frames_add(struct lp_frames *frames, const struct lp_event_frame *event)
{
	struct lp_event_frame cleaned;

	if (event->frame >= frames->capacity && !grow(frames, event->frame))
		return;
	/* a number keeps its first meaning */
	if (frames->items[event->frame])
		return;
	cleaned = *event;
	frames->items[event->frame] = find_place(frames->places, &cleaned);
}

const struct lp_shown_frame *frames_intern(struct lp_frames *frames, const char *function,
					   const char *file, uint32_t line)
{
	struct lp_event_frame event = { .line = line };

	snprintf(event.function, sizeof(event.function), "%s", function);
	snprintf(event.file, sizeof(event.file), "%s", file);
	return find_place(frames->places, &event);
}

const struct lp_shown_frame *frames_get(const struct lp_frames *frames, uint32_t number)
{
	return number < frames->capacity ? frames->items[number] : NULL;
}

bool stack_from_event(struct lp_stack *stack, const struct lp_frames *frames,
		      const struct lp_event_stack_sample *event)
{
	uint32_t i;

	memset(stack, 0, sizeof(*stack));
	stack->cut = event->flags & LP_STACK_CUT;
	stack->unreadable = event->flags & LP_STACK_UNREADABLE;
	if (!event->depth)
		return true;
	stack->frames = calloc(event->depth, sizeof(*stack->frames));
	if (!stack->frames)
		return false;
	for (i = 0; i < event->depth; i++) {
		const struct lp_shown_frame *frame = frames_get(frames, event->frames[i]);

		if (frame)
			stack->frames[stack->depth++] = frame;
		else
			stack->unreadable = true;
	}
	return true;
}

bool stack_copy(struct lp_stack *stack, const struct lp_stack *from)
{
	*stack = *from;
	stack->frames = NULL;
	if (!from->depth)
		return true;
	stack->frames = malloc(from->depth * sizeof(*stack->frames));
	if (!stack->frames) {
		stack->depth = 0;
		return false;
	}
	memcpy(stack->frames, from->frames, from->depth * sizeof(*stack->frames));
	return true;
}

bool stack_same(const struct lp_stack *left, const struct lp_stack *right)
{
	return left->depth == right->depth && left->cut == right->cut &&
	       left->unreadable == right->unreadable &&
	       (!left->depth ||
		!memcmp(left->frames, right->frames, left->depth * sizeof(*left->frames)));
}

void stack_clear(struct lp_stack *stack)
{
	free(stack->frames);
	memset(stack, 0, sizeof(*stack));
}

struct lp_known_stacks *known_stacks_new(void)
{
	return calloc(1, sizeof(struct lp_known_stacks));
}

static void forget_all(struct lp_known_stacks *table)
{
	struct lp_known_stack *known_stack;
	size_t i;

	for (i = 0; i < REPORTED_BUCKETS; i++) {
		while ((known_stack = table->buckets[i])) {
			table->buckets[i] = known_stack->next;
			stack_clear(&known_stack->stack);
			free(known_stack);
		}
	}
	table->count = 0;
}

void known_stacks_free(struct lp_known_stacks *table)
{
	if (!table)
		return;
	forget_all(table);
	free(table);
}

static struct lp_known_stack *find(const struct lp_known_stacks *table, uint64_t name, bool holder)
{
	struct lp_known_stack *known_stack = table->buckets[(name ^ name >> 17) % REPORTED_BUCKETS];

	while (known_stack && (known_stack->name != name || known_stack->holder != holder))
		known_stack = known_stack->next;
	return known_stack;
}

const struct lp_known_stack *known_stacks_find(const struct lp_known_stacks *table, uint64_t name,
					       bool holder)
{
	return find(table, name, holder);
}

void known_stacks_add(struct lp_known_stacks *table, const struct lp_frames *frames,
		      const struct lp_event_stack_sample *event)
{
	bool holder = event->reason == LP_SAMPLE_GIL_HOLDER;
	struct lp_known_stack *known_stack = find(table, event->stack, holder), **bucket;
	char target[LP_RESOURCE_TEXT_MAX];

	resource_text(&event->resource, target, sizeof(target));
	if (!known_stack) {
		if (table->count == REPORTED_MAX)
			forget_all(table);
		known_stack = calloc(1, sizeof(*known_stack));
		if (!known_stack)
			return;
		known_stack->name = event->stack;
		known_stack->holder = holder;
		text_copy(known_stack->target, sizeof(known_stack->target), target);
		bucket = &table->buckets[(event->stack ^ event->stack >> 17) % REPORTED_BUCKETS];
		known_stack->next = *bucket;
		*bucket = known_stack;
		table->count++;
	} else if (strcmp(known_stack->target, target) != 0) {
		known_stack->several = true;
	}
	/* a stack that could not be read must not replace one that could */
	if (event->depth || !known_stack->stack.depth) {
		stack_clear(&known_stack->stack);
		stack_from_event(&known_stack->stack, frames, event);
	}
	if (event->tid || !known_stack->tid)
		known_stack->tid = (pid_t)event->tid;
	if (event->thread[0])
		text_copy(known_stack->thread, sizeof(known_stack->thread), event->thread);
}
