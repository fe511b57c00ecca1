/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks in the text format: a line a frame, indented below what they are of. */
#ifndef LP_SINKS_TEXT_STACK_H
#define LP_SINKS_TEXT_STACK_H

#include "sinks/sink.h"

/*
 * Function and place of a frame, and the end of the line.  names: columns for the
 * function; room: for both, less the gap between them.
 */
void text_frame_print(FILE *file, const struct lp_terminal *terminal,
		      const struct lp_shown_frame *frame, size_t names, size_t space);

/* The columns for functions that were widest so far, with one more to print; half the room at most.
 */
size_t text_frame_widest(const struct lp_shown_frame *frame, size_t widest, size_t space);

/* Innermost frame first, and what is missing of it. */
void text_stack_print(FILE *file, const struct lp_terminal *terminal, const struct lp_stack *stack);

/* Only the frames, the innermost so many. */
void text_stack_print_frames(FILE *file, const struct lp_terminal *terminal,
			     const struct lp_stack *stack, uint32_t count);

/*
 * The innermost lines of all on-CPU samples with their counts, if there are several;
 * the samples are total together.
 */
void text_stack_print_lines(FILE *file, const struct lp_terminal *terminal,
			    const struct lp_breakdown *breakdown, uint32_t total);

/* How many of a stack's frames, from its innermost one on, another one has not. */
uint32_t text_stack_fresh(const struct lp_stack *stack, const struct lp_stack *other);

/* The same function is in it, at whatever line. */
bool text_stack_has(const struct lp_stack *stack, const struct lp_shown_frame *frame);

#endif /* LP_SINKS_TEXT_STACK_H */
