/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of how long tasks lived. */
#ifndef LP_SINKS_TEXT_LIFETIMES_H
#define LP_SINKS_TEXT_LIFETIMES_H

#include "sinks/sink.h"

/* Nothing if no task has ended that is known of. */
void text_lifetimes_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_loop_summary *loop);

#endif /* LP_SINKS_TEXT_LIFETIMES_H */
