/* SPDX-License-Identifier: BSD-2-Clause */
/* The await chain: from a task's coroutine to the object that its innermost coroutine awaits. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_AWAIT_CHAIN_H
#define LP_RUNTIME_CPYTHON_OBJECTS_AWAIT_CHAIN_H

#include "object.h"
#include "runtime/task_list.h"

#define CPYTHON_CHAIN_MAX 256

/* One coroutine (or generator) of a chain. */
struct lp_await_link {
	uint64_t coroutine; /* address of the object */
	uint64_t frame; /* address of its frame */
	uint64_t code; /* address of its code object */
	uint64_t qualname; /* address of its qualified name, a str */
	uint64_t instruction; /* as in struct lp_raw_frame */
	bool running;
};

struct lp_await_chain {
	size_t count; /* outermost first */
	struct lp_await_link links[CPYTHON_CHAIN_MAX];
	bool cut; /* the chain is longer, or a circle */
	bool partial; /* a part could not be read, or is inconsistent */
	/*
	 * The object at the end of the chain that is no coroutine: a future (a FutureIter is
	 * resolved to its future), or an object of another type.  0: none, or not known.
	 */
	uint64_t leaf;
};

/*
 * Returns whether an object is a coroutine or generator of CPython's, which has a frame.  Others,
 * such as _cython_3_2_8.coroutine, have none.
 */
bool cpython_is_coroutine(const struct lp_cpython *python, uint64_t object);

/* Reads the chain of a coroutine. */
void cpython_await_chain(const struct lp_cpython *python, uint64_t coroutine,
			 struct lp_await_chain *chain);

/*
 * Returns a local variable of a suspended frame by its index in co_varnames (0: self), or 0.
 * For a cell (a variable that closures share) it returns the content.
 */
uint64_t cpython_frame_local(const struct lp_cpython *python, const struct lp_await_link *link,
			     unsigned int number);

/* Returns a local variable by its name, or 0. */
uint64_t cpython_frame_variable(const struct lp_cpython *python, const struct lp_await_link *link,
				const char *name);

/*
 * Reads the objects on the evaluation stack of a suspended frame, deepest first.  The bound
 * __aexit__ of each `async with` that the frame is in is among them (in 3.14 the function and
 * its self as two objects).  Returns the number of objects.
 */
size_t cpython_frame_stack(const struct lp_cpython *python, const struct lp_await_link *link,
			   uint64_t *objects, size_t capacity);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_AWAIT_CHAIN_H */
