// SPDX-License-Identifier: BSD-2-Clause
#include "cause_place.h"

#include "base/text.h"
#include "call_words.h"
#include "own_frames.h"

/* Returns the innermost Python frame, which called the C frames above it; NULL if there is none. */
static const struct lp_shown_frame *innermost(const struct lp_stack *stack)
{
	uint32_t i;

	for (i = 0; i < stack->depth; i++)
		if (stack->frames[i]->kind == LP_FRAME_PYTHON)
			return stack->frames[i];
	return NULL;
}

/*
 * Sets the program's innermost line, and the function that it has called there: of a package, or
 * else the outermost one of Python's library.
 */
static void set_own(struct lp_cause *cause, const struct lp_stack *whole)
{
	const struct lp_stack in_loop = own_frames_in_loop(whole), *stack = &in_loop;
	size_t own = own_frames_innermost(stack->frames, stack->depth), i;
	bool package = false;

	if (own == stack->depth)
		return;
	/* the outermost line of a framework is taken for all, as each would be a row */
	if (own_frames_is_framework(stack->frames[own])) {
		cause->own = stack->frames[own_frames_outermost(stack->frames, stack->depth)];
		cause->call = cause->own;
		return;
	}
	cause->own = stack->frames[own];
	for (i = 0; i < own; i++) {
		const struct lp_shown_frame *frame = stack->frames[i];

		if (frame->kind != LP_FRAME_PYTHON)
			continue;
		if (own_frames_has_origin(frame, LP_ORIGIN_PACKAGE))
			package = true;
		else if (package)
			continue;
		cause->call = frame;
	}
}

void cause_place_set(struct lp_cause *cause, const struct lp_stack *stack,
		     const struct lp_sleep *sleep)
{
	cause->frame = innermost(stack);
	set_own(cause, stack);
	if (sleep) {
		struct lp_blocked blocked = { .stack = *stack,
					      .sleep = *sleep,
					      .count = (uint32_t)cause->count,
					      .duration_ns = cause->total_ns };

		text_copy(blocked.syscall, sizeof(blocked.syscall), cause->syscall);
		text_copy(blocked.target, sizeof(blocked.target), cause->target);
		call_words_of(&blocked, cause->words, sizeof(cause->words));
	} else {
		call_words_of_stack(stack, cause->words, sizeof(cause->words));
	}
}

void cause_place_set_holder(struct lp_cause *cause, const struct lp_known_stack *holder)
{
	cause->frame = innermost(&holder->stack);
	text_copy(cause->held_by, sizeof(cause->held_by), holder->thread);
}
