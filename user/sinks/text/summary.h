/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables and histograms of the text format. */
#ifndef LP_SINKS_TEXT_SUMMARY_H
#define LP_SINKS_TEXT_SUMMARY_H

#include "sinks/sink.h"

/* The parts of a summary that depend on the options of the run. */
struct lp_text_shows {
	bool inner; /* tasks are counted by the innermost coroutine of the program */
	bool queue; /* queue delays */
	bool sampled; /* callbacks are known from samples only */
	bool budget; /* the run had a budget: callbacks were timed in bursts */
	bool hosts; /* loops are of several hosts */
	bool live; /* the processes of the loops may still run */
	bool histograms; /* print histograms of the callbacks that took most time */
};

void text_summary_print(FILE *file, const struct lp_terminal *terminal,
			const struct lp_summary *summary, const struct lp_text_shows *shows);

#endif /* LP_SINKS_TEXT_SUMMARY_H */
