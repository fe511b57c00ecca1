// SPDX-License-Identifier: BSD-2-Clause
#include "unwoken.h"

#include "base/macros.h"
#include "process/thread_call.h"

#include <errno.h>
#include <stdlib.h>

/* The most loops of a process whose stacks are read. */
#define RUNNING_MAX 1024

/* Returns whether a task of the loop is ready to run. */
static bool has_ready(const struct lp_tasks_snapshot *snapshot, size_t loop)
{
	size_t i;

	for (i = 0; i < snapshot->list.count; i++)
		if (snapshot->list.tasks[i].state == LP_TASK_READY &&
		    snapshot->places[i].loop == loop)
			return true;
	return false;
}

/* The running loops of a process, as its adapter finds them. */
struct running {
	struct lp_running_loop loops[RUNNING_MAX];
	int count;
};

static struct running *find_running(const struct lp_instance *instance)
{
	struct running *running = malloc(sizeof(*running));

	if (running)
		running->count =
			instance->runtime->find_loops(instance, running->loops, RUNNING_MAX);
	return running;
}

/*
 * Returns whether a thread that is in a system call is in the loop's poll.  The system call alone
 * does not tell: a callback may call poll(), too, or sleep by select().
 */
static bool is_loops_own(const struct lp_instance *instance, const struct running *running,
			 pid_t tid, const struct lp_thread_call *call)
{
	struct lp_wait wait = { .syscall = call->number };
	struct lp_loop_stack stack;
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(call->arguments); i++)
		wait.arguments[i] = call->arguments[i];
	for (i = 0; i < running->count; i++) {
		if (running->loops[i].tid != tid)
			continue;
		instance->runtime->loop_stack(instance, &running->loops[i], &wait, true, &stack);
		return stack.shows == LP_SHOWS_LOOP;
	}
	return false;
}

static bool sleeps_in_poll(const struct lp_tasks_snapshot *snapshot, const struct running *running,
			   size_t loop, struct lp_cpu_progress *thread)
{
	pid_t tid = snapshot->list.loops[loop].tid;
	struct lp_thread_call call;

	*thread = cpu_progress_read(tid);
	return thread->state == 'S' && thread_call_read(snapshot->process->pid, tid, &call) &&
	       thread_call_polls(call.number) &&
	       is_loops_own(snapshot->instance, running, tid, &call);
}

int unwoken_suspected(const struct lp_tasks_snapshot *snapshot, struct lp_cpu_progress **threads)
{
	struct running *running = NULL;
	struct lp_cpu_progress thread;
	int suspected = 0;
	size_t loop;

	*threads = NULL;
	for (loop = 0; loop < snapshot->loop_count && suspected >= 0; loop++) {
		if (!snapshot->list.loops[loop].tid || !has_ready(snapshot, loop))
			continue;
		if (!running)
			running = find_running(snapshot->instance);
		if (running && !sleeps_in_poll(snapshot, running, loop, &thread))
			continue;
		if (running && !*threads)
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
	struct running *running = find_running(second->instance);
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
			if (second->list.tasks[i].state == LP_TASK_READY &&
			    second->places[i].loop == at) {
				second->places[i].unwoken = true;
				second->unwoken_count++;
			}
	}
	free(running);
	return 0;
}
