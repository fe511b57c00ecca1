// SPDX-License-Identifier: BSD-2-Clause
/*
 * -s: the descendants that a process has already when it is added. Those that begin later are
 * reported by BPF.
 */
#include "targets_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "runtime/detect.h"

#include <stdio.h>
#include <stdlib.h>

/* The limits of the search: generations, and processes. */
#define GENERATIONS 64
#define DESCENDANTS_MAX LP_MAX_PROCESSES
/* The limit of listings of all processes. A child may fork while others are listed. */
#define ROUNDS 3
/* Without -s descendants are only counted: the limits in processes and in ns. */
#define COUNT_MAX 64
#define COUNT_NS (500 * NS_PER_MS)

struct process_member {
	pid_t pid;
	pid_t parent;
	bool descends;
};

static int by_pid(const void *left, const void *right)
{
	pid_t a = ((const struct process_member *)left)->pid,
	      b = ((const struct process_member *)right)->pid;

	return a < b ? -1 : a > b;
}

/*
 * Marks the next generation of descendants among the members, which are sorted by PID. Returns
 * whether it found any.
 */
static bool mark_children(struct process_member *members, size_t count, pid_t root)
{
	bool any = false;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct process_member key = { .pid = members[i].parent };
		const struct process_member *parent;

		if (members[i].descends || members[i].parent <= 0)
			continue;
		parent = bsearch(&key, members, count, sizeof(*members), by_pid);
		members[i].descends = members[i].parent == root || (parent && parent->descends);
		any |= members[i].descends;
	}
	return any;
}

/*
 * Lists the descendants of a process, DESCENDANTS_MAX at most. Returns their number. The caller
 * frees *found.
 */
static size_t list_descendants(pid_t root, pid_t **found)
{
	struct process_member *members = NULL;
	size_t retained = 0, generation;
	pid_t *pids;
	ssize_t count = process_list(&pids), i;

	*found = pids;
	if (count > 0)
		members = calloc((size_t)count, sizeof(*members));
	for (i = 0; members && i < count; i++)
		members[i] = (struct process_member){ .pid = pids[i],
						      .parent = process_parent(pids[i]) };
	if (members)
		qsort(members, (size_t)count, sizeof(*members), by_pid);
	for (generation = 0; members && generation < GENERATIONS; generation++)
		if (!mark_children(members, (size_t)count, root))
			break;
	for (i = 0; members && i < count && retained < DESCENDANTS_MAX; i++)
		if (members[i].descends && members[i].pid != root)
			pids[retained++] = members[i].pid;
	free(members);
	return retained;
}

size_t targets_consider_descendants(struct lp_targets *targets, pid_t root)
{
	size_t count, i, considered = 0, before;
	pid_t *pids;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		before = targets->alive;
		count = list_descendants(root, &pids);
		for (i = 0; i < count; i++)
			targets_consider(targets, pids[i], NULL);
		free(pids);
		if (targets->alive == before)
			break;
		considered += targets->alive - before;
	}
	return considered;
}

/* Returns whether a process, which is no target, runs an event loop. */
static bool runs_loop(pid_t pid)
{
	static struct lp_running_loop loops[LP_MAX_LOOPS];
	struct lp_process_info process;
	struct lp_instance instance;
	struct lp_error error;
	bool runs = false;

	if (process_open(pid, &process, &error))
		return false;
	if (!runtime_detect(&process, &instance, &error)) {
		runs = instance.runtime->may_run_loop(&instance) &&
		       instance.runtime->find_loops(&instance, loops, LP_MAX_LOOPS) > 0;
		instance.runtime->release(&instance);
	}
	process_close(&process);
	return runs;
}

size_t targets_looping_descendants(pid_t root, pid_t *looping, size_t size)
{
	uint64_t until = clock_now() + COUNT_NS;
	size_t count, i, running = 0;
	pid_t *pids;

	count = list_descendants(root, &pids);
	for (i = 0; i < count && i < COUNT_MAX && clock_now() < until && !remote_is_over(); i++)
		if (runs_loop(pids[i])) {
			if (running < size)
				looping[running] = pids[i];
			running++;
		}
	free(pids);
	return running;
}

size_t targets_children_text(pid_t pid, char *pids, size_t size)
{
	pid_t looping[LP_CHILDREN_NAMED];
	size_t i, count = targets_looping_descendants(pid, looping, LP_CHILDREN_NAMED), at = 0;

	pids[0] = '\0';
	for (i = 0; i < count && i < LP_CHILDREN_NAMED && at < size; i++)
		at += (size_t)snprintf(pids + at, size - at, "%s%d", i ? "," : "", looping[i]);
	return count;
}

void targets_report_children(struct lp_targets *targets, bool ran)
{
	char pids[LP_CHILDREN_TEXT_MAX];
	struct lp_target *target;
	const char *others;
	size_t count;
	pid_t pid;

	for (target = targets->first; target; target = target->next) {
		if (!target->named || target->state != LP_TARGET_ATTACHED)
			continue;
		pid = target->process.pid;
		count = targets_children_text(pid, pids, sizeof(pids));
		others = count > LP_CHILDREN_NAMED ? " and others" : "";
		if (count && ran)
			log_note(
				"event loops run in %zu of the child processes of process %d as well, which were not profiled: `loopprof -p %d -s` follows them, and `loopprof tasks -p %s`%s shows what their tasks wait for",
				count, pid, pid, pids, others);
		else if (count)
			log_note(
				"no event loop ran in process %d, but %zu of its child processes run%s one (%s%s): `loopprof -p %d -s` follows them",
				pid, count, count == 1 ? "s" : "", pids, others, pid);
	}
}
