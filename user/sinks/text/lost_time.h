/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of the causes of a loop's lost time. */
#ifndef LP_SINKS_TEXT_LOST_TIME_H
#define LP_SINKS_TEXT_LOST_TIME_H

#include "sinks/sink.h"

/* Returns what a cause is called: its system call or function, or words for its kind. */
const char *text_cause_name(enum lp_cause_kind kind, const char *syscall, const char *function);

/* Prints the table, worst cause first; nothing if there are no causes. */
void text_lost_time_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_loop_summary *loop);

#endif /* LP_SINKS_TEXT_LOST_TIME_H */
