// SPDX-License-Identifier: BSD-2-Clause
/* The description of one wait: its text, and the edges to tasks that it waits for. */
#include "waits_internal.h"

#include "base/text.h"
#include "base/macros.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cpython_wait_append(struct lp_waiting *wait, const char *format, ...)
{
	size_t capacity = sizeof(wait->detail) - wait->used;
	va_list arguments;

	if (wait->used && capacity > 2) {
		memcpy(wait->detail + wait->used, ", ", 3);
		wait->used += 2;
	}
	va_start(arguments, format);
	wait->used = text_append(wait->detail, sizeof(wait->detail), wait->used, format, arguments);
	va_end(arguments);
}

uint64_t cpython_wait_now(const struct lp_waiting *wait)
{
	return memory_time() + (uint64_t)wait->clock_shift;
}

void cpython_wait_append_when(struct lp_waiting *wait, const char *early, const char *late,
			      double when)
{
	double left = when - (double)cpython_wait_now(wait) / NS_PER_S;
	char text[32];

	text_duration(text, sizeof(text), (uint64_t)(fabs(left) * NS_PER_S));
	if (left < 0)
		cpython_wait_append(wait, "%s by %s", late, text);
	else
		cpython_wait_append(wait, "%s in %s", early, text);
}

/* Records a task that gets an edge.  False: it has one already. */
static bool visit(struct lp_waits *waits, uint64_t task)
{
	size_t at = (size_t)(task * 0x9e3779b97f4a7c15ULL >> 32) % CPYTHON_WAIT_VISITED;

	while (waits->visited[at].stamp == waits->stamp) {
		if (waits->visited[at].task == task)
			return false;
		at = (at + 1) % CPYTHON_WAIT_VISITED;
	}
	waits->visited[at].stamp = waits->stamp;
	waits->visited[at].task = task;
	return true;
}

void cpython_wait_edge(struct lp_waiting *wait, uint64_t task, bool holds)
{
	struct lp_waits *waits = wait->waits;

	if (waits->edge_count == CPYTHON_WAIT_EDGES_MAX || !waits->edges_left) {
		wait->edges_cut = true;
		return;
	}
	if (!task || !visit(waits, task))
		return;
	waits->edges[waits->edge_count++] = (struct lp_task_edge){ .task = task, .holds = holds };
	waits->edges_left--;
}
