/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks in the text format: an indented line for each frame. */
#ifndef LP_SINKS_TEXT_STACK_H
#define LP_SINKS_TEXT_STACK_H

#include "sinks/sink.h"

/*
 * Prints function and place of a frame, and a line end.  names: columns for the function; space:
 * columns for both, without the gap between them.
 */
void text_frame_print(FILE *file, const struct lp_terminal *terminal,
		      const struct lp_shown_frame *frame, size_t names, size_t space);

/*
 * Returns the columns for functions: those of the frame's function or widest, the greater, but at
 * most half of space.
 */
size_t text_frame_widest(const struct lp_shown_frame *frame, size_t widest, size_t space);

/* Prints a stack, innermost frame first, and a line if it is incomplete. */
void text_stack_print(FILE *file, const struct lp_terminal *terminal, const struct lp_stack *stack);

/* Prints only the count innermost frames. */
void text_stack_print_frames(FILE *file, const struct lp_terminal *terminal,
			     const struct lp_stack *stack, uint32_t count);

/*
 * Prints the innermost lines of the on-CPU samples with their counts, if there are several lines.
 * total: number of those samples.
 */
void text_stack_print_lines(FILE *file, const struct lp_terminal *terminal,
			    const struct lp_breakdown *breakdown, uint32_t total);

/* Returns the number of innermost frames of a stack that are not common with another stack. */
uint32_t text_stack_fresh(const struct lp_stack *stack, const struct lp_stack *other);

/* Returns whether the function of a frame is in the stack, at any line. */
bool text_stack_has(const struct lp_stack *stack, const struct lp_shown_frame *frame);

#endif /* LP_SINKS_TEXT_STACK_H */
