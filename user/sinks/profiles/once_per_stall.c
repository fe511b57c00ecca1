// SPDX-License-Identifier: BSD-2-Clause
#include "once_per_stall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Stalls in progress whose end was not told: one a loop, and those whose end was lost. */
#define HELD_MAX 4096
#define CHUNK_BYTES 4096

struct chunk {
	struct chunk *next;
	size_t used, room;
	_Alignas(16) unsigned char bytes[];
};

/* A copy with all that it points at, in chunks of its own. */
struct lp_held {
	struct lp_held *next;
	struct chunk *chunks;
	bool failed; /* no memory: the copy is not whole */
	struct lp_told_stall stall;
};

static void *held_alloc(struct lp_held *held, size_t size)
{
	struct chunk *chunk = held->chunks;
	size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
	void *bytes;

	size = (size + 15) / 16 * 16;
	if (!chunk || chunk->room - chunk->used < size) {
		room = (room + 15) / 16 * 16;
		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk) {
			held->failed = true;
			return NULL;
		}
		*chunk = (struct chunk){ .next = held->chunks, .room = room };
		held->chunks = chunk;
	}
	bytes = chunk->bytes + chunk->used;
	chunk->used += size;
	return bytes;
}

static void *held_copy(struct lp_held *held, const void *from, size_t size)
{
	void *copy = from && size ? held_alloc(held, size) : NULL;

	return copy ? memcpy(copy, from, size) : NULL;
}

static char *held_text(struct lp_held *held, const char *text)
{
	return text ? held_copy(held, text, strlen(text) + 1) : NULL;
}

static void held_stack(struct lp_held *held, struct lp_stack *stack)
{
	const struct lp_shown_frame **frames =
		held_copy(held, stack->frames, stack->depth * sizeof(*stack->frames));
	uint32_t i;

	for (i = 0; frames && i < stack->depth; i++) {
		struct lp_shown_frame *frame = held_copy(held, frames[i], sizeof(*frame));

		frames[i] = frame;
		if (!frame)
			return;
		frame->function = held_text(held, frame->function);
		frame->file = held_text(held, frame->file);
	}
	stack->frames = frames;
	if (!frames)
		stack->depth = 0;
}

static void held_reasons(struct lp_held *held, struct lp_reasons *reasons)
{
	size_t i;

	reasons->blocked = held_copy(held, reasons->blocked,
				     reasons->blocked_count * sizeof(*reasons->blocked));
	reasons->samples = held_copy(held, reasons->samples,
				     reasons->sample_count * sizeof(*reasons->samples));
	for (i = 0; reasons->blocked && i < reasons->blocked_count; i++)
		held_stack(held, &reasons->blocked[i].stack);
	for (i = 0; reasons->samples && i < reasons->sample_count; i++)
		held_stack(held, &reasons->samples[i].stack);
	held_stack(held, &reasons->gil.stack);
	held_stack(held, &reasons->await_chain);
}

static void hold_slow(struct lp_held *held, const struct lp_slow *slow)
{
	struct lp_slow *copy = held_copy(held, slow, sizeof(*slow));

	if (!copy)
		return;
	copy->loop = held_copy(held, slow->loop, sizeof(*slow->loop));
	copy->callback = held_copy(held, slow->callback, sizeof(*slow->callback));
	held_reasons(held, &copy->reasons);
	if (copy->callback)
		held->stall = stall_of_slow(copy);
}

static void hold_iteration(struct lp_held *held, const struct lp_slow_iteration *iteration)
{
	struct lp_slow_iteration *copy = held_copy(held, iteration, sizeof(*iteration));
	size_t i;

	if (!copy)
		return;
	copy->loop = held_copy(held, iteration->loop, sizeof(*iteration->loop));
	for (i = 0; i < copy->top_count; i++)
		copy->top[i].callback = held_copy(held, iteration->top[i].callback,
						  sizeof(*iteration->top[i].callback));
	held_reasons(held, &copy->reasons);
	held->stall = stall_of_iteration(copy);
}

static void held_free(struct lp_held *held)
{
	while (held->chunks) {
		struct chunk *chunk = held->chunks;

		held->chunks = chunk->next;
		free(chunk);
	}
	free(held);
}

static uint32_t loop_id(const struct lp_told_stall *stall)
{
	return stall->loop ? stall->loop->id : 0;
}

static bool same_stall(const struct lp_told_stall *one, const struct lp_told_stall *other)
{
	return one->start_ns == other->start_ns && loop_id(one) == loop_id(other) &&
	       !one->slow == !other->slow;
}

/* Takes a held stall out of the list; NULL if it is not there. */
static struct lp_held *take_held(struct lp_stalls_told *told, const struct lp_told_stall *stall)
{
	struct lp_held **link = &told->first, *before = NULL, *held;

	for (; *link; before = *link, link = &(*link)->next)
		if (same_stall(&(*link)->stall, stall))
			break;
	held = *link;
	if (!held)
		return NULL;
	*link = held->next;
	if (told->last == held)
		told->last = before;
	told->count--;
	return held;
}

static void tell_first(struct lp_stalls_told *told)
{
	struct lp_held *held = told->first;

	told->tell(told->context, &held->stall);
	held_free(take_held(told, &held->stall));
}

static int hold(struct lp_stalls_told *told, const struct lp_told_stall *stall)
{
	struct lp_held *held = calloc(1, sizeof(*held));

	if (!held)
		return -ENOMEM;
	if (stall->slow)
		hold_slow(held, stall->slow);
	else
		hold_iteration(held, stall->iteration);
	if (held->failed) {
		held_free(held);
		return -ENOMEM;
	}
	if (told->count == HELD_MAX)
		tell_first(told);
	if (told->last)
		told->last->next = held;
	else
		told->first = held;
	told->last = held;
	told->count++;
	return 0;
}

static int take_stall(struct lp_stalls_told *told, const struct lp_told_stall *stall)
{
	struct lp_held *before = take_held(told, stall);

	if (before)
		held_free(before);
	if (stall->in_progress)
		return hold(told, stall);
	told->tell(told->context, stall);
	return 0;
}

void stalls_told_start(struct lp_stalls_told *told, lp_stall_teller tell, void *context)
{
	*told = (struct lp_stalls_told){ .tell = tell, .context = context };
}

int stalls_told_slow(struct lp_stalls_told *told, const struct lp_slow *slow)
{
	struct lp_told_stall stall = stall_of_slow(slow);

	return take_stall(told, &stall);
}

int stalls_told_iteration(struct lp_stalls_told *told, const struct lp_slow_iteration *iteration)
{
	struct lp_told_stall stall = stall_of_iteration(iteration);

	return take_stall(told, &stall);
}

void stalls_told_end(struct lp_stalls_told *told)
{
	while (told->first)
		tell_first(told);
}

void stalls_told_free(struct lp_stalls_told *told)
{
	while (told->first)
		held_free(take_held(told, &told->first->stall));
}
