/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals that end a run, whose results are written all the same. */
#ifndef LP_COMMANDS_ENDING_H
#define LP_COMMANDS_ENDING_H

#include <signal.h>

/*
 * Blocks SIGINT, SIGTERM, and SIGHUP unless it was ignored when the program began (nohup).
 * Returns a signalfd that takes them, or a negative errno.
 */
int ending_open(void);

/*
 * The run is over: a second SIGINT or SIGTERM ends the program at once.  A second SIGHUP
 * does not, as a shell sends another one when its terminal is closed.
 */
void ending_release(void);

#endif /* LP_COMMANDS_ENDING_H */
