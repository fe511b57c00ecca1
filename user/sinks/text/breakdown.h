/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the time of a stall went, in the text format. */
#ifndef LP_SINKS_TEXT_BREAKDOWN_H
#define LP_SINKS_TEXT_BREAKDOWN_H

#include "sinks/sink.h"

/* Returns whether a part of a duration gets a line: at least one percent. */
bool text_breakdown_matters(uint64_t ns, uint64_t duration_ns);

/* Prints the parts of a stall, longest first.  iteration: the stall is a slow iteration. */
void text_breakdown_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_breakdown *breakdown, uint64_t duration_ns,
			  bool iteration);

#endif /* LP_SINKS_TEXT_BREAKDOWN_H */
