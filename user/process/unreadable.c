// SPDX-License-Identifier: BSD-2-Clause
#include "unreadable.h"

#include "process.h"
#include "base/macros.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_FIRST_NS NS_PER_S
#define STEP_LAST_NS 300000000000ULL

/* Finds an entry by PID; the caller checks that the process is still the same. */
static struct lp_unreadable_process *find(const struct lp_unreadable *unreadable, pid_t pid)
{
	size_t i;

	for (i = 0; i < LP_UNREADABLE_MAX; i++)
		if (unreadable->processes[i].pid == pid)
			return (struct lp_unreadable_process *)&unreadable->processes[i];
	return NULL;
}

bool unreadable_has(const struct lp_unreadable *unreadable, pid_t pid)
{
	const struct lp_unreadable_process *process;

	if (!unreadable->count)
		return false;
	process = find(unreadable, pid);
	return process && process->blocked && process_start_ticks(pid) == process->start_ticks;
}

static void empty(struct lp_unreadable_process *process)
{
	free(process->request);
	if (process->hanging)
		close(process->hanging - 1);
	memset(process, 0, sizeof(*process));
}

static struct lp_unreadable_process *reserve(struct lp_unreadable *unreadable)
{
	struct lp_unreadable_process *first = &unreadable->processes[0];
	size_t i;

	for (i = 0; i < LP_UNREADABLE_MAX; i++) {
		struct lp_unreadable_process *process = &unreadable->processes[i];

		if (!process->pid)
			return process;
		if (process->retry_ns < first->retry_ns)
			first = process;
	}
	return first;
}

struct lp_unreadable_process *unreadable_mark(struct lp_unreadable *unreadable, pid_t pid,
					      uint64_t now_ns, const void *request, size_t bytes,
					      bool *first)
{
	struct lp_unreadable_process *process = find(unreadable, pid);
	uint64_t ticks = process_start_ticks(pid);

	*first = !process || process->start_ticks != ticks;
	if (!process)
		process = reserve(unreadable);
	if (*first) {
		empty(process);
		process->pid = pid;
		process->start_ticks = ticks;
		unreadable->count++;
	}
	free(process->request);
	process->request = malloc(bytes);
	process->bytes = process->request ? bytes : 0;
	if (process->request)
		memcpy(process->request, request, bytes);
	process->blocked = true;
	unreadable_put_off(process, now_ns);
	return process;
}

void unreadable_hangs(struct lp_unreadable_process *process, int descriptor)
{
	if (process->hanging)
		close(process->hanging - 1);
	process->hanging = descriptor + 1;
}

/* Returns whether the worker that hung in reading the process has ended. */
static bool is_free(struct lp_unreadable_process *process)
{
	struct pollfd polled = { .fd = process->hanging - 1, .events = POLLIN };

	if (!process->hanging)
		return true;
	if (poll(&polled, 1, 0) <= 0)
		return false;
	unreadable_hangs(process, -1);
	return true;
}

void unreadable_clear(struct lp_unreadable_process *process)
{
	/* the step is retained: a process that answers at times is tried as seldom */
	process->blocked = false;
}

struct lp_unreadable_process *unreadable_due(struct lp_unreadable *unreadable, uint64_t now_ns)
{
	size_t i;

	for (i = 0; unreadable->count && i < LP_UNREADABLE_MAX; i++) {
		struct lp_unreadable_process *process = &unreadable->processes[i];

		if (!process->pid || !process->blocked || now_ns < process->retry_ns ||
		    !is_free(process))
			continue;
		if (process_start_ticks(process->pid) == process->start_ticks)
			return process;
		empty(process);
	}
	return NULL;
}

void unreadable_put_off(struct lp_unreadable_process *process, uint64_t now_ns)
{
	process->step_ns = process->step_ns ? process->step_ns * 2 : STEP_FIRST_NS;
	if (process->step_ns > STEP_LAST_NS)
		process->step_ns = STEP_LAST_NS;
	process->retry_ns = now_ns + process->step_ns;
}

void unreadable_free(struct lp_unreadable *unreadable)
{
	size_t i;

	for (i = 0; i < LP_UNREADABLE_MAX; i++)
		empty(&unreadable->processes[i]);
	memset(unreadable, 0, sizeof(*unreadable));
}
