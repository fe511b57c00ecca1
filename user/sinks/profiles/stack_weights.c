// SPDX-License-Identifier: BSD-2-Clause
#include "stack_weights.h"

#include "base/array.h"
#include "base/log.h"
#include "base/intern.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS_MAX (1 << 16)
#define TEXT_BYTES_MAX (8 << 20)
#define FRAMES_MAX (1 << 16)
#define STACKS_MAX (1 << 16)
#define STACK_BYTES_MAX (16 << 20)

/* Numbers of the empty text, and of the text and the stack used without space. */
#define NO_TEXT 0
#define OTHER_TEXT 1
#define OTHER_STACK 0

struct weight_sum {
	uint64_t ns, stalls;
};

struct lp_weights {
	struct lp_intern texts, frames, stacks;
	struct weight_sum *sums; /* by number of the stack */
	size_t capacity; /* of sums */
	uint64_t dropped; /* parts added to OTHER_STACK */
};

/* The key of a stack: its labels, then its frames. */
struct stack_key {
	uint32_t words[LP_LABELS + LP_PART_FRAMES];
	size_t count;
};

/* Adds the entries NO_TEXT, OTHER_TEXT and OTHER_STACK.  Returns nonzero if out of memory. */
static int add_others(struct lp_weights *weights)
{
	struct stack_key key = { .count = LP_LABELS + 1 };
	const struct lp_weight_frame frame = { .function = OTHER_TEXT,
					       .kind = LP_PART_FRAME_CAUSE };
	uint32_t number;

	weights->sums = calloc(1, sizeof(*weights->sums));
	weights->capacity = 1;
	return !weights->sums || intern_number(&weights->texts, "", 1, &number) ||
	       intern_number(&weights->texts, "[other]", sizeof("[other]"), &number) ||
	       intern_number(&weights->frames, &frame, sizeof(frame), &key.words[LP_LABELS]) ||
	       intern_number(&weights->stacks, key.words, key.count * sizeof(*key.words), &number);
}

struct lp_weights *stack_weights_new(void)
{
	struct lp_weights *weights = calloc(1, sizeof(*weights));

	if (!weights)
		return NULL;
	intern_init(&weights->texts, TEXTS_MAX, TEXT_BYTES_MAX);
	intern_init(&weights->frames, FRAMES_MAX, SIZE_MAX);
	intern_init(&weights->stacks, STACKS_MAX, STACK_BYTES_MAX);
	if (add_others(weights)) {
		stack_weights_free(weights);
		return NULL;
	}
	return weights;
}

void stack_weights_free(struct lp_weights *weights)
{
	if (!weights)
		return;
	intern_free(&weights->texts);
	intern_free(&weights->frames);
	intern_free(&weights->stacks);
	free(weights->sums);
	free(weights);
}

uint32_t stack_weights_text(struct lp_weights *weights, const char *text)
{
	uint32_t number;

	if (!text)
		return NO_TEXT;
	return intern_number(&weights->texts, text, strlen(text) + 1, &number) ? OTHER_TEXT
									       : number;
}

static bool fill_key(struct lp_weights *weights, const uint32_t *labels,
		     const struct lp_stall_part *part, bool cause, struct stack_key *key)
{
	size_t i;

	memset(key->words, 0, LP_LABELS * sizeof(*key->words));
	if (labels)
		memcpy(key->words, labels, LP_LABELS * sizeof(*labels));
	key->count = LP_LABELS;
	for (i = 0; i < part->depth; i++) {
		const struct lp_part_frame *place = &part->places[i];
		struct lp_weight_frame frame = { .line = place->line, .kind = place->kind };

		if (i == part->cause_at && !cause)
			continue;
		frame.function = stack_weights_text(weights, place->function);
		frame.file = stack_weights_text(weights, place->file);
		if (intern_number(&weights->frames, &frame, sizeof(frame),
				  &key->words[key->count++]))
			return false;
	}
	return true;
}

static bool has_sum(struct lp_weights *weights, uint32_t number)
{
	return ARRAY_RESERVE_ZEROED(weights->sums, weights->capacity, number + 1UL, 1);
}

uint32_t stack_weights_add(struct lp_weights *weights, const uint32_t *labels,
			   const struct lp_stall_part *part, bool cause)
{
	struct stack_key key;
	uint32_t number;

	if (!fill_key(weights, labels, part, cause, &key) ||
	    intern_number(&weights->stacks, key.words, key.count * sizeof(*key.words), &number) ||
	    !has_sum(weights, number)) {
		number = OTHER_STACK;
		weights->dropped++;
	}
	weights->sums[number].ns += part->ns;
	weights->sums[number].stalls += part->longest;
	return number;
}

const char *stack_weights_text_at(const struct lp_weights *weights, uint32_t number)
{
	return intern_piece(&weights->texts, number, NULL);
}

uint32_t stack_weights_text_count(const struct lp_weights *weights)
{
	return weights->texts.count;
}

uint32_t stack_weights_frame_count(const struct lp_weights *weights)
{
	return weights->frames.count;
}

struct lp_weight_frame stack_weights_frame(const struct lp_weights *weights, uint32_t number)
{
	const struct lp_weight_frame *frame = intern_piece(&weights->frames, number, NULL);

	return *frame;
}

uint32_t stack_weights_count(const struct lp_weights *weights)
{
	uint32_t count = weights->stacks.count;

	/* the last stack is not counted if there was no memory for its sum */
	return count < weights->capacity ? count : (uint32_t)weights->capacity;
}

struct lp_weight stack_weights_at(const struct lp_weights *weights, uint32_t number)
{
	size_t size;
	const uint32_t *words = intern_piece(&weights->stacks, number, &size);

	return (struct lp_weight){ .labels = words,
				   .frames = words + LP_LABELS,
				   .depth = size / sizeof(*words) - LP_LABELS,
				   .ns = weights->sums[number].ns,
				   .stalls = weights->sums[number].stalls };
}

uint64_t stack_weights_dropped(const struct lp_weights *weights)
{
	return weights->dropped;
}

void stack_weights_warn(const struct lp_weights *weights)
{
	if (weights->dropped)
		log_warning(
			"%" PRIu64
			" parts of stalls are of more different stacks than the limit (%d): their time is in [other]; export a shorter capture to distinguish them",
			weights->dropped, STACKS_MAX);
}
