/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The targets: processes that are profiled or may be, as they were named, are children of targets,
 * or run on the host (-a). They are found, examined until they are ready, attached by the session,
 * and dropped when they end.
 */
#ifndef LP_DISCOVERY_TARGETS_H
#define LP_DISCOVERY_TARGETS_H

#include "session/session.h"
#include "live/live.h"

struct lp_targets;

struct lp_targets_config {
	bool sampling; /* sample mode or bursts: loops are searched for, as no probe finds them */
	struct lp_session *session;
	struct lp_live *live;
	uint64_t threshold_ns;
	bool all; /* -a: all processes of the host */
	const char *cgroup; /* with all: only the processes in this cgroup or below; NULL: all */
	bool subprocesses; /* children of targets become targets */
};

int targets_new(const struct lp_targets_config *config, struct lp_targets **targets);
void targets_free(struct lp_targets *targets);

/*
 * Adds a process that was named by its PID, and waits for its examination. With expect, a process
 * that is no Python yet is not an error but is waited for. Returns 0, or a negative errno with a
 * sentence.
 */
int targets_add(struct lp_targets *targets, pid_t pid, bool expect, struct lp_error *error);

/*
 * Counts the descendants of a process that run an event loop, and stores the PIDs of the first size
 * of them in looping. The search is bounded in processes and time, so that the count may be too
 * low.
 */
size_t targets_looping_descendants(pid_t root, pid_t *looping, size_t size);

/* The number of child processes that a message names, and the bytes of their PIDs. */
#define LP_CHILDREN_NAMED 8
#define LP_CHILDREN_TEXT_MAX (LP_CHILDREN_NAMED * 12)

/*
 * Writes the PIDs of the first LP_CHILDREN_NAMED descendants that run an event loop: "43,44".
 * Returns the number of all of them.
 */
size_t targets_children_text(pid_t pid, char *pids, size_t size);

/*
 * Reports the children that run event loops of the processes that were named by their PIDs. ran:
 * the run has profiled a loop.
 */
void targets_report_children(struct lp_targets *targets, bool ran);

/* -a: inspects all processes of the host. */
void targets_scan(struct lp_targets *targets);

/*
 * Examines and attaches all targets at once, for which targets_check takes several calls, and waits
 * for it for some seconds at most. Returns whether there is a target and all of them are attached
 * completely.
 */
bool targets_attach_all(struct lp_targets *targets);

/* Handles a fork or an exec of a process (LP_EVENT_PROCESS). */
void targets_process_event(struct lp_targets *targets, const struct lp_event_process *event);

/* Handles a thread that has become a loop (LP_EVENT_LOOP). */
void targets_loop_event(struct lp_targets *targets, const struct lp_event_loop *event);

/* Handles a thread of a target that polls and may run a loop (LP_EVENT_POLLER). */
void targets_poller_event(struct lp_targets *targets, const struct lp_event_poller *event);

/*
 * Returns a descriptor, owned by targets, that is readable when a target has ended. targets_reap
 * then drops the targets that have ended.
 */
int targets_descriptor(const struct lp_targets *targets);
void targets_reap(struct lp_targets *targets);

/* Examines the targets that are due. Returns the instant of the next call (CLOCK_MONOTONIC). */
uint64_t targets_check(struct lp_targets *targets, uint64_t now_ns);

/*
 * Handles the results of examinations and begins the next ones. To be called when
 * remote_descriptor() is readable. Returns whether there were results.
 */
bool targets_examine(struct lp_targets *targets);

/*
 * Returns the instant at which targets_check has to be called because of new processes, or
 * UINT64_MAX.
 */
uint64_t targets_due(const struct lp_targets *targets);

/*
 * targets_alive returns the number of targets, whatever their state; targets_attached the number of
 * those that were ever attached.
 */
size_t targets_alive(const struct lp_targets *targets);
size_t targets_attached(const struct lp_targets *targets);
/*
 * targets_profiled returns the number of targets that are attached now; targets_failures the number
 * of processes that could not be profiled although they run Python, or may.
 */
size_t targets_profiled(const struct lp_targets *targets);
uint64_t targets_failures(const struct lp_targets *targets);

#endif /* LP_DISCOVERY_TARGETS_H */
