/* SPDX-License-Identifier: BSD-2-Clause */
/* Exemplars: a bucket of a histogram names a stall that is counted in it. */
#ifndef LP_SINKS_METRICS_EXEMPLAR_H
#define LP_SINKS_METRICS_EXEMPLAR_H

#include "model/report.h"

/*
 * Bytes of a line.  OpenMetrics allows 128 characters for the names and values of all labels of an
 * exemplar: the names "stall", "line" and "cause" take 14, the value of a stall at most 43 and
 * that of a cause 9.  The label "handler" gets what the others leave.
 */
#define LP_EXEMPLAR_LINE 60
#define LP_EXEMPLAR_CHARACTERS 128

/* The longest stall of a bucket. */
struct lp_exemplar {
	struct lp_exemplar *next; /* next one of the histogram */
	size_t edge; /* index of the bucket's upper edge: see octaves.h */
	uint64_t round; /* lp_series.round when it was reported */
	uint64_t duration_ns;
	uint64_t unix_ns; /* end of the stall */
	/*
	 * Identifies the stall, "1700000000-3-81234567890": start of the run in seconds since
	 * 1970, then loop_id and start_ns as in its line of the JSON format.
	 */
	char stall[48];
	char line[LP_EXEMPLAR_LINE + 1]; /* "views.py:88": source line that held the loop */
	/* the end of the name of the stall's handler; "" if the callback names the stall */
	char handler[LP_EXEMPLAR_LINE + 1];
	const char *cause; /* a static string; "" if not known */
};

/* Sets all fields but next and round from a stall. */
void exemplar_set(struct lp_exemplar *exemplar, const struct lp_slow_callback *slow,
		  uint64_t run_unix_ns);

#endif /* LP_SINKS_METRICS_EXEMPLAR_H */
