// SPDX-License-Identifier: BSD-2-Clause
/*
 * -a and -s: finds new processes, by events and by scans of all processes, and adds those that may
 * be profiled.
 */
#include "targets_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"

#include <stdlib.h>
#include <unistd.h>

/*
 * The time in ns from the beginning of a new process to its inspection. In sample mode a loop with
 * a shorter lifetime has no samples.
 */
#define SAMPLE_DELAY_NS (20 * NS_PER_MS)
#define TRACE_DELAY_NS (5 * NS_PER_MS)
/*
 * The time in ns after which a process that still runs is examined although short processes of its
 * program had no interpreter.
 */
#define SHORT_NS (3000 * NS_PER_MS)
/*
 * The time in ns between two scans of all processes, which find those that events missed. A scan
 * takes microseconds per process.
 */
#define RESCAN_NS (60000 * NS_PER_MS)
/* The same time with --cgroup, as processes are also moved into cgroups by hand. */
#define RESCAN_CGROUP_NS (10000 * NS_PER_MS)
/*
 * The time in ns for the new processes that are inspected in one call, and for the part of a scan.
 * What is left comes in the next one.
 */
#define PORTION_NS (10 * NS_PER_MS)
/* The least time in ns between two scans after events were lost. */
#define RESCAN_LEAST_NS (2000 * NS_PER_MS)

void targets_learn(struct lp_targets *targets, const struct lp_target *target,
		   enum lp_process_outcome outcome)
{
	uint64_t now = clock_now();

	if (!targets->known || !target->keyed)
		return;
	program_cache_learn(targets->known, &target->key, outcome, now);
	if (outcome == LP_OUTCOME_NO_INTERPRETER)
		examined_processes_put(&targets->examined,
				       &(struct lp_examined_process){
					       .pid = target->process.pid,
					       .start_ticks = target->process.start_ticks,
					       .key = target->key,
					       .until_ns = now + LP_LIVED_NS,
				       });
}

void targets_consider(struct lp_targets *targets, pid_t pid, const struct lp_program_key *key)
{
	struct lp_target *target = target_find(targets, pid);
	struct lp_error error;

	/* the PID may be that of a new process before the end of the old one was noticed */
	if (target && process_ended(&target->process)) {
		target_drop(targets, target);
		target = NULL;
	}
	if (pid == getpid() || target)
		return;
	if (targets->config.cgroup && !process_is_within(pid, targets->cgroup))
		return;
	target = target_new(targets, pid, false, &error);
	if (!target)
		return;
	target->keyed = key != NULL;
	if (key)
		target->key = *key;
	target_queue_examination(targets, target);
}

/*
 * Inspects a process that may have been running for long, in which case it will not become a Python
 * process any more. The results of other processes that run its program file do not count for it.
 */
static void inspect(struct lp_targets *targets, pid_t pid, uint64_t now)
{
	struct lp_program_key key;
	enum lp_program_kind kind = program_cache_find(targets->known, pid, now, &key);
	struct lp_target *target;
	bool before = false;

	if (kind == LP_PROGRAM_NONE ||
	    (kind != LP_PROGRAM_INTERPRETER &&
	     examined_processes_have(&targets->examined, pid, &key, now)))
		return;
	if (target_find(targets, pid))
		before = true;
	targets_consider(targets, pid, &key);
	target = target_find(targets, pid);
	if (target && !before)
		target->scanned = true;
}

/* Lists all processes, for continue_scan. */
static void begin_scan(struct lp_targets *targets, uint64_t now)
{
	struct lp_process_scan *scan = &targets->scan;
	ssize_t count;

	targets->lost = session_lost(targets->config.session, LP_LOST_RING);
	targets->rescanned_ns = now;
	targets->rescan_ns = now + (targets->config.cgroup ? RESCAN_CGROUP_NS : RESCAN_NS);
	free(scan->pids);
	count = process_list(&scan->pids);
	scan->count = count > 0 ? (size_t)count : 0;
	scan->next = 0;
}

/* Inspects the listed processes that are left, until an instant or until the run is to stop. */
static void continue_scan(struct lp_targets *targets, uint64_t now, uint64_t until_ns)
{
	struct lp_process_scan *scan = &targets->scan;

	while (scan->next < scan->count && clock_now() < until_ns && !remote_is_over())
		inspect(targets, scan->pids[scan->next++], now);
	if (scan->next < scan->count)
		return;
	target_check_files(targets);
	free(scan->pids);
	scan->pids = NULL;
}

void targets_scan(struct lp_targets *targets)
{
	uint64_t now = clock_now();

	begin_scan(targets, now);
	continue_scan(targets, now, UINT64_MAX);
}

static void rescan_soon(struct lp_targets *targets)
{
	uint64_t due = targets->rescanned_ns + RESCAN_LEAST_NS;

	if (due < targets->rescan_ns)
		targets->rescan_ns = due;
}

/*
 * Puts off the examination of a process whose program file was run by short processes before. If
 * the queue is full, the next scan examines it.
 */
static void add_short_process(struct lp_targets *targets, pid_t pid, uint64_t now)
{
	const struct lp_new_process process = { .pid = pid, .due_ns = now + SHORT_NS };

	new_processes_put(&targets->short_processes, &process);
}

/*
 * Adds a new process to the queue of those that are inspected later. exec: it has called exec, so
 * that its program file is known.
 */
static void add_new_process(struct lp_targets *targets, pid_t pid, bool exec)
{
	struct lp_new_process new_process = { .pid = pid };
	uint64_t now = clock_now();
	enum lp_program_kind kind;

	if (exec) {
		kind = program_cache_find(targets->known, pid, now, &new_process.key);
		if (kind == LP_PROGRAM_SHORT)
			add_short_process(targets, pid, now);
		if (kind == LP_PROGRAM_NONE || kind == LP_PROGRAM_OTHER || kind == LP_PROGRAM_SHORT)
			return;
		new_process.keyed = true;
	}
	new_process.due_ns = now + (targets->config.sampling ? SAMPLE_DELAY_NS : TRACE_DELAY_NS);
	if (!new_processes_put(&targets->new_processes, &new_process))
		rescan_soon(targets);
}

static void inspect_new_process(struct lp_targets *targets,
				const struct lp_new_process *new_process, uint64_t now)
{
	struct lp_program_key key;

	switch (program_cache_find(targets->known, new_process->pid, now, &key)) {
	case LP_PROGRAM_UNKNOWN:
	case LP_PROGRAM_INTERPRETER:
		targets_consider(targets, new_process->pid, &key);
		break;
	case LP_PROGRAM_NONE:
		if (new_process->keyed)
			program_cache_learn(targets->known, &new_process->key, LP_OUTCOME_ENDED,
					    now);
		break;
	case LP_PROGRAM_SHORT:
		add_short_process(targets, new_process->pid, now);
		break;
	case LP_PROGRAM_OTHER:
		break;
	}
}

uint64_t targets_due(const struct lp_targets *targets)
{
	return min_u64(new_processes_due(&targets->new_processes),
		       new_processes_due(&targets->short_processes));
}

uint64_t targets_find_more(struct lp_targets *targets, uint64_t now)
{
	struct lp_new_process new_process;
	uint64_t due;

	if (!targets->config.all)
		return UINT64_MAX;
	while (clock_now() - now < PORTION_NS &&
	       new_processes_take(&targets->new_processes, now, &new_process))
		inspect_new_process(targets, &new_process, now);
	while (clock_now() - now < PORTION_NS &&
	       new_processes_take(&targets->short_processes, now, &new_process))
		inspect(targets, new_process.pid, now);
	if (session_lost(targets->config.session, LP_LOST_RING) != targets->lost)
		rescan_soon(targets);
	if (!targets->scan.pids && now >= targets->rescan_ns)
		begin_scan(targets, now);
	if (targets->scan.pids)
		continue_scan(targets, now, clock_now() + PORTION_NS);
	if (targets->scan.pids)
		return now;
	due = targets_due(targets);
	return due < targets->rescan_ns ? due : targets->rescan_ns;
}

/*
 * Forgets what was found in a process that has replaced its program. With -a it is handled as a new
 * process unless it was named. at_ns: the instant of the exec; a target that was added later runs
 * the new program already.
 */
static void on_exec(struct lp_targets *targets, pid_t pid, uint64_t at_ns)
{
	struct lp_target *target = target_find(targets, pid);

	if (!target) {
		if (targets->config.all)
			add_new_process(targets, pid, true);
		return;
	}
	if (at_ns < target->since_ns)
		return;
	if (target->state == LP_TARGET_ATTACHED && target->named)
		log_note(
			"process %d replaced its program (exec); waiting for a loop in the new one",
			pid);
	if (targets->config.all && !target->named) {
		target_drop(targets, target);
		add_new_process(targets, pid, true);
		return;
	}
	target_cancel_examination(targets, target);
	target_reset(targets, target);
	process_refresh(&target->process);
	target->since_ns = clock_now();
	target->retry_step_ns = LP_RETRY_FIRST_NS;
	target->retry_ns = 0;
	target->stale_tries = 0;
}

static void on_fork(struct lp_targets *targets, pid_t parent, pid_t child)
{
	if (!target_find(targets, parent))
		return;
	if (targets->config.all)
		add_new_process(targets, child, false);
	else if (targets->config.subprocesses)
		targets_consider(targets, child, NULL);
}

void targets_process_event(struct lp_targets *targets, const struct lp_event_process *event)
{
	if (event->action == LP_PROCESS_EXEC)
		on_exec(targets, (pid_t)event->event.pid, event->event.time_ns);
	else if (event->action == LP_PROCESS_FORK)
		on_fork(targets, (pid_t)event->parent, (pid_t)event->event.pid);
}
