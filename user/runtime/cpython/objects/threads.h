/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads of a CPython process: their ids and names. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_THREADS_H
#define LP_RUNTIME_CPYTHON_OBJECTS_THREADS_H

#include "object.h"

/* Creates a cache of ids and names.  NULL if out of memory, which the functions below accept. */
struct lp_thread_cache *cpython_threads_new(void);
void cpython_threads_free(struct lp_thread_cache *cache);

/*
 * Return the PyThreadState of the newest thread of the main interpreter, and that of the thread
 * which is older than another one; 0: there is none. In hostile memory there may be a circle.
 */
uint64_t cpython_first_thread(const struct lp_cpython *python);
uint64_t cpython_next_thread(const struct lp_cpython *python, uint64_t thread_state);

/* Returns the place for the index of the thread that the next search for loops begins with. */
size_t *cpython_threads_cursor(const struct lp_cpython *python);

/* Returns a thread's id in the PID namespace of this process; 0 if it is not known. */
pid_t cpython_thread_id(const struct lp_cpython *python, uint64_t thread_state);

/* Returns the PID in the process's innermost PID namespace (getpid()); 0 if it has ended. */
pid_t cpython_inner_pid(const struct lp_cpython *python);

/* See describe_thread in struct lp_runtime. */
void cpython_describe_thread(const struct lp_cpython *python, uint64_t thread_state, pid_t inner,
			     pid_t *tid, char *name, size_t size);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_THREADS_H */
