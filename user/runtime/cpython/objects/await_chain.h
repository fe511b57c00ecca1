/* SPDX-License-Identifier: BSD-2-Clause */
/* From a coroutine along what it awaits to what it is parked on. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_AWAIT_CHAIN_H
#define LP_RUNTIME_CPYTHON_OBJECTS_AWAIT_CHAIN_H

#include "object.h"
#include "runtime/task_list.h"

#define CPYTHON_CHAIN_MAX 256

/* One coroutine (or generator) of a chain. */
struct lp_await_link {
	uint64_t coroutine; /* address of the object */
	uint64_t frame; /* address of its frame; 0: it has none (not started up to 3.10, or ended) */
	uint64_t code; /* address of its code object */
	uint64_t qualname; /* address of its qualified name, a str */
	uint64_t instruction; /* as in struct lp_raw_frame */
	bool running;
};

struct lp_await_chain {
	size_t count; /* outermost first */
	struct lp_await_link links[CPYTHON_CHAIN_MAX];
	bool cut; /* deeper than that, or a circle */
	bool partial; /* a read failed, or what was read makes no sense */
	uint64_t leaf; /* what the innermost waits for that is no coroutine: a future, or whatever
			* yields; 0: nothing, or not known.  A FutureIter is resolved to its future.
			*/
};

/* Follows the chain from a task's coroutine. */
void cpython_await_chain(const struct lp_cpython *python, uint64_t coroutine,
			 struct lp_await_chain *chain);

/*
 * A local variable of a suspended frame by its number in co_varnames (0: self), or 0.
 * Cells (variables that closures share) are followed.
 */
uint64_t cpython_frame_local(const struct lp_cpython *python, const struct lp_await_link *link,
			     unsigned int number);

/* The same by its name, searched in the code object's names. */
uint64_t cpython_frame_variable(const struct lp_cpython *python, const struct lp_await_link *link,
				const char *name);

/*
 * What lies on the evaluation stack of a suspended frame, deepest first: among it, the
 * bound __aexit__ of each `async with` that the frame is in (in 3.14: the function and
 * its self, apart).  Returns how many objects were filled in.
 */
size_t cpython_frame_stack(const struct lp_cpython *python, const struct lp_await_link *link,
			   uint64_t *objects, size_t capacity);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_AWAIT_CHAIN_H */
