/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tasks of an idle loop wait for, and the command that lists them. */
#ifndef LP_SINKS_TEXT_IDLE_H
#define LP_SINKS_TEXT_IDLE_H

#include "sinks/sink.h"

/*
 * Prints "24 tasks wait, 20 of them for httpx's pool: loopprof tasks -p 42" and a line end, or only
 * the line end if no tasks are known to wait.  before: the beginning of the line; live: the process
 * may still run.
 */
void text_idle_print(FILE *file, const struct lp_terminal *terminal, const char *before,
		     const struct lp_loop_summary *loop, bool live);

#endif /* LP_SINKS_TEXT_IDLE_H */
