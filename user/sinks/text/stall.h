/* SPDX-License-Identifier: BSD-2-Clause */
/* Slow callbacks and slow iterations in the text format, from behind the clock on. */
#ifndef LP_SINKS_TEXT_STALL_H
#define LP_SINKS_TEXT_STALL_H

#include "sinks/sink.h"

/* "12:01:07.312", which the caller prints */
#define LP_TEXT_CLOCK_COLUMNS 12

void text_slow_print(FILE *file, const struct lp_look *look, const struct lp_slow *slow);
void text_slow_iteration_print(FILE *file, const struct lp_look *look,
			       const struct lp_slow_iteration *slow);

#endif /* LP_SINKS_TEXT_STALL_H */
