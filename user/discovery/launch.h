/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts a program and stops it just before its interpreter begins to run, so that the probes are
 * attached for its first callback.
 */
#ifndef LP_DISCOVERY_LAUNCH_H
#define LP_DISCOVERY_LAUNCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lp_launch;

/*
 * Forks a process that executes a program, as the user who called sudo if there is one. It is
 * traced by ptrace until an interpreter is found in it. follow: its children are profiled as well,
 * so that the trace ends when it forks. argv is used until launch_free. Returns 0, or a negative
 * errno with a sentence. Free with launch_free.
 */
int launch_start(char *const argv[], bool follow, struct lp_launch **launch,
		 struct lp_error *error);
pid_t launch_pid(const struct lp_launch *launch);

/*
 * Continues the program until it has mapped an interpreter; it may call exec any number of times.
 * has_interpreter is called while it is stopped.
 *
 * Returns 1 with the program stopped; 0 if it has ended, or if the trace has ended, as it forked
 * and its children are followed or as another thread than its first one called exec; -EINTR if the
 * descriptor stop is readable; -ETIME at end_ns, an instant of CLOCK_MONOTONIC; or another negative
 * errno with a sentence. With an error the trace ends. The program goes on then, unless it could
 * not be executed: launch_ended stores 127 if there is no such program, and 126 if it is not
 * executable.
 */
int launch_find_interpreter(struct lp_launch *launch, bool (*has_interpreter)(pid_t pid), int stop,
			    uint64_t end_ns, struct lp_error *error);

/* The conditions that end the hold of a program with an interpreter. */
struct lp_launch_hold {
	/* returns whether all probes are attached; called while the program is stopped */
	bool (*is_complete)(void *context);
	void *context;
	int stop; /* descriptor, readable when the run is to end */
	/*
	 * the longest time of the hold in ns, not counting the time in which the program waits for
	 * a CPU or is_complete runs
	 */
	uint64_t time_ns;
};

/*
 * Continues the program from system call to system call while it loads what runs loops, until
 * all probes that need it are attached, so that findings of its first loop are reported. Ends
 * as well after time_ns or when stop is readable. The caller then calls launch_release.
 */
void launch_hold(struct lp_launch *launch, const struct lp_launch_hold *hold);

/*
 * Ends the trace of a program that the kernel did not interrupt at once. Waits until it stops or
 * until an instant of CLOCK_MONOTONIC. Returns false if it has not stopped yet, so that the call
 * has to be repeated.
 */
bool launch_leave(struct lp_launch *launch, uint64_t until_ns);

/* Ends the trace of a stopped program, which goes on. */
void launch_release(struct lp_launch *launch);

/*
 * Returns whether the program has ended. *status is then its exit status, 128 plus the number of
 * the signal that ended it, or 1 if the status cannot be read.
 */
bool launch_ended(struct lp_launch *launch, int *status);
void launch_free(struct lp_launch *launch);

#endif /* LP_DISCOVERY_LAUNCH_H */
