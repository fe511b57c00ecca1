/* SPDX-License-Identifier: BSD-2-Clause */
/* The ends of processes: a block for each that deserves it, and the table of the summary. */
#ifndef LP_SINKS_TEXT_ENDINGS_H
#define LP_SINKS_TEXT_ENDINGS_H

#include "loop_name.h"
#include "sinks/sink.h"

/* Returns whether an end has a block of its own; one with exit code 0 that was not asked has none. */
bool text_ending_matters(const struct lp_process_end *end);
/* Prints the block, whose first line has the time already. */
void text_ending_print(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_text_loops *loops, const struct lp_process_end *end);

/* The same for a loop whose process goes on. */
void text_loop_stop_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_loop_stop_report *stop);

/* Prints the table; nothing if fewer than two processes have ended, or all with exit code 0. */
void text_endings_print(FILE *file, const struct lp_terminal *terminal,
			const struct lp_summary *summary);

#endif /* LP_SINKS_TEXT_ENDINGS_H */
