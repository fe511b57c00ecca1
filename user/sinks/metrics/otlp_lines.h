/* SPDX-License-Identifier: BSD-2-Clause */
/* Metrics as lines of OTLP in JSON. */
#ifndef LP_SINKS_METRICS_OTLP_LINES_H
#define LP_SINKS_METRICS_OTLP_LINES_H

#include "metrics.h"

#include <stdio.h>

/*
 * Writes the metrics of the last metrics_count() as lines, each a complete MetricsData.  A line
 * that exceeds 512 KiB is ended after its last point, as the Collector by default reads lines of
 * at most 1 MiB.  host: name of this host, for loopprof itself and for loops without one.
 */
void otlp_write(FILE *out, const struct lp_metrics *metrics, const char *host);

#endif /* LP_SINKS_METRICS_OTLP_LINES_H */
