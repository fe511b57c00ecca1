/* SPDX-License-Identifier: BSD-2-Clause */
/* The data of the HTML page: one JSON object, which page/data.js reads. */
#ifndef LP_SINKS_HTML_DATA_H
#define LP_SINKS_HTML_DATA_H

#include "history.h"
#include "page_store.h"
#include "sinks/json/writer.h"

#include <stdio.h>

struct lp_html_data {
	struct lp_run run; /* its texts point to the copies below */
	char tool[64], mode[16], host[80];
	struct lp_loop_info *loops; /* copies, in the order of their reports */
	size_t loop_count;
	uint64_t loops_dropped; /* number of loops over the limit of that list */
	struct lp_page_store store;
	struct lp_history history;
};

/*
 * Writes the JSON object.  To be called after page_store_finish(), once: it adds the strings,
 * frames and callbacks of the summary to the tables of the store.
 */
void html_data_write(FILE *out, struct lp_html_data *data, const struct lp_summary *total,
		     const struct lp_run_end *end);

/* ---- loops.c --------------------------------------------------------------------- */

/* Writes "loops": the counters, histograms, causes and history of each loop. */
void html_loops_write(struct lp_json_writer *json, struct lp_html_data *data,
		      const struct lp_summary *total);

#endif /* LP_SINKS_HTML_DATA_H */
