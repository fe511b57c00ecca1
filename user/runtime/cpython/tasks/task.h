/* SPDX-License-Identifier: BSD-2-Clause */
/* One task of a CPython process, read from its objects. */
#ifndef LP_RUNTIME_CPYTHON_TASKS_TASK_H
#define LP_RUNTIME_CPYTHON_TASKS_TASK_H

#include "runtime/cpython/objects/await_chain.h"

#define CPYTHON_LOOPS_MAX 256
#define CPYTHON_ENDED_MAX 64 /* the most coroutines of ended tasks that are counted apart */

/* A thread that runs a loop. */
struct lp_loop_thread {
	pid_t tid;
	uint64_t state; /* address of its PyThreadState */
	uint64_t loop; /* address of the loop object */
};

/* A type.  object: it is one; task, future: its objects are tasks or futures of asyncio. */
struct lp_known_type {
	uint64_t type;
	bool object, task, future;
};

/* The state of one read of all tasks of a process. */
struct lp_task_reader {
	const struct lp_cpython *python;
	struct lp_task_arena *arena;
	uint64_t task_type, future_type;
	struct lp_known_type types[64];
	size_t thread_count;
	struct lp_loop_thread threads[CPYTHON_LOOPS_MAX];
	/* tasks that have ended without an exception to retrieve */
	uint64_t ended_total;
	size_t ended_count;
	struct lp_ended_tasks ended[CPYTHON_ENDED_MAX];
	/* offsets of slots in traceback.FrameSummary, read once */
	uint16_t summary_file, summary_line, summary_function;
};

/*
 * Reads a task and its await chain.  False: there is no task at this address, or it has ended
 * without an exception that was not retrieved.  It does not set the state LP_TASK_RUNNING: see
 * cpython_chain_runs and cpython_read_running.
 */
bool cpython_read_task(struct lp_task_reader *reader, uint64_t address, struct lp_task *task,
		       struct lp_await_chain *chain);

/* Returns whether the innermost coroutine of a chain is executing. */
bool cpython_chain_runs(const struct lp_await_chain *chain);

/*
 * Searches the frame of a task's coroutine on the stack of its loop's thread.  If it is there, the
 * task gets the state LP_TASK_RUNNING and the frames from there on.  Returns whether it is.
 */
bool cpython_read_running(struct lp_task_reader *reader, struct lp_task *task,
			  const struct lp_await_chain *chain);

/* Returns the thread that runs a loop, or NULL. */
const struct lp_loop_thread *cpython_loop_thread(const struct lp_task_reader *reader,
						 uint64_t loop);

/* Returns a coroutine's qualified name, a str, as a text in the list's arena. */
const char *cpython_coroutine_name(const struct lp_task_reader *reader, uint64_t qualname);

#endif /* LP_RUNTIME_CPYTHON_TASKS_TASK_H */
