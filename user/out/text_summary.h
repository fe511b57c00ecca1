/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables and histograms of the text format. */
#ifndef LP_TEXT_SUMMARY_H
#define LP_TEXT_SUMMARY_H

#include "sink.h"

/* histograms: also draw those of the callbacks that took the most time. */
void text_summary_print(FILE *file, const struct lp_look *look, const struct lp_summary *summary,
			bool queue, bool histograms);

/*
 * Prints a text in at most so many columns: the end of a long name tells more
 * than its beginning.  pad: fill up with spaces.
 */
void text_print_end(FILE *file, const struct lp_look *look, const char *text, size_t width,
		    bool pad);

#endif /* LP_TEXT_SUMMARY_H */
