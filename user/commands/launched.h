/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program after -- once the run is over: loopprof waits for its exit status. Whoever started
 * loopprof may not know the program's PID, so that signals to loopprof are forwarded to it.
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
 * Reads the signal that ended the run from a signalfd of ending_open(), if there is one. It is
 * forwarded to the program, if there is one that has not received the signal itself.
 */
void launched_take(struct lp_launched *launched, int signals);

/*
 * Waits until the program has ended, with a message on stderr if that takes long. The second signal
 * ends this process. Returns the status as launch_ended() stores it, or 1 if a signal asked the
 * program to end, but the program is stopped.
 */
int launched_wait(struct lp_launched *launched);

#endif /* LP_COMMANDS_LAUNCHED_H */
