/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A histogram in HdrHistogram's compressed form (V2, base64), as in its logs.
 *
 * Counts are exact, and so are the shortest and the longest time.  All other times of a bucket are
 * replaced by the harmonic mean of its edges, which is at most 4.33 % off for any of them; the
 * three digits of HdrHistogram add 0.1 %.  The bound does not hold for the open buckets: those of
 * times up to 2^-20 s and over 64 s.
 */
#ifndef LP_SINKS_TABLES_HDR_HISTOGRAM_H
#define LP_SINKS_TABLES_HDR_HISTOGRAM_H

#include "wire/histogram.h"

/*
 * Encodes a histogram of nanoseconds.  Returns 0 and stores a text that the caller frees, or
 * -ENOMEM.
 */
int hdr_encode(const struct lp_histogram *histogram, char **text);

#endif /* LP_SINKS_TABLES_HDR_HISTOGRAM_H */
