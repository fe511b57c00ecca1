/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints a task as text. */
#ifndef LP_TASKS_TEXT_TASK_H
#define LP_TASKS_TEXT_TASK_H

#include "sinks/sink.h"
#include "alike.h"
#include "snapshot.h"

#define LP_RED "\033[1;31m"
#define LP_PLAIN "\033[0m"

/* The tree's lines before each line of a task. */
struct lp_rails {
	const char *first;
	const char *next;
};

const char *text_task_state(enum lp_task_state state);

/* Prints name, coroutine, state and its duration, source line, and what the task waits for. */
void text_task_print(FILE *file, const struct lp_terminal *terminal,
		     const struct lp_tasks_snapshot *snapshot, uint32_t task,
		     const struct lp_rails *rails);

/* Prints a reference to a task that is printed at another place. */
void text_task_reference(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_tasks_snapshot *snapshot, uint32_t task,
			 const struct lp_rails *rails, const char *where);

/* Prints the await chain, innermost frame first, and where the task was created. */
void text_task_stack(FILE *file, const struct lp_terminal *terminal,
		     const struct lp_tasks_snapshot *snapshot, uint32_t task, const char *prefix);

/* Prints a finished task: name and exception. */
void text_task_finished(FILE *file, const struct lp_terminal *terminal,
			const struct lp_tasks_snapshot *snapshot, uint32_t task,
			const char *prefix);

/* Prints "... and 9,997 more like it, waiting", and a further part of the sentence. */
void text_task_more(FILE *file, const struct lp_terminal *terminal,
		    const struct lp_tasks_snapshot *snapshot, const struct lp_alike_entry *entry,
		    const char *part, const struct lp_rails *rails);

/* The most columns of a task's name. */
#define LP_TASK_NAME_COLUMNS 28
const char *text_task_name(const struct lp_terminal *terminal, const struct lp_task *task,
			   char *text, size_t size);

/* Formats a number: "12,345". */
const char *text_task_number(uint64_t number, char text[32]);

#endif /* LP_TASKS_TEXT_TASK_H */
