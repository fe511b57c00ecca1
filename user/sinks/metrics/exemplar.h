/* SPDX-License-Identifier: BSD-2-Clause */
/* From a bucket of a histogram to a stall that was counted in it. */
#ifndef LP_SINKS_METRICS_EXEMPLAR_H
#define LP_SINKS_METRICS_EXEMPLAR_H

#include "model/report.h"

/*
 * OpenMetrics allows 128 characters for names and values of all labels together: "stall",
 * "line" and "cause" have 14 of them, a stall at most 43 and a cause 9.
 */
#define LP_EXEMPLAR_LINE 60

/* The worst stall of a bucket. */
struct lp_exemplar {
	struct lp_exemplar *next; /* of the same histogram */
	size_t edge; /* of the bucket */
	uint64_t round; /* of the interval that it was in */
	uint64_t duration_ns;
	uint64_t unix_ns; /* its end */
	/*
	 * "1700000000-3-81234567890": start of the run in seconds since 1970, loop_id and
	 * start_ns of its record in the JSON format.
	 */
	char stall[48];
	char line[LP_EXEMPLAR_LINE + 1]; /* "views.py:88": where the loop was held */
	const char *cause; /* "" if it is not known */
};

/* Tells a stall in its bucket.  All but next and round is set. */
void exemplar_set(struct lp_exemplar *exemplar, const struct lp_slow_callback *slow,
		  uint64_t run_unix_ns);

#endif /* LP_SINKS_METRICS_EXEMPLAR_H */
