// SPDX-License-Identifier: BSD-2-Clause
#include "stacks.h"

#include "wire/resource_text.h"
#include "base/array.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORTED_MAX 2048
/* The limit of lines of all sources; frames over it count as unreadable. */
#define PLACES_MAX 65536

struct lp_source_lines {
	struct lp_map lines; /* struct lp_shown_frame, by all of their members */
};

struct lp_frames {
	struct lp_source_lines *places; /* not owned */
	const struct lp_shown_frame **items;
	size_t capacity;
};

struct lp_known_stacks {
	struct lp_map stacks; /* struct lp_known_stack, by name and holder */
};

struct lp_source_lines *source_lines_new(void)
{
	return calloc(1, sizeof(struct lp_source_lines));
}

static void free_line(void *entry)
{
	struct lp_shown_frame *line = entry;

	free(line->function);
	free(line->file);
	free(line);
}

void source_lines_free(struct lp_source_lines *places)
{
	if (!places)
		return;
	map_free_entries(&places->lines, free_line);
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

/* Returns a new line of the table, or NULL if out of memory. */
static const struct lp_shown_frame *add_line(struct lp_source_lines *places, uint64_t hash,
					     const struct lp_event_frame *event)
{
	struct lp_shown_frame *line = calloc(1, sizeof(*line));

	if (!line)
		return NULL;
	line->kind = (enum lp_frame_kind)event->kind;
	line->coroutine = event->coroutine;
	line->generated = event->generated;
	line->line = event->line;
	line->function = strdup(event->function);
	line->file = strdup(event->file);
	if (line->function && line->file && map_add(&places->lines, hash, line))
		return line;
	free_line(line);
	return NULL;
}

static bool is_at(const void *entry, const void *key)
{
	const struct lp_shown_frame *frame = entry;
	const struct lp_event_frame *event = key;

	return frame->line == event->line && frame->kind == (enum lp_frame_kind)event->kind &&
	       frame->coroutine == (event->coroutine != 0) &&
	       frame->generated == (event->generated != 0) &&
	       !strcmp(frame->function, event->function) && !strcmp(frame->file, event->file);
}

static uint64_t hash_of(const struct lp_event_frame *event)
{
	struct lp_hash hash = hash_begin();

	hash_text(&hash, event->function);
	hash_text(&hash, event->file);
	hash_number(&hash, event->line);
	return hash_end(&hash);
}

/*
 * Returns the line of an event, adding it if needed; NULL over the limit or out of memory.  The
 * event's texts are sanitised in place.
 */
static const struct lp_shown_frame *find_place(struct lp_source_lines *places,
					       struct lp_event_frame *event)
{
	const struct lp_shown_frame *line;
	uint64_t hash;

	text_sanitise(event->function);
	text_sanitise(event->file);
	hash = hash_of(event);
	line = map_find(&places->lines, hash, is_at, event);
	if (line || places->lines.count >= PLACES_MAX)
		return line;
	return add_line(places, hash, event);
}

void frames_add(struct lp_frames *frames, const struct lp_event_frame *event)
{
	struct lp_event_frame cleaned;

	if (!ARRAY_RESERVE_ZEROED(frames->items, frames->capacity, event->frame + 1UL, 256))
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

int stacks_compare_frames(const struct lp_shown_frame *left, const struct lp_shown_frame *right)
{
	int order;

	if (!left || !right)
		return (left != NULL) - (right != NULL);
	order = strcmp(left->file, right->file);
	order = order ? order : (left->line > right->line) - (left->line < right->line);
	return order ? order : strcmp(left->function, right->function);
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

static void free_known_stack(void *entry)
{
	struct lp_known_stack *known_stack = entry;

	stack_clear(&known_stack->stack);
	free(known_stack);
}

void known_stacks_free(struct lp_known_stacks *table)
{
	if (!table)
		return;
	map_free_entries(&table->stacks, free_known_stack);
	free(table);
}

static uint64_t hash_of_name(uint64_t name, bool holder)
{
	struct lp_hash hash = hash_begin();

	hash_number(&hash, name);
	hash_number(&hash, holder);
	return hash_end(&hash);
}

static bool has_name(const void *entry, const void *key)
{
	const struct lp_known_stack *known_stack = entry, *wanted = key;

	return known_stack->name == wanted->name && known_stack->holder == wanted->holder;
}

static struct lp_known_stack *find(const struct lp_known_stacks *table, uint64_t name, bool holder)
{
	const struct lp_known_stack wanted = { .name = name, .holder = holder };

	return map_find(&table->stacks, hash_of_name(name, holder), has_name, &wanted);
}

/* Returns a new stack of the table, or NULL if out of memory. */
static struct lp_known_stack *add_stack(struct lp_known_stacks *table, uint64_t name, bool holder)
{
	struct lp_known_stack *known_stack;

	if (table->stacks.count == REPORTED_MAX)
		map_free_entries(&table->stacks, free_known_stack);
	known_stack = calloc(1, sizeof(*known_stack));
	if (!known_stack)
		return NULL;
	known_stack->name = name;
	known_stack->holder = holder;
	if (map_add(&table->stacks, hash_of_name(name, holder), known_stack))
		return known_stack;
	free(known_stack);
	return NULL;
}

const struct lp_known_stack *known_stacks_find(const struct lp_known_stacks *table, uint64_t name,
					       bool holder)
{
	return find(table, name, holder);
}

struct lp_sleep stack_sleep(const struct lp_resource *resource)
{
	struct lp_sleep sleep = { .kind = LP_SLEEP_NONE };

	if (resource->kind != LP_RESOURCE_SLEEP)
		return sleep;
	sleep.kind = resource->flags & LP_RESOURCE_UNTIL ? LP_SLEEP_UNTIL : LP_SLEEP_FOR;
	sleep.ns = resource->number;
	return sleep;
}

void known_stacks_add(struct lp_known_stacks *table, const struct lp_frames *frames,
		      const struct lp_event_stack_sample *event)
{
	bool holder = event->reason == LP_SAMPLE_GIL_HOLDER;
	struct lp_known_stack *known_stack = find(table, event->stack, holder);
	struct lp_sleep sleep = stack_sleep(&event->resource);
	char target[LP_RESOURCE_TEXT_MAX];

	resource_text(&event->resource, target, sizeof(target));
	if (!known_stack) {
		known_stack = add_stack(table, event->stack, holder);
		if (!known_stack)
			return;
		text_copy(known_stack->target, sizeof(known_stack->target), target);
		known_stack->sleep = sleep;
	} else if (sleep.kind == LP_SLEEP_FOR && (!*target || !known_stack->target[0])) {
		/* the file that is waited for is not found each time */
		if (*target)
			text_copy(known_stack->target, sizeof(known_stack->target), target);
	} else if (strcmp(known_stack->target, target) != 0) {
		known_stack->several = true;
	}
	if (sleep.kind == LP_SLEEP_FOR && sleep.ns < known_stack->sleep.ns)
		known_stack->sleep = sleep;
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
