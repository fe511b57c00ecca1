/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks of a CPython process, read from user space. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_FRAMES_H
#define LP_RUNTIME_CPYTHON_OBJECTS_FRAMES_H

#include "object.h"
#include "runtime/runtime.h"

/* A walk along a thread's frames, innermost first. */
struct lp_frame_walk {
	const struct lp_cpython *python;
	uint64_t address; /* of the next frame; 0 if the walk has got to the outermost frame */
	uint64_t mark; /* an earlier frame, by which a circle is detected (Brent's algorithm) */
	size_t taken; /* the number of steps so far */
	size_t left; /* the number of further steps allowed */
};

/* Returns the address of a thread's innermost frame, or 0. */
uint64_t cpython_top_frame(const struct lp_cpython *python, uint64_t thread_state);

/* Copies the words of the next frame of Python code.  False: there is none, or a read failed. */
bool cpython_next_frame(struct lp_frame_walk *walk, struct lp_raw_frame *frame);

/* See read_stack in struct lp_runtime. */
int cpython_read_stack(const struct lp_cpython *python, uint64_t thread_state,
		       struct lp_raw_frame *frames, size_t capacity, bool *cut);

/* See is_interpreter in struct lp_runtime. */
bool cpython_is_interpreter(const char *function);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_FRAMES_H */
