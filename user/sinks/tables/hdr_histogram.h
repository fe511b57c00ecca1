/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A histogram in HdrHistogram's compressed form (V2, base64), as its logs have it.
 *
 * Counts are exact, and so are the shortest and the longest time.  All others are
 * put where no time of their bucket is more than 4.33 % away, between its edges;
 * HdrHistogram's own three digits add 0.1 %.
 */
#ifndef LP_SINKS_TABLES_HDR_HISTOGRAM_H
#define LP_SINKS_TABLES_HDR_HISTOGRAM_H

#include "wire/histogram.h"

/* Nanoseconds.  Returns 0 with a text to be freed, or -ENOMEM. */
int hdr_encode(const struct lp_histogram *histogram, char **text);

#endif /* LP_SINKS_TABLES_HDR_HISTOGRAM_H */
