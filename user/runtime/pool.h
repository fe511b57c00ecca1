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

/* What a thread waits for. */
enum lp_thread_awaited {
	LP_THREAD_AWAITS_NOTHING, /* it runs, or what it waits for is not known */
	LP_THREAD_AWAITS_LOCK, /* threading.Lock or RLock */
	LP_THREAD_AWAITS_FUTURE, /* the result of a concurrent.futures.Future */
	LP_THREAD_AWAITS_THREAD, /* the end of a thread */
	LP_THREAD_AWAITS_OBJECT, /* what a thread does with an object, such as Event.set() */
	LP_THREAD_AWAITED,
};

/* A task or a thread by which a wait can end. */
struct lp_wait_end {
	uint64_t task; /* address; 0: it is a thread */
	uint32_t thread; /* index of the list's pool_threads, if it is one */
};

struct lp_thread_wait {
	enum lp_thread_awaited kind;
	const char *class; /* of the object: "threading.Lock"; "" */
	uint64_t id; /* address of the object; 0 */
	const char *what; /* OBJECT: "an item of a queue.Queue"; NULL for other kinds */
	bool timed; /* the wait ends with its timeout */
	bool owned; /* the lock records its owner; if there is no end, it has ended */
	bool queued; /* the job of the future is in the queue of a pool, whose threads are the ends */
	/* the loop that has not started the coroutine whose result is waited for; 0 */
	uint64_t loop;
	/* any one of them ends the wait: holders of a lock, or what sets the future; 0: unknown */
	size_t end_count;
	struct lp_wait_end *ends;
	bool more_ends; /* there are more than `ends` has */
};

/* A thread that runs code of the runtime. */
struct lp_pool_thread {
	pid_t tid; /* 0: not known */
	const char *name;
	size_t frame_count;
	struct lp_raw_frame *frames; /* innermost first */
	struct lp_thread_wait wait;
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
