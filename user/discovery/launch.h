/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts a program and holds it just before its interpreter begins to run, so
 * that the probes are there for its first callback.
 */
#ifndef LP_DISCOVERY_LAUNCH_H
#define LP_DISCOVERY_LAUNCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lp_launch;

/*
 * Forks and execs, as the user who called sudo where there is one.  The program
 * is held by ptrace, until an interpreter is found in it.  follow: its children
 * are to be profiled too, so that it is let go when it forks.
 */
int launch_start(char *const argv[], bool follow, struct lp_launch **launch,
		 struct lp_error *error);
pid_t launch_pid(const struct lp_launch *launch);

/*
 * Continues until the program has an interpreter mapped, however many programs it replaces
 * itself by on the way.  Returns 1, with the program held still; 0 if it has ended, or was let
 * go, since it forked and its children are followed; -EINTR as soon as the descriptor stop is
 * readable, and -ETIME at an instant of CLOCK_MONOTONIC: the program is let go then.
 */
int launch_find_interpreter(struct lp_launch *launch, bool (*has_interpreter)(pid_t pid), int stop,
			    uint64_t end_ns);

/* How long a program with an interpreter is held on to. */
struct lp_launch_hold {
	bool (*is_complete)(
		void *context); /* is everything attached?  Called while it is stopped */
	void *context;
	int stop; /* readable when the run is to end */
	uint64_t until_ns; /* CLOCK_MONOTONIC */
};

/*
 * Goes on from system call to system call while the program loads asyncio, until everything is
 * attached that needs asyncio's module of C: what is lost in its first loop is then reported.  Ends
 * as well when the time is over or the run is to end.
 */
void launch_hold(struct lp_launch *launch, const struct lp_launch_hold *hold);

/*
 * A program that the kernel does not interrupt is let go once it can be stopped.  Waits for that up
 * to an instant of CLOCK_MONOTONIC; false: it is to be called again.
 */
bool launch_leave(struct lp_launch *launch, uint64_t until_ns);

/* Lets it run free. */
void launch_release(struct lp_launch *launch);

/* Has it ended?  Then *status is its exit status, or 128 plus the signal that ended it. */
bool launch_ended(struct lp_launch *launch, int *status);
/* Waits for its end. */
int launch_wait(struct lp_launch *launch);
void launch_free(struct lp_launch *launch);

#endif /* LP_DISCOVERY_LAUNCH_H */
