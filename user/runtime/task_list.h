/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tasks of a process, read from its memory: a runtime adapter fills the list and
 * `loopprof tasks` prints it.  Its texts are valid UTF-8 and sanitised for a terminal, and
 * belong to the list.
 */
#ifndef LP_RUNTIME_TASK_LIST_H
#define LP_RUNTIME_TASK_LIST_H

#include "pool.h"

enum lp_task_state {
	LP_TASK_RUNNING, /* the loop's thread steps it now */
	LP_TASK_READY, /* its next step is in the loop's queue */
	LP_TASK_WAITING,
	LP_TASK_CANCELLING, /* cancel() was called, and it has not ended yet */
	LP_TASK_DONE, /* ended with an exception that was never retrieved; others are not listed */
	LP_TASK_STATES,
};

/* What the innermost coroutine of a task waits for. */
enum lp_awaited {
	LP_AWAITED_NOTHING,
	LP_AWAITED_TASK, /* or several tasks: gather, wait, a TaskGroup */
	LP_AWAITED_FUTURE, /* a future of unknown purpose */
	LP_AWAITED_LOCK, /* Lock, Event, Condition, Semaphore, Barrier */
	LP_AWAITED_QUEUE,
	LP_AWAITED_TIMER,
	LP_AWAITED_SOCKET, /* or a pipe, or the end of a child process */
	LP_AWAITED_OTHER,
	LP_AWAITED_KINDS,
};

/* One coroutine, generator or frame of an await chain. */
struct lp_task_frame {
	struct lp_raw_frame raw; /* for describe() of the adapter */
	const char *name; /* qualified name where the code object has none (up to 3.10), or NULL */
};

/* Another task that this one waits for. */
struct lp_task_edge {
	uint64_t task; /* address */
	bool holds; /* true: it holds the lock that is waited for; false: its end is waited for */
};

struct lp_task {
	uint64_t address;
	uint64_t loop; /* address of the loop object; 0: not known */
	pid_t tid; /* id of the thread that runs the loop; 0: the loop does not run */
	enum lp_task_state state;
	bool partial; /* a part of the task could not be read, or changed meanwhile */
	const char *name;
	const char *coroutine; /* qualified name of the task's coroutine; "" if not known */
	struct lp_raw_frame code; /* first line of that coroutine; code is 0 if not known */

	/* The await chain: the task's own coroutine FIRST, the innermost frame last. */
	size_t frame_count;
	struct lp_task_frame *frames;
	bool cut; /* the chain is longer than frames */

	enum lp_awaited awaited;
	const char *awaited_class; /* "package.locks.Lock"; "" with LP_AWAITED_NOTHING */
	uint64_t awaited_id; /* address of the awaited object */
	const char *awaited_detail; /* "due in 3.2 s", "tcp 10.0.0.1:5432", "full, 10 of 10"; "" */
	size_t edge_count;
	struct lp_task_edge *edges;
	/*
	 * If it waits for a lock that no task is known to hold: the address of the future of the
	 * lock's first waiter, by which two readings of the lock are compared; else 0.
	 */
	uint64_t unheld;
	bool any_end; /* the wait ends with the first of the tasks of edges that ends */
	bool goes_on; /* the wait can end without them: by a timeout, or by what is no task */

	/*
	 * The threads of which any one has to go on before the wait ends: the one that runs the
	 * job whose future is waited for, or those of the pool in whose queue it is.  Numbers of
	 * the list's pool_threads.
	 */
	size_t thread_count;
	uint32_t *threads;

	uint64_t since_ns; /* CLOCK_MONOTONIC when the wait began; 0: not known */

	const char *exception_type; /* the exception that ended the task; "" in other states */
	const char *exception_message;

	/* The place that created the task, recorded by some runtimes, in a debug mode; else file is
	 * "". */
	const char *created_function, *created_file;
	uint32_t created_line;
};

struct lp_task_loop {
	uint64_t address; /* of the loop object */
	pid_t tid; /* id of the thread that runs it; 0: it does not run */
	bool copied; /* it was running in the process that forked this one; it does not run here */
	const char *class; /* "_UnixSelectorEventLoop" */
	bool own_tasks; /* its class creates tasks in another way: they may be unknown */
	enum lp_loop_kind kind;
};

/* Tasks that have ended, and that something still refers to, by the name of their coroutine. */
struct lp_ended_tasks {
	const char *coroutine; /* "" for those of further ones */
	uint64_t count;
};

struct lp_task_arena;

struct lp_task_list {
	size_t count;
	struct lp_task *tasks;
	size_t loop_count;
	struct lp_task_loop *loops;
	size_t pool_count;
	struct lp_pool *pools; /* owned by the arena, as the threads are */
	size_t pool_thread_count;
	struct lp_pool_thread *pool_threads;
	uint64_t ended_total;
	size_t ended_count;
	struct lp_ended_tasks *ended; /* owned by the arena; the greatest number first */
	uint64_t time_ns; /* CLOCK_MONOTONIC, when reading began */
	bool partial; /* some tasks may be missing */
	bool ended_partial; /* some tasks that have ended may be missing */
	struct lp_task_arena *arena; /* owns everything that the tasks point to */
};

/* Creates an arena, whose memory is freed all at once.  NULL if out of memory. */
struct lp_task_arena *task_arena_new(void);
void task_arena_free(struct lp_task_arena *arena);
/* Returns zeroed memory aligned to 8 bytes, or NULL: out of memory, or over a fixed limit. */
void *task_arena_take(struct lp_task_arena *arena, size_t size);
/* Returns a sanitised copy of a text, shared by equal texts; "" if out of memory. */
const char *task_arena_text(struct lp_task_arena *arena, const char *text);

/* Frees what a list points to, and empties the list, which remains the caller's. */
void task_list_free(struct lp_task_list *list);

#endif /* LP_RUNTIME_TASK_LIST_H */
