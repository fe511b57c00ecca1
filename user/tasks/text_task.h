/* SPDX-License-Identifier: BSD-2-Clause */
/* One task, for people. */
#ifndef LP_TASKS_TEXT_TASK_H
#define LP_TASKS_TEXT_TASK_H

#include "sinks/sink.h"
#include "snapshot.h"

#define LP_RED "\033[1;31m"
#define LP_PLAIN "\033[0m"

/* What stands before each line of a task. */
struct lp_rails {
	const char *first;
	const char *next;
};

/* Who, which coroutine, in which state since when, where, and what it waits for. */
void text_task_print(FILE *file, const struct lp_terminal *terminal,
		     const struct lp_tasks_snapshot *snapshot, uint32_t task,
		     const struct lp_rails *rails);

/* A task that is told of elsewhere, and where. */
void text_task_reference(FILE *file, const struct lp_terminal *terminal,
			 const struct lp_tasks_snapshot *snapshot, uint32_t task,
			 const struct lp_rails *rails, const char *where);

/* Its await chain, innermost first, and where the task was created. */
void text_task_stack(FILE *file, const struct lp_terminal *terminal,
		     const struct lp_tasks_snapshot *snapshot, uint32_t task, const char *prefix);

/* One that has finished: who and what it raised. */
void text_task_finished(FILE *file, const struct lp_terminal *terminal,
			const struct lp_tasks_snapshot *snapshot, uint32_t task,
			const char *prefix);

/* "... and 9,997 more like it" */
void text_task_more(FILE *file, const struct lp_terminal *terminal, uint32_t more, const char *what,
		    const struct lp_rails *rails);

/* A task's name as it is shown: not longer than a line can take. */
#define LP_TASK_NAME_COLUMNS 28
const char *text_task_name(const struct lp_terminal *terminal, const struct lp_task *task,
			   char *text, size_t size);

/* "12,345" */
const char *text_task_number(uint64_t number, char text[32]);

#endif /* LP_TASKS_TEXT_TASK_H */
