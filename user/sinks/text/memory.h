/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines on memory that was short. */
#ifndef LP_SINKS_TEXT_MEMORY_H
#define LP_SINKS_TEXT_MEMORY_H

#include "sinks/sink.h"

/* Prints what a stall lost, in parts of least_ns or more, and the limit. */
void text_memory_print(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_memory_shortage *memory, uint64_t least_ns);

/* Prints the same of a loop, under a title. */
void text_memory_print_sum(FILE *file, const struct lp_terminal *terminal,
			   const struct lp_memory_shortage *memory);

#endif /* LP_SINKS_TEXT_MEMORY_H */
