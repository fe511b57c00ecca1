/* SPDX-License-Identifier: BSD-2-Clause */
/* --native: C frames of a thread, unwound by its program's own unwind tables. */
#ifndef LP_SYMBOLISE_NATIVE_H
#define LP_SYMBOLISE_NATIVE_H

#include "runtime/runtime.h"

struct lp_native;

/* NULL if out of memory. Caches what it reads of programs, a bounded amount. */
struct lp_native *native_new(void);
void native_free(struct lp_native *native);

/* A process has ended or replaced its program: its mappings hold no more. */
void native_forget(struct lp_native *native, pid_t pid);

/*
 * The C frames of a thread, innermost first, from its registers and the top of its
 * stack: up to, and without, the function that runs Python code, as the Python
 * stack goes on from there.  Returns how many; 0 if nothing can be told.
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

/* Has a worker unwind from now on: to be called before remote_begin(). */
void native_begin_remote(void);

#endif /* LP_SYMBOLISE_NATIVE_H */
