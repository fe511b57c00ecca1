/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which processes are profiled: named ones, all of the host, or children of
 * those.  Finds them, waits for them to get so far, tells the session to attach,
 * and notices when they end.
 */
#ifndef LP_DISCOVERY_TARGETS_H
#define LP_DISCOVERY_TARGETS_H

#include "session/session.h"
#include "live/live.h"

struct lp_targets;

struct lp_targets_config {
	bool sampling; /* no probe finds loops: they are looked for */
	struct lp_session *session;
	struct lp_live *live;
	uint64_t threshold_ns;
	bool all; /* every process of the host */
	const char *cgroup; /* of those only that are in it or below; NULL: of all */
	bool subprocesses; /* children of targets */
};

int targets_new(const struct lp_targets_config *config, struct lp_targets **targets);
void targets_free(struct lp_targets *targets);

/*
 * A process that was asked for by its PID.  Fails with a sentence if it cannot be
 * profiled; with expect, one that is no Python yet is waited for.
 */
int targets_add(struct lp_targets *targets, pid_t pid, bool expect, struct lp_error *error);

/*
 * Counts the descendants of a process that run an event loop, and stores the PIDs of the first
 * size of them.  The count is bounded in processes and time, so a crowd may be counted short.
 */
size_t targets_looping_descendants(pid_t root, pid_t *looping, size_t size);

/* -a: looks at every process there is. */
void targets_scan(struct lp_targets *targets);

/*
 * Attaches now what targets_check would do bit by bit: to be called once they run.  Returns whether
 * there is a target and nothing is left to attach to any.
 */
bool targets_wait_quiet(struct lp_targets *targets);

/* A process forked, or replaced its program (LP_EVENT_PROCESS). */
void targets_process_event(struct lp_targets *targets, const struct lp_event_process *event);

/* A thread has become a loop (LP_EVENT_LOOP). */
void targets_loop_event(struct lp_targets *targets, const struct lp_event_loop *event);

/* A thread of a target polls, and may run a loop (LP_EVENT_POLLER). */
void targets_poller_event(struct lp_targets *targets, const struct lp_event_poller *event);

/* Readable when a process has ended: then targets_reap is to be called. */
int targets_descriptor(const struct lp_targets *targets);
void targets_reap(struct lp_targets *targets);

/* Looks again at those that were not ready.  Returns when to be called again (CLOCK_MONOTONIC). */
uint64_t targets_check(struct lp_targets *targets, uint64_t now_ns);

/*
 * Takes what examinations have found: to be called when remote_descriptor() is readable.
 * Returns whether there was any.
 */
bool targets_examine(struct lp_targets *targets);

/* When it has to be called before that: processes have arrived.  UINT64_MAX: none have. */
uint64_t targets_due(const struct lp_targets *targets);

/* How many may still bring forth events, and how many were ever attached. */
size_t targets_alive(const struct lp_targets *targets);
size_t targets_attached(const struct lp_targets *targets);
/* How many are profiled now, and how many ever could not be, though they run Python. */
size_t targets_profiled(const struct lp_targets *targets);
uint64_t targets_failures(const struct lp_targets *targets);

#endif /* LP_DISCOVERY_TARGETS_H */
