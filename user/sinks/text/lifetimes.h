/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of the lifetimes of tasks. */
#ifndef LP_SINKS_TEXT_LIFETIMES_H
#define LP_SINKS_TEXT_LIFETIMES_H

#include "sinks/sink.h"

/* Prints the table; nothing if the summary has no ended tasks. */
void text_lifetimes_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_loop_summary *loop);

#endif /* LP_SINKS_TEXT_LIFETIMES_H */
