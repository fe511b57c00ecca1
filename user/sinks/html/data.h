/* SPDX-License-Identifier: BSD-2-Clause */
/* The data of the HTML page: one JSON object, read by html/data.js. */
#ifndef LP_SINKS_HTML_DATA_H
#define LP_SINKS_HTML_DATA_H

#include "history.h"
#include "page_store.h"

#include <stdio.h>

struct lp_html_data {
	struct lp_run run; /* with copies of its texts */
	char tool[64], mode[16], host[80];
	struct lp_loop_info *loops; /* as they were told */
	size_t loop_count;
	uint64_t loops_dropped; /* more than are kept */
	struct lp_page_store store;
	struct lp_history history;
};

/* After page_store_finish().  What is kept gets more strings, frames and callbacks by it. */
void html_data_write(FILE *out, struct lp_html_data *data, const struct lp_summary *total,
		     const struct lp_run_end *end);

/* ---- html_loops.c ---------------------------------------------------------------- */

/* "loops":[...]: each with its counters, histograms, causes and history. */
void html_loops_write(FILE *out, struct lp_html_data *data, const struct lp_summary *total);

/* ---- html_data.c: a further field of an object ----------------------------------- */

void html_text(FILE *out, const char *name, const char *text);
void html_number(FILE *out, const char *name, uint64_t value);

#endif /* LP_SINKS_HTML_DATA_H */
