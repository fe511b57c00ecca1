// SPDX-License-Identifier: BSD-2-Clause
/*
 * Modules/_asynciomodule.c: task_eager_start() runs the first step of a task inside its
 * constructor, and makes it the current task of the loop until that step ends.
 */
#include "eager_task.h"

#include "callback.h"
#include "process/memory.h"
#include "runtime/cpython/objects/await_chain.h"
#include "runtime/cpython/objects/object.h"
#include "runtime/cpython/tasks/enumerate.h"
#include "runtime/cpython/tasks/task_name.h"

#include <string.h>

/* Fills in the coroutine of a task.  Returns false if it is none of CPython's own. */
static bool find_coroutine(const struct lp_cpython *python, uint64_t task,
			   struct lp_eager_task *found)
{
	const struct lp_cpython_row *row = &python->row;
	uint64_t coroutine = memory_u64(python->pid, task + row->task.task_coro), code;

	if (!cpython_is_coroutine(python, coroutine))
		return false;
	found->at = (struct lp_eager_address){ task, coroutine };
	code = memory_u64(python->pid, coroutine + row->coroutine.cr_code) & ~row->frame.tag_mask;
	found->line = memory_u32(python->pid, code + row->code.co_firstlineno);
	cpython_string(python, memory_u64(python->pid, coroutine + row->coroutine.cr_qualname),
		       found->name, sizeof(found->name));
	cpython_string(python, memory_u64(python->pid, code + row->code.co_filename), found->file,
		       sizeof(found->file));
	return found->name[0] && found->line;
}

/* The loop that a thread runs: the task's, or without one, the thread's own.  0: not known. */
static uint64_t loop_of(const struct lp_cpython *python, uint64_t thread_state, uint64_t task)
{
	const struct lp_cpython_row *row = &python->row;

	if (task)
		return memory_u64(python->pid, task + row->task.fut_loop);
	if (row->thread.asyncio_running_loop == LP_NO_FIELD)
		return 0;
	return memory_u64(python->pid, thread_state + row->thread.asyncio_running_loop);
}

void cpython_eager_task(const struct lp_instance *instance, uint64_t thread_state, uint64_t task,
			const struct lp_eager_address *known, struct lp_eager_task *found)
{
	const struct lp_cpython *python = instance->reader;
	uint64_t loop, current;

	memset(found, 0, sizeof(*found));
	if (!python->row.asyncio.eager_tasks)
		return;
	if (known) {
		current = known->task;
	} else {
		loop = loop_of(python, thread_state, task);
		current = loop ? cpython_current_task(python, thread_state, loop) : 0;
	}
	if (!current || current == task)
		return;
	/* another task may be at the address of one that has ended */
	if (!find_coroutine(python, current, found) ||
	    (known && found->at.coroutine != known->coroutine)) {
		memset(found, 0, sizeof(*found));
		return;
	}
	if (!known)
		cpython_identify_task(python, current, &found->callback);
	cpython_task_name(instance, current, found->task_name, sizeof(found->task_name));
}
