/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks that are the same added up, with the time and the stalls of each.
 * Bounded: what finds no room is added to one more stack, "[other]".
 */
#ifndef LP_SINKS_PROFILES_STACK_WEIGHTS_H
#define LP_SINKS_PROFILES_STACK_WEIGHTS_H

#include "stall_parts.h"

/* What a format tells stacks apart by, beside their frames. */
enum lp_weight_label {
	LP_LABEL_LOOP,
	LP_LABEL_CAUSE,
	LP_LABEL_SYSCALL,
	LP_LABEL_TARGET,
	LP_LABELS,
};

struct lp_weight_frame {
	uint32_t function, file; /* strings by number; 0: "" */
	uint32_t line; /* 0: not known */
	uint32_t kind; /* enum lp_part_frame_kind */
};

struct lp_weight {
	const uint32_t *labels; /* strings by number, 0: none */
	const uint32_t *frames; /* by number, outermost first */
	size_t depth;
	uint64_t ns;
	uint64_t stalls; /* whose longest part it was */
};

struct lp_weights;

/* NULL: no memory. */
struct lp_weights *stack_weights_new(void);
void stack_weights_free(struct lp_weights *weights);

/* The number of a text; of "[other]" if there is no room for it.  NULL is "". */
uint32_t stack_weights_text(struct lp_weights *weights, const char *text);
const char *stack_weights_text_at(const struct lp_weights *weights, uint32_t number);
uint32_t stack_weights_text_count(const struct lp_weights *weights);

/*
 * Adds a part.  labels: LP_LABELS numbers, or NULL.  cause: its place is part of
 * the stack.  Returns the number of its stack.
 */
uint32_t stack_weights_add(struct lp_weights *weights, const uint32_t *labels,
			   const struct lp_stall_part *part, bool cause);

uint32_t stack_weights_frame_count(const struct lp_weights *weights);
struct lp_weight_frame stack_weights_frame(const struct lp_weights *weights, uint32_t number);
uint32_t stack_weights_count(const struct lp_weights *weights);
/* Its pointers hold until the next one is added. */
struct lp_weight stack_weights_at(const struct lp_weights *weights, uint32_t number);

/* Parts that are in "[other]"; warns of them, as each format does at its end. */
uint64_t stack_weights_dropped(const struct lp_weights *weights);
void stack_weights_warn(const struct lp_weights *weights);

#endif /* LP_SINKS_PROFILES_STACK_WEIGHTS_H */
