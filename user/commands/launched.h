/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program after -- once the run is over: loopprof waits for its exit status. Whoever started
 * loopprof may know its PID only, so that a signal for it is forwarded to the program.
 */
#ifndef LP_COMMANDS_LAUNCHED_H
#define LP_COMMANDS_LAUNCHED_H

#include "discovery/launch.h"

struct lp_launched {
	struct lp_launch *launch;
	const char *name; /* of the program */
	int signal; /* the first signal that asked for the end; 0: none yet */
	uint64_t since_ns; /* instant of that signal */
	bool forwarded; /* it was forwarded to the program */
};

/*
 * Takes the signal that ended the run from a signalfd of ending_open(), if there is one. Does
 * nothing else without a program.
 */
void launched_take(struct lp_launched *launched, int signals);

/*
 * Waits until the program has ended, and says so on stderr if that takes longer. The second signal
 * ends this process. Returns the status as launch_wait() does, or 1 if the program was told to end
 * and is stopped, so that it cannot.
 */
int launched_wait(struct lp_launched *launched);

#endif /* LP_COMMANDS_LAUNCHED_H */
