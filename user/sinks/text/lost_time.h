/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of what a loop lost its time to. */
#ifndef LP_SINKS_TEXT_LOST_TIME_H
#define LP_SINKS_TEXT_LOST_TIME_H

#include "sinks/sink.h"

/* Worst first; nothing if there is none. */
void text_lost_time_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_loop_summary *loop);

#endif /* LP_SINKS_TEXT_LOST_TIME_H */
