/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pools of a process: what tasks share and wait for, such as the threads of an executor, the
 * connections of a database driver, or the permits of a semaphore.  Texts belong to the list of
 * tasks that has the pools, and are sanitised.
 */
#ifndef LP_RUNTIME_POOL_H
#define LP_RUNTIME_POOL_H

#include "runtime.h"

enum lp_pool_kind {
	LP_POOL_THREADS,
	LP_POOL_CONNECTIONS,
	LP_POOL_PERMITS, /* of a semaphore or a limiter */
	LP_POOL_KINDS,
};

enum lp_pool_amount {
	LP_POOL_LIMIT,
	LP_POOL_OUT, /* in use: busy threads, connections or permits that were taken */
	LP_POOL_IDLE, /* free without anything being created */
	LP_POOL_WAITING, /* requests that wait: jobs of a queue, tasks or threads */
	LP_POOL_AMOUNTS,
};

/* Values of an amount that are no numbers. */
#define LP_POOL_UNKNOWN UINT64_MAX
#define LP_POOL_UNLIMITED (UINT64_MAX - 1)

/* A thread that works for a pool, or uses one. */
struct lp_pool_thread {
	pid_t tid; /* 0: not known */
	const char *name;
	size_t frame_count;
	struct lp_raw_frame *frames; /* innermost first */
};

/* A thread of a thread pool. */
struct lp_pool_worker {
	uint32_t thread; /* index of the list's pool_threads */
	bool busy;
	const char *function; /* what it was given to run; "" */
	uint64_t task; /* the task that waits for it; 0: not known */
};

/* A task, or a thread. */
struct lp_pool_user {
	uint64_t task; /* address; 0: it is a thread */
	uint32_t thread; /* index of the list's pool_threads, if it is one */
};

/* Jobs of a queue that have the same function. */
struct lp_pool_jobs {
	const char *function;
	uint64_t count;
};

struct lp_pool {
	enum lp_pool_kind kind;
	uint64_t address; /* of its object */
	uint64_t loop; /* of which it is the default executor; 0 */
	const char *name; /* "default executor", "asyncpg's pool" */
	const char *class; /* "concurrent.futures.thread.ThreadPoolExecutor" */
	const char *detail; /* "2 of 2 to db.example:5432"; "" */
	uint64_t amounts[LP_POOL_AMOUNTS];
	uint64_t held; /* the number of parts in use of which a holder is known */
	size_t holder_count; /* those of the holders and waiters that are known */
	struct lp_pool_user *holders;
	size_t waiter_count;
	struct lp_pool_user *waiters;
	size_t worker_count;
	struct lp_pool_worker *workers;
	size_t jobs_count;
	struct lp_pool_jobs *jobs; /* the most frequent function first */
	uint64_t oldest; /* the task that waits for the first job of the queue; 0: not known */
	bool partial; /* a part of the queue, or of the users, is missing */
};

#endif /* LP_RUNTIME_POOL_H */
