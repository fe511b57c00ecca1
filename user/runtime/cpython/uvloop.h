/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uvloop, an extension module of CPython: its types in a live process, and the C functions
 * behind their methods.
 */
#ifndef LP_RUNTIME_CPYTHON_UVLOOP_H
#define LP_RUNTIME_CPYTHON_UVLOOP_H

#include "wire/wire.h"
#include "runtime/cpython/objects/object.h"

/* Methods that run callbacks: their place in the table of C methods. */
#define UVLOOP_HANDLE_RUN 2
#define UVLOOP_TIMER_RUN 0

/* uvloop.loop.Loop, or 0 while it is not loaded. */
uint64_t cpython_uvloop_type(const struct lp_cpython *python);

/*
 * Returns 0; -ENODEV while the process has not loaded uvloop; -ENOTSUP if its objects
 * are of other sizes than those that are known.
 */
int cpython_find_uvloop(const struct lp_cpython *python, struct lp_uvloop *uvloop);

/* A C method (cdef) of a class of uvloop.loop, or 0. */
uint64_t cpython_uvloop_method(const struct lp_cpython *python, const char *class, size_t index);

/* The C function of a method of Loop that Python code calls, or 0. */
uint64_t cpython_uvloop_loop_method(const struct lp_cpython *python, const char *name);

/* The descriptor that a Loop polls, plus 1; 0: it cannot be told. */
uint32_t cpython_uvloop_descriptor(const struct lp_cpython *python, uint64_t loop);

#endif /* LP_RUNTIME_CPYTHON_UVLOOP_H */
