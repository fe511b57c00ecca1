/* SPDX-License-Identifier: BSD-2-Clause */
/* One task of a CPython process, out of what its objects say. */
#ifndef LP_RUNTIME_CPYTHON_TASKS_TASK_H
#define LP_RUNTIME_CPYTHON_TASKS_TASK_H

#include "runtime/cpython/objects/await_chain.h"

#define CPYTHON_LOOPS_MAX 256

/* A thread that runs a loop. */
struct lp_loop_thread {
	pid_t tid;
	uint64_t state; /* address of its PyThreadState */
	uint64_t loop; /* address of the loop object */
};

/* Whether objects of a type are futures, and tasks; and whether it is a type at all. */
struct lp_known_type {
	uint64_t type;
	bool object, task, future;
};

/* One reading of all tasks of a process. */
struct lp_task_reader {
	const struct lp_cpython *python;
	struct lp_task_arena *arena;
	uint64_t task_type, future_type;
	struct lp_known_type types[64];
	size_t thread_count;
	struct lp_loop_thread threads[CPYTHON_LOOPS_MAX];
	/* where traceback.FrameSummary has its slots; looked up once */
	uint16_t summary_file, summary_line, summary_function;
};

/*
 * Reads a task and its chain of awaits.  False if there is none at this address, or it
 * has ended and is of no interest.  Without the state LP_TASK_RUNNING: a coroutine that
 * runs is told by the chain.
 */
bool cpython_read_task(struct lp_task_reader *reader, uint64_t address, struct lp_task *task,
		       struct lp_await_chain *chain);

/* Is it executing, as far as its coroutine tells? */
bool cpython_chain_runs(const struct lp_await_chain *chain);

/*
 * Of a task whose coroutine is executing: if a loop's thread has it on its stack, makes
 * it a running one with the frames from there.
 */
bool cpython_read_running(struct lp_task_reader *reader, struct lp_task *task,
			  const struct lp_await_chain *chain);

/* The thread that runs a loop, or NULL. */
const struct lp_loop_thread *cpython_loop_thread(const struct lp_task_reader *reader,
						 uint64_t loop);

/* The qualified name of a coroutine as a text of the list. */
const char *cpython_coroutine_name(const struct lp_task_reader *reader, uint64_t qualname);

#endif /* LP_RUNTIME_CPYTHON_TASKS_TASK_H */
