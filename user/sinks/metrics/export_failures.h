/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers of failed writes of metrics, by format.  They are global, as a failing export can be
 * reported only in the files of the other exports.
 */
#ifndef LP_SINKS_METRICS_EXPORT_FAILURES_H
#define LP_SINKS_METRICS_EXPORT_FAILURES_H

#include <stddef.h>
#include <stdint.h>

enum lp_export_kind { LP_EXPORT_PROM, LP_EXPORT_OPENMETRICS, LP_EXPORT_OTLP, LP_EXPORT_KINDS };

/* Returns the name of a format as --export accepts it: "prom". */
const char *export_kind_name(size_t kind);

void export_failed(enum lp_export_kind kind);
void export_failures_get(uint64_t counts[LP_EXPORT_KINDS]);

#endif /* LP_SINKS_METRICS_EXPORT_FAILURES_H */
