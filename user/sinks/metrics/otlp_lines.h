/* SPDX-License-Identifier: BSD-2-Clause */
/* Metrics as lines of OTLP in JSON. */
#ifndef LP_SINKS_METRICS_OTLP_LINES_H
#define LP_SINKS_METRICS_OTLP_LINES_H

#include "metrics.h"

#include <stdio.h>

/*
 * Writes what was counted last, each line a whole MetricsData.  The Collector reads no line
 * of more than 1 MiB, unless told otherwise, so more than half of that is never in one.
 */
void otlp_write(FILE *out, const struct lp_metrics *metrics, const char *host);

#endif /* LP_SINKS_METRICS_OTLP_LINES_H */
