/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of a summary on a loop whose polls return at once all the time. */
#ifndef LP_SINKS_TEXT_NEVER_WAITS_H
#define LP_SINKS_TEXT_NEVER_WAITS_H

#include "sinks/sink.h"

/*
 * Prints how often such a loop polls, and which callback runs in each iteration.  Prints nothing
 * for other loops.  sampled: callbacks are known from samples only.
 */
void text_never_waits_print(FILE *file, const struct lp_terminal *terminal,
			    const struct lp_loop_summary *loop, bool sampled);

#endif /* LP_SINKS_TEXT_NEVER_WAITS_H */
