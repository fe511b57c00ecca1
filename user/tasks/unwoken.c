// SPDX-License-Identifier: BSD-2-Clause
#include "unwoken.h"

#include "base/macros.h"
#include "process/thread_call.h"

#include <errno.h>
#include <stdlib.h>

/* The most loops of a process whose stacks are read. */
#define RUNNING_MAX 1024

/* A task of which a part could not be read may be running. */
static bool is_ready(const struct lp_tasks_snapshot *snapshot, size_t task, size_t loop)
{
	return snapshot->list.tasks[task].state == LP_TASK_READY &&
	       !snapshot->list.tasks[task].partial && snapshot->places[task].loop == loop;
}

static bool has_ready(const struct lp_tasks_snapshot *snapshot, size_t loop)
{
	size_t i;

	for (i = 0; i < snapshot->list.count; i++)
		if (is_ready(snapshot, i, loop))
			return true;
	return false;
}

/* The running loops of a process, as its adapter finds them.  The search takes milliseconds. */
struct running {
	bool searched;
	int count;
	struct lp_running_loop loops[RUNNING_MAX];
};

/*
 * Returns whether a thread that is in a system call is in the loop's poll.  The system call alone
 * is no proof: a callback may call poll(), too, or sleep by select().  Within the loop's own frame
 * there is at most that of the selector; a loop that polls by other means has none.
 */
static bool is_loops_own(const struct lp_instance *instance, struct running *running, pid_t tid,
			 const struct lp_thread_call *call)
{
	struct lp_wait wait = { .syscall = call->number };
	struct lp_loop_stack stack;
	int i;

	if (!running->searched)
		running->count =
			instance->runtime->find_loops(instance, running->loops, RUNNING_MAX);
	running->searched = true;
	for (i = 0; i < (int)ARRAY_SIZE(call->arguments); i++)
		wait.arguments[i] = call->arguments[i];
	for (i = 0; i < running->count; i++) {
		const struct lp_running_loop *loop = &running->loops[i];

		if (loop->tid != tid)
			continue;
		instance->runtime->loop_stack(instance, loop, &wait, true, &stack);
		return stack.shows == LP_SHOWS_LOOP && stack.depth <= (loop->own_poll ? 0 : 1);
	}
	return false;
}

/* Fills in the progress of the thread.  Without a count of its time slices none can be seen. */
static bool sleeps_in_poll(const struct lp_tasks_snapshot *snapshot, struct running *running,
			   size_t loop, struct lp_cpu_progress *thread)
{
	pid_t tid = snapshot->list.loops[loop].tid;
	struct lp_thread_call call;

	*thread = cpu_progress_read(tid);
	return thread->state == 'S' && thread->slices &&
	       thread_call_read(snapshot->process->pid, tid, &call) && thread_call_waits(&call) &&
	       is_loops_own(snapshot->instance, running, tid, &call);
}

int unwoken_suspected(const struct lp_tasks_snapshot *snapshot, struct lp_cpu_progress **threads)
{
	struct running *running = calloc(1, sizeof(*running));
	struct lp_cpu_progress thread;
	int suspected = running ? 0 : -ENOMEM;
	size_t loop;

	*threads = NULL;
	for (loop = 0; loop < snapshot->loop_count && suspected >= 0; loop++) {
		if (!snapshot->list.loops[loop].tid || !has_ready(snapshot, loop) ||
		    !sleeps_in_poll(snapshot, running, loop, &thread))
			continue;
		if (!*threads)
			*threads = calloc(snapshot->loop_count, sizeof(**threads));
		suspected = *threads ? 1 : -ENOMEM;
		if (*threads)
			(*threads)[loop] = thread;
	}
	free(running);
	return suspected;
}

/* Returns the number of a loop in another snapshot, or the count of its loops if it has none. */
static size_t find_loop(const struct lp_tasks_snapshot *snapshot, const struct lp_task_loop *loop)
{
	size_t i;

	for (i = 0; i < snapshot->loop_count; i++)
		if (snapshot->list.loops[i].address == loop->address &&
		    snapshot->list.loops[i].tid == loop->tid)
			break;
	return i;
}

int unwoken_confirm(const struct lp_tasks_snapshot *first, const struct lp_cpu_progress *threads,
		    struct lp_tasks_snapshot *second)
{
	struct running *running = calloc(1, sizeof(*running));
	struct lp_cpu_progress now;
	size_t loop, at, i;

	if (!running)
		return -ENOMEM;
	for (loop = 0; loop < first->loop_count; loop++) {
		/* a thread that was not suspected has no state */
		if (!threads[loop].state)
			continue;
		at = find_loop(second, &first->list.loops[loop]);
		if (at == second->loop_count || !sleeps_in_poll(second, running, at, &now) ||
		    cpu_progress_made(&threads[loop], &now))
			continue;
		for (i = 0; i < second->list.count; i++)
			if (is_ready(second, i, at)) {
				second->places[i].unwoken = true;
				second->unwoken_count++;
			}
	}
	free(running);
	return 0;
}
