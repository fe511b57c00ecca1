/* SPDX-License-Identifier: BSD-2-Clause */
/* What threads wait for, in words. */
#ifndef LP_TASKS_TEXT_THREAD_H
#define LP_TASKS_TEXT_THREAD_H

#include "sinks/sink.h"
#include "snapshot.h"

#define LP_THREAD_TEXT 1024

/*
 * Describes what a thread waits for: "waits for a threading.RLock that thread 'x' holds, at x.py:3
 * in write".  "" if it is not known.
 */
void text_thread_wait(const struct lp_tasks_snapshot *snapshot, size_t thread,
		      char text[LP_THREAD_TEXT]);

/* Names a thread: "thread 'db_0'". */
void text_thread_name(const struct lp_pool_thread *thread, char *text, size_t size);

/* Prints a thread of a deadlock: name, line, and what it waits for. */
void text_thread_print(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_tasks_snapshot *snapshot, size_t thread, bool stack);

/*
 * Prints the threads that wait for a task or another thread, apart from those of loops and of
 * deadlocks.
 */
void text_threads_print(FILE *file, const struct lp_terminal *terminal,
			const struct lp_tasks_snapshot *snapshot, bool stack);

/* Returns whether a thread is in one of the deadlocks that the snapshot has. */
bool text_thread_deadlocked(const struct lp_tasks_snapshot *snapshot, size_t thread);

/* Returns the index of a thread of the list by its id; SIZE_MAX: it is not in there. */
size_t text_thread_find(const struct lp_tasks_snapshot *snapshot, pid_t tid);

#endif /* LP_TASKS_TEXT_THREAD_H */
