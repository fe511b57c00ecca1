/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tasks of a process at one moment, as its memory tells: what a runtime adapter
 * fills and `loopprof tasks` shows.  All text in here is valid UTF-8 and sanitised for a
 * terminal; all of it belongs to the list.
 */
#ifndef LP_RUNTIME_TASK_LIST_H
#define LP_RUNTIME_TASK_LIST_H

#include "runtime.h"

enum lp_task_state {
	LP_TASK_RUNNING, /* the loop's thread steps it now */
	LP_TASK_READY, /* its next step is in the loop's queue */
	LP_TASK_WAITING,
	LP_TASK_CANCELLING, /* cancel() was called, and it has not ended yet */
	LP_TASK_DONE, /* only those whose exception nobody has asked for */
	LP_TASK_STATES,
};

/* What the innermost coroutine of a task waits for. */
enum lp_awaited {
	LP_AWAITED_NOTHING,
	LP_AWAITED_TASK, /* also several: gather, wait, a TaskGroup */
	LP_AWAITED_FUTURE, /* of which no more can be told */
	LP_AWAITED_LOCK, /* Lock, Event, Condition, Semaphore, Barrier */
	LP_AWAITED_QUEUE,
	LP_AWAITED_TIMER,
	LP_AWAITED_SOCKET, /* or a pipe, or a child's end */
	LP_AWAITED_OTHER,
	LP_AWAITED_KINDS,
};

/* One coroutine, generator or frame of an await chain. */
struct lp_task_frame {
	struct lp_raw_frame raw; /* describe() of the adapter makes a line of it */
	const char *name; /* qualified name, where the code object has none (up to 3.10); or NULL */
};

/* Another task that must do something before this one can go on. */
struct lp_task_edge {
	uint64_t task; /* address */
	bool holds; /* it holds the lock that is waited for; else its end is waited for */
};

struct lp_task {
	uint64_t address;
	uint64_t loop; /* address of the loop object; 0: not known */
	pid_t tid; /* of the thread that runs its loop; 0: the loop does not run */
	enum lp_task_state state;
	bool partial; /* a part of it could not be read, or changed meanwhile */
	const char *name;
	const char *coroutine; /* qualified name of what it runs; "" if not known */
	struct lp_raw_frame code; /* of what it runs, for file and first line; code 0: not known */

	/* Outermost (the task's own coroutine) FIRST, innermost last, as it is parked. */
	size_t frame_count;
	struct lp_task_frame *frames;
	bool cut; /* the chain goes on */

	enum lp_awaited awaited;
	const char *awaited_class; /* "asyncio.locks.Lock"; "" with LP_AWAITED_NOTHING */
	uint64_t awaited_id; /* address of that object */
	const char *awaited_detail; /* "due in 3.2 s", "tcp 10.0.0.1:5432", "full, 10 of 10"; "" */
	size_t edge_count;
	struct lp_task_edge *edges;
	bool any_end; /* the end of one of those tasks is enough */
	bool goes_on; /* by itself: it has a timeout, or what is enough is no task */

	uint64_t since_ns; /* CLOCK_MONOTONIC: waits since; 0: not known */

	const char *exception_type; /* done: what it raised; "" else */
	const char *exception_message;

	/* Where it was created, if the program records that (debug mode); file "" else. */
	const char *created_function, *created_file;
	uint32_t created_line;
};

struct lp_task_loop {
	uint64_t address; /* of the loop object */
	pid_t tid; /* 0: does not run */
	bool copied; /* it ran in the process that forked this one, and does not run here */
	const char *class; /* "_UnixSelectorEventLoop" */
	enum lp_loop_kind kind;
};

struct lp_task_arena;

struct lp_task_list {
	size_t count;
	struct lp_task *tasks;
	size_t loop_count;
	struct lp_task_loop *loops;
	uint64_t time_ns; /* CLOCK_MONOTONIC, when reading began */
	bool partial; /* there may be tasks that are not listed */
	struct lp_task_arena *arena; /* holds everything the tasks point at */
};

/* Memory that is freed at once. NULL if out of memory. */
struct lp_task_arena *task_arena_new(void);
void task_arena_free(struct lp_task_arena *arena);
/* Zeroed, aligned to 8; NULL if out of memory or beyond a fixed limit. */
void *task_arena_take(struct lp_task_arena *arena, size_t size);
/* A sanitised copy, the same one for the same text; "" if out of memory. */
const char *task_arena_text(struct lp_task_arena *arena, const char *text);

/* Frees what a list points at, not the list itself. */
void task_list_free(struct lp_task_list *list);

#endif /* LP_RUNTIME_TASK_LIST_H */
