/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames by the number that events give them, and stacks made of them. */
#ifndef LP_MODEL_STACKS_H
#define LP_MODEL_STACKS_H

#include "report.h"

/*
 * Places in the source, each held once for all sources of events, so that the same
 * one has the same address.  They live as long as the table: stacks only point at them.
 */
struct lp_source_lines;

struct lp_source_lines *source_lines_new(void);
void source_lines_free(struct lp_source_lines *places);

/* Those of one source by their numbers.  The places are the caller's and outlive it. */
struct lp_frames;

struct lp_frames *frames_new(struct lp_source_lines *places);
void frames_free(struct lp_frames *frames);
void frames_add(struct lp_frames *frames, const struct lp_event_frame *event);
/* The frame of a place that has no number (old captures); NULL if out of memory. */
const struct lp_shown_frame *frames_intern(struct lp_frames *frames, const char *function,
					   const char *file, uint32_t line);
/* NULL if nobody told it. */
const struct lp_shown_frame *frames_get(const struct lp_frames *frames, uint32_t number);

/* Stacks own their arrays, not the frames.  Those of no depth own nothing. */
bool stack_from_event(struct lp_stack *stack, const struct lp_frames *frames,
		      const struct lp_event_stack_sample *event);
bool stack_copy(struct lp_stack *stack, const struct lp_stack *from);
bool stack_same(const struct lp_stack *left, const struct lp_stack *right);
void stack_clear(struct lp_stack *stack);

/* What was told last of a stack's name, in one loop. */
struct lp_known_stack {
	struct lp_known_stack *next;
	uint64_t name; /* struct lp_event_stack_sample.stack */
	bool holder; /* of the GIL: then the name is its thread's */
	struct lp_stack stack;
	char target[LP_RESOURCE_TEXT_MAX];
	bool several; /* targets differ */
	char thread[LP_TASK_NAME_MAX];
	pid_t tid;
};

struct lp_known_stacks;

struct lp_known_stacks *known_stacks_new(void);
void known_stacks_free(struct lp_known_stacks *table);
/* Remembers a stack; what a full table held is forgotten, as it is told again when it matters. */
void known_stacks_add(struct lp_known_stacks *table, const struct lp_frames *frames,
		      const struct lp_event_stack_sample *event);
const struct lp_known_stack *known_stacks_find(const struct lp_known_stacks *table, uint64_t name,
					       bool holder);

#endif /* LP_MODEL_STACKS_H */
