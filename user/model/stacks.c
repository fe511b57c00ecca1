// SPDX-License-Identifier: BSD-2-Clause
#include "stacks.h"

#include "wire/resource_text.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLD_BUCKETS 256
#define TOLD_MAX 2048
/* More than any program has lines that wait: what comes later is not readable. */
#define PLACES_MAX 65536
#define PLACE_BUCKETS 4096

struct lp_place {
	struct lp_place *next;
	struct lp_shown_frame frame;
};

struct lp_places {
	struct lp_place *buckets[PLACE_BUCKETS];
	size_t count;
};

struct lp_frames {
	struct lp_places *places; /* the caller's */
	const struct lp_shown_frame **items;
	size_t room;
};

struct lp_told_table {
	struct lp_told *buckets[TOLD_BUCKETS];
	size_t count;
};

struct lp_places *frame_places_new(void)
{
	return calloc(1, sizeof(struct lp_places));
}

static void free_place(struct lp_place *place)
{
	free(place->frame.function);
	free(place->frame.file);
	free(place);
}

void frame_places_free(struct lp_places *places)
{
	struct lp_place *place;
	size_t i;

	for (i = 0; places && i < PLACE_BUCKETS; i++) {
		while ((place = places->buckets[i])) {
			places->buckets[i] = place->next;
			free_place(place);
		}
	}
	free(places);
}

struct lp_frames *frames_new(struct lp_places *places)
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
	size_t room = frames->room ? frames->room : 256;

	while (room <= wanted)
		room *= 2;
	grown = realloc(frames->items, room * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + frames->room, 0, (room - frames->room) * sizeof(*grown));
	frames->items = grown;
	frames->room = room;
	return true;
}

static struct lp_place *make_place(const struct lp_event_frame *event)
{
	struct lp_place *place = calloc(1, sizeof(*place));

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

/* The text is cleaned in place.  NULL if there is no room. */
static const struct lp_shown_frame *find_place(struct lp_places *places,
					       struct lp_event_frame *event)
{
	struct lp_place **bucket, *place;
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

	if (event->frame >= frames->room && !grow(frames, event->frame))
		return;
	/* stacks point at it: a number never comes to mean something else */
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
	return number < frames->room ? frames->items[number] : NULL;
}

bool stack_from_event(struct lp_stack *stack, const struct lp_frames *frames,
		      const struct lp_event_seen *event)
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

struct lp_told_table *told_new(void)
{
	return calloc(1, sizeof(struct lp_told_table));
}

static void forget_all(struct lp_told_table *table)
{
	struct lp_told *told;
	size_t i;

	for (i = 0; i < TOLD_BUCKETS; i++) {
		while ((told = table->buckets[i])) {
			table->buckets[i] = told->next;
			stack_clear(&told->stack);
			free(told);
		}
	}
	table->count = 0;
}

void told_free(struct lp_told_table *table)
{
	if (!table)
		return;
	forget_all(table);
	free(table);
}

static struct lp_told *find(const struct lp_told_table *table, uint64_t name, bool holder)
{
	struct lp_told *told = table->buckets[(name ^ name >> 17) % TOLD_BUCKETS];

	while (told && (told->name != name || told->holder != holder))
		told = told->next;
	return told;
}

const struct lp_told *told_find(const struct lp_told_table *table, uint64_t name, bool holder)
{
	return find(table, name, holder);
}

void told_add(struct lp_told_table *table, const struct lp_frames *frames,
	      const struct lp_event_seen *event)
{
	bool holder = event->seen == LP_SEEN_GIL_HOLDER;
	struct lp_told *told = find(table, event->stack, holder), **bucket;
	char target[LP_RESOURCE_TEXT_MAX];

	resource_text(&event->resource, target, sizeof(target));
	if (!told) {
		if (table->count == TOLD_MAX)
			forget_all(table);
		told = calloc(1, sizeof(*told));
		if (!told)
			return;
		told->name = event->stack;
		told->holder = holder;
		text_copy(told->target, sizeof(told->target), target);
		bucket = &table->buckets[(event->stack ^ event->stack >> 17) % TOLD_BUCKETS];
		told->next = *bucket;
		*bucket = told;
		table->count++;
	} else if (strcmp(told->target, target) != 0) {
		told->several = true;
	}
	/* one that was torn, or a thread that has just ended, says less than what was known */
	if (event->depth || !told->stack.depth) {
		stack_clear(&told->stack);
		stack_from_event(&told->stack, frames, event);
	}
	if (event->tid || !told->tid)
		told->tid = (pid_t)event->tid;
	if (event->thread[0])
		text_copy(told->thread, sizeof(told->thread), event->thread);
}
