/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames by the number that events give them, and stacks made of them. */
#ifndef LP_MODEL_STACKS_H
#define LP_MODEL_STACKS_H

#include "report.h"

/*
 * Lines of the source, one object each for all sources of events, so that equal lines have equal
 * addresses.  The lines live as long as the table; stacks only point at them.
 */
struct lp_source_lines;

struct lp_source_lines *source_lines_new(void);
void source_lines_free(struct lp_source_lines *places);

/* The frames of one source by number.  The lines belong to the caller and outlive it. */
struct lp_frames;

struct lp_frames *frames_new(struct lp_source_lines *places);
void frames_free(struct lp_frames *frames);
void frames_add(struct lp_frames *frames, const struct lp_event_frame *event);
/* Returns the frame of a line that has no number (old captures); NULL if out of memory. */
const struct lp_shown_frame *frames_intern(struct lp_frames *frames, const char *function,
					   const char *file, uint32_t line);
/* Returns the frame with that number, NULL if no event had it. */
const struct lp_shown_frame *frames_get(const struct lp_frames *frames, uint32_t number);

/* Stacks own their arrays, not the frames.  A stack of depth 0 owns nothing. */
bool stack_from_event(struct lp_stack *stack, const struct lp_frames *frames,
		      const struct lp_event_stack_sample *event);
bool stack_copy(struct lp_stack *stack, const struct lp_stack *from);
bool stack_same(const struct lp_stack *left, const struct lp_stack *right);
void stack_clear(struct lp_stack *stack);
/* Returns the sleep that is the resource of a call. */
struct lp_sleep stack_sleep(const struct lp_resource *resource);
/*
 * Orders frames, which may be NULL, by file, line and function, so that a list which is sorted by
 * it does not depend on addresses.
 */
int stacks_compare_frames(const struct lp_shown_frame *left, const struct lp_shown_frame *right);

/* The last stack that an event gave for a stack name, in one loop. */
struct lp_known_stack {
	uint64_t name; /* struct lp_event_stack_sample.stack */
	bool holder; /* a stack of the GIL's holder: its name is that of a thread */
	struct lp_stack stack;
	char target[LP_RESOURCE_TEXT_MAX];
	bool several; /* events with this name had different targets */
	struct lp_sleep sleep; /* the shortest one */
	char thread[LP_TASK_NAME_MAX];
	pid_t tid;
};

struct lp_known_stacks;

struct lp_known_stacks *known_stacks_new(void);
void known_stacks_free(struct lp_known_stacks *table);
/* Stores a stack.  A full table is emptied first: stacks that matter are sent again. */
void known_stacks_add(struct lp_known_stacks *table, const struct lp_frames *frames,
		      const struct lp_event_stack_sample *event);
const struct lp_known_stack *known_stacks_find(const struct lp_known_stacks *table, uint64_t name,
					       bool holder);

#endif /* LP_MODEL_STACKS_H */
