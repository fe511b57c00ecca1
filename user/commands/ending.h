/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals that end a run. Its results are still written. */
#ifndef LP_COMMANDS_ENDING_H
#define LP_COMMANDS_ENDING_H

#include <signal.h>

/*
 * Blocks SIGINT, SIGTERM, and SIGHUP unless it was ignored when the program began (nohup). Returns
 * a signalfd for them, which the caller closes, or a negative errno.
 */
int ending_open(void);

/*
 * Unblocks the signals when the run is over: another SIGINT or SIGTERM then ends the program at
 * once. Another SIGHUP is ignored, as a shell sends a second one when its terminal is closed.
 */
void ending_release(void);

/*
 * Blocks again, after the run, those of SIGINT, SIGTERM and SIGHUP that ending_open() had blocked.
 * They are returned in *signals, for sigtimedwait().
 */
void ending_hold(sigset_t *signals);

#endif /* LP_COMMANDS_ENDING_H */
