/* SPDX-License-Identifier: BSD-2-Clause */
/* A histogram reduced to one bucket for each power of two; exact, as those are edges of buckets. */
#ifndef LP_SINKS_METRICS_OCTAVES_H
#define LP_SINKS_METRICS_OCTAVES_H

#include "wire/wire.h"

#include <stddef.h>

/* Upper edges of the buckets: 2^-20 s, 2^-19 s ... 2^6 s; then one without an edge. */
#define LP_OCTAVE_EDGES 27
#define LP_OCTAVE_SLOTS (1 << LP_HISTOGRAM_SCALE)

_Static_assert(LP_HISTOGRAM_BUCKETS == (LP_OCTAVE_EDGES - 1) * LP_OCTAVE_SLOTS,
	       "the last power of two is the last edge");

/* Returns the index of the edge at or above a histogram's slot; LP_OCTAVE_EDGES: there is none. */
static inline size_t octaves_edge(size_t slot)
{
	return (slot + LP_OCTAVE_SLOTS - 1) / LP_OCTAVE_SLOTS;
}

#endif /* LP_SINKS_METRICS_OCTAVES_H */
