/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uvloop, an extension module of CPython: the types of a live process, and the C functions of
 * their methods.
 */
#ifndef LP_RUNTIME_CPYTHON_UVLOOP_H
#define LP_RUNTIME_CPYTHON_UVLOOP_H

#include "wire/wire.h"
#include "runtime/cpython/objects/object.h"

/* Indices in the tables of C methods: the methods of Handle and TimerHandle that run callbacks. */
#define UVLOOP_HANDLE_RUN 2
#define UVLOOP_TIMER_RUN 0

/* Returns the type uvloop.loop.Loop, or 0 while it is not loaded. */
uint64_t cpython_uvloop_type(const struct lp_cpython *python);

/*
 * Finds the types of handles.  Returns 0; -ENODEV while the process has not loaded uvloop;
 * -ENOTSUP if its objects have unknown sizes.
 */
int cpython_find_uvloop(const struct lp_cpython *python, struct lp_uvloop *uvloop);

/* Returns a C method (cdef) of a class of uvloop.loop by its index, or 0. */
uint64_t cpython_uvloop_method(const struct lp_cpython *python, const char *class, size_t index);

/* Returns the C function of a method of Loop that Python code calls, or 0. */
uint64_t cpython_uvloop_loop_method(const struct lp_cpython *python, const char *name);

/* Returns the descriptor that a Loop polls, plus 1; 0: it is not known. */
uint32_t cpython_uvloop_descriptor(const struct lp_cpython *python, uint64_t loop);

/* What a Loop's thread runs. */
struct lp_uvloop_running {
	uint64_t callable; /* address; 0: a C method of uvloop's */
	uint64_t function, name; /* addresses of that method, and of the str that names it */
};

/*
 * Finds what the thread of a Loop runs, by the Handle that was taken from the ready queue last.
 * False: it is not known, as for callbacks of timers, descriptors and streams.
 */
bool cpython_uvloop_running(const struct lp_cpython *python, uint64_t thread_state, uint64_t loop,
			    struct lp_uvloop_running *running);

#endif /* LP_RUNTIME_CPYTHON_UVLOOP_H */
