/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The total time and the number of stalls of each distinct stack.  The number of stacks is limited;
 * over the limit time is added to a stack named "[other]".
 */
#ifndef LP_SINKS_PROFILES_STACK_WEIGHTS_H
#define LP_SINKS_PROFILES_STACK_WEIGHTS_H

#include "stall_parts.h"

/* Labels, which distinguish stacks with the same frames. */
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
	const uint32_t *labels; /* LP_LABELS numbers as given to stack_weights_add(); 0: none */
	const uint32_t *frames; /* frames by number, outermost first */
	size_t depth; /* number of frames */
	uint64_t ns;
	uint64_t stalls; /* number of stalls whose longest part has this stack */
};

struct lp_weights;

/* Returns an empty set, to be freed by stack_weights_free(); NULL: out of memory. */
struct lp_weights *stack_weights_new(void);
void stack_weights_free(struct lp_weights *weights);

/* Returns the number of a text, or that of "[other]" without space.  NULL counts as "". */
uint32_t stack_weights_text(struct lp_weights *weights, const char *text);
const char *stack_weights_text_at(const struct lp_weights *weights, uint32_t number);
uint32_t stack_weights_text_count(const struct lp_weights *weights);

/*
 * Adds the time of a part to its stack.  labels: LP_LABELS numbers, or NULL; cause: the frame of
 * the cause is included.  Returns the number of the stack.
 */
uint32_t stack_weights_add(struct lp_weights *weights, const uint32_t *labels,
			   const struct lp_stall_part *part, bool cause);

uint32_t stack_weights_frame_count(const struct lp_weights *weights);
struct lp_weight_frame stack_weights_frame(const struct lp_weights *weights, uint32_t number);
uint32_t stack_weights_count(const struct lp_weights *weights);
/* Returns a stack by number.  Its pointers are valid until the next addition. */
struct lp_weight stack_weights_at(const struct lp_weights *weights, uint32_t number);

/* Returns the number of parts that were added to "[other]". */
uint64_t stack_weights_dropped(const struct lp_weights *weights);
/* Warns of those parts, if there are any; formats do so at the end of the run. */
void stack_weights_warn(const struct lp_weights *weights);

#endif /* LP_SINKS_PROFILES_STACK_WEIGHTS_H */
