/* SPDX-License-Identifier: BSD-2-Clause */
/* --native: C frames of a thread, unwound by its program's own unwind tables. */
#ifndef LP_SYMBOLISE_NATIVE_H
#define LP_SYMBOLISE_NATIVE_H

#include "runtime/runtime.h"

struct lp_native;

/* NULL if out of memory. Caches a bounded amount of what it reads of programs. */
struct lp_native *native_new(void);
void native_free(struct lp_native *native);

/* Drops the mappings of a process that has ended or replaced its program. */
void native_forget(struct lp_native *native, pid_t pid);

/*
 * Fills the C frames of a thread, innermost first, from its registers and the top of its stack: up
 * to, and without, the function that runs Python code, as the Python stack continues there.
 * Returns their number; 0 if nothing is known.
 */
size_t native_frames(struct lp_native *native, const struct lp_event_native *event,
		     struct lp_frame *frames, size_t capacity);

/*
 * The function that serves all of struct lp_native in place of this process: it reads files of
 * the target, which may not answer.  NULL: this process itself.
 */
struct lp_native_helper {
	size_t (*frames)(const struct lp_event_native *event, struct lp_frame *frames,
			 size_t capacity);
	void (*forget)(pid_t pid);
};

void native_help_by(const struct lp_native_helper *helper);

/* Lets a worker unwind from now on: to be called before remote_begin(). */
void native_begin_remote(void);

#endif /* LP_SYMBOLISE_NATIVE_H */
