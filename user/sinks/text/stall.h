/* SPDX-License-Identifier: BSD-2-Clause */
/* Slow callbacks and iterations in the text format, without the time of day before them. */
#ifndef LP_SINKS_TEXT_STALL_H
#define LP_SINKS_TEXT_STALL_H

#include "loop_name.h"

/* Columns of "12:01:07.312", which the caller prints. */
#define LP_TEXT_CLOCK_COLUMNS 12

/*
 * loops: those of the run, for the line that says whose stall it is; sampled: there may be more
 * callbacks than were counted.
 */
void text_stall_print_slow(FILE *file, const struct lp_terminal *terminal,
			   const struct lp_text_loops *loops, const struct lp_slow_callback *slow);
void text_stall_print_iteration(FILE *file, const struct lp_terminal *terminal,
				const struct lp_text_loops *loops,
				const struct lp_slow_iteration *slow, bool sampled);

#endif /* LP_SINKS_TEXT_STALL_H */
