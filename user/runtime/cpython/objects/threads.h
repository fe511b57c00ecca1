/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads of a CPython process: their ids and names. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_THREADS_H
#define LP_RUNTIME_CPYTHON_OBJECTS_THREADS_H

#include "object.h"

/* What is known of threads; NULL if out of memory, which all of these take. */
struct lp_thread_cache *cpython_threads_new(void);
void cpython_threads_free(struct lp_thread_cache *cache);

/* Where the search for loops among the threads goes on; NULL where nothing is remembered. */
size_t *cpython_threads_cursor(const struct lp_cpython *python);

/* The kernel's id of a thread, as this process counts; 0 if it cannot be told. */
pid_t cpython_thread_id(const struct lp_cpython *python, uint64_t thread_state);

/* The PID in the process's innermost PID namespace, as getpid() returns it; 0 if it has ended. */
pid_t cpython_inner_pid(const struct lp_cpython *python);

/* See describe_thread in struct lp_runtime. */
void cpython_describe_thread(const struct lp_cpython *python, uint64_t thread_state, pid_t *tid,
			     char *name, size_t size);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_THREADS_H */
