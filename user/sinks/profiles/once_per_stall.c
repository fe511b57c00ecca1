// SPDX-License-Identifier: BSD-2-Clause
#include "once_per_stall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Limit of stalls whose end was not reported; over it the oldest one is reported as it is. */
#define HELD_MAX 4096
#define CHUNK_BYTES 4096

struct stall_chunk {
	struct stall_chunk *next;
	size_t used, capacity;
	_Alignas(16) unsigned char bytes[];
};

/* A deep copy of a stall in progress, in chunks that it owns. */
struct lp_held {
	struct lp_held *next;
	struct stall_chunk *chunks;
	bool failed; /* out of memory: the copy is incomplete */
	struct lp_stall stall;
};

static void *held_alloc(struct lp_held *held, size_t size)
{
	struct stall_chunk *chunk = held->chunks;
	size_t capacity = size > CHUNK_BYTES ? size : CHUNK_BYTES;
	void *bytes;

	size = (size + 15) / 16 * 16;
	if (!chunk || chunk->capacity - chunk->used < size) {
		capacity = (capacity + 15) / 16 * 16;
		chunk = malloc(sizeof(*chunk) + capacity);
		if (!chunk) {
			held->failed = true;
			return NULL;
		}
		*chunk = (struct stall_chunk){ .next = held->chunks, .capacity = capacity };
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

static const struct lp_shown_frame *held_frame(struct lp_held *held,
					       const struct lp_shown_frame *frame)
{
	struct lp_shown_frame *copy = held_copy(held, frame, sizeof(*frame));

	if (!copy)
		return NULL;
	copy->function = held_text(held, frame->function);
	copy->file = held_text(held, frame->file);
	return copy;
}

static void held_stack(struct lp_held *held, struct lp_stack *stack)
{
	const struct lp_shown_frame **frames =
		held_copy(held, stack->frames, stack->depth * sizeof(*stack->frames));
	uint32_t i;

	for (i = 0; frames && i < stack->depth; i++) {
		frames[i] = held_frame(held, frames[i]);
		if (!frames[i])
			return;
	}
	stack->frames = frames;
	if (!frames)
		stack->depth = 0;
}

static void held_breakdown(struct lp_held *held, struct lp_breakdown *breakdown)
{
	size_t i;

	breakdown->blocked = held_copy(held, breakdown->blocked,
				       breakdown->blocked_count * sizeof(*breakdown->blocked));
	breakdown->samples = held_copy(held, breakdown->samples,
				       breakdown->sample_count * sizeof(*breakdown->samples));
	for (i = 0; breakdown->blocked && i < breakdown->blocked_count; i++)
		held_stack(held, &breakdown->blocked[i].stack);
	for (i = 0; breakdown->samples && i < breakdown->sample_count; i++)
		held_stack(held, &breakdown->samples[i].stack);
	held_stack(held, &breakdown->gil.stack);
	held_stack(held, &breakdown->holder.stack);
	/* profiles do not have it */
	breakdown->end = NULL;
	held_stack(held, &breakdown->await_chain);
}

static void hold_slow(struct lp_held *held, const struct lp_slow_callback *slow)
{
	struct lp_slow_callback *copy = held_copy(held, slow, sizeof(*slow));

	if (!copy)
		return;
	copy->loop = held_copy(held, slow->loop, sizeof(*slow->loop));
	copy->callback = held_copy(held, slow->callback, sizeof(*slow->callback));
	copy->handler = held_frame(held, slow->handler);
	copy->own = held_frame(held, slow->own);
	copy->package_call = held_frame(held, slow->package_call);
	copy->eager = held_copy(held, slow->eager, sizeof(*slow->eager));
	held_breakdown(held, &copy->breakdown);
	if (copy->callback)
		held->stall = stall_parts_of_slow(copy);
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
	held_breakdown(held, &copy->breakdown);
	held->stall = stall_parts_of_iteration(copy);
}

static void held_free(struct lp_held *held)
{
	while (held->chunks) {
		struct stall_chunk *chunk = held->chunks;

		held->chunks = chunk->next;
		free(chunk);
	}
	free(held);
}

static uint32_t loop_id(const struct lp_stall *stall)
{
	return stall->loop ? stall->loop->id : 0;
}

static bool same_stall(const struct lp_stall *one, const struct lp_stall *other)
{
	return one->start_ns == other->start_ns && loop_id(one) == loop_id(other) &&
	       !one->slow == !other->slow;
}

/* Removes the copy of a stall from the list and returns it, to be freed; NULL: there is none. */
static struct lp_held *take_held(struct lp_once_per_stall *once, const struct lp_stall *stall)
{
	struct lp_held **link = &once->first, *before = NULL, *held;

	for (; *link; before = *link, link = &(*link)->next)
		if (same_stall(&(*link)->stall, stall))
			break;
	held = *link;
	if (!held)
		return NULL;
	*link = held->next;
	if (once->last == held)
		once->last = before;
	once->count--;
	return held;
}

static void report_first(struct lp_once_per_stall *once)
{
	struct lp_held *held = once->first;

	once->report(once->context, &held->stall);
	held_free(take_held(once, &held->stall));
}

static int hold(struct lp_once_per_stall *once, const struct lp_stall *stall)
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
	if (once->count == HELD_MAX)
		report_first(once);
	if (once->last)
		once->last->next = held;
	else
		once->first = held;
	once->last = held;
	once->count++;
	return 0;
}

static int take_stall(struct lp_once_per_stall *once, const struct lp_stall *stall)
{
	struct lp_held *before = take_held(once, stall);

	if (before)
		held_free(before);
	if (stall->in_progress)
		return hold(once, stall);
	once->report(once->context, stall);
	return 0;
}

void once_per_stall_start(struct lp_once_per_stall *once, lp_stall_handler report, void *context)
{
	*once = (struct lp_once_per_stall){ .report = report, .context = context };
}

int once_per_stall_slow(struct lp_once_per_stall *once, const struct lp_slow_callback *slow)
{
	struct lp_stall stall = stall_parts_of_slow(slow);

	return take_stall(once, &stall);
}

int once_per_stall_iteration(struct lp_once_per_stall *once,
			     const struct lp_slow_iteration *iteration)
{
	struct lp_stall stall = stall_parts_of_iteration(iteration);

	return take_stall(once, &stall);
}

void once_per_stall_end(struct lp_once_per_stall *once)
{
	while (once->first)
		report_first(once);
}

void once_per_stall_free(struct lp_once_per_stall *once)
{
	while (once->first)
		held_free(take_held(once, &once->first->stall));
}
