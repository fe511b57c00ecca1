/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks of a CPython process, read from user space. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_FRAMES_H
#define LP_RUNTIME_CPYTHON_OBJECTS_FRAMES_H

#include "object.h"
#include "runtime/runtime.h"

/* A walk along a thread's frames, innermost first. */
struct lp_frame_walk {
	const struct lp_cpython *python;
	uint64_t address; /* of the next frame; 0 at the end, and only of a whole walk */
	uint64_t mark; /* a frame met before: to meet it again is a circle (Brent's way) */
	size_t taken; /* steps, ... */
	size_t left; /* ... and how many more are allowed */
};

/* A thread's innermost frame, or 0. */
uint64_t cpython_top_frame(const struct lp_cpython *python, uint64_t thread_state);

/* Fills *frame with the next one that shows Python code, as it lies in memory. False: no more. */
bool cpython_next_frame(struct lp_frame_walk *walk, struct lp_raw_frame *frame);

/* See read_stack in struct lp_runtime. */
int cpython_read_stack(const struct lp_cpython *python, uint64_t thread_state,
		       struct lp_raw_frame *frames, size_t capacity, bool *cut);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_FRAMES_H */
