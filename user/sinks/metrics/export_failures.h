/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How often files of metrics could not be written, by format.  Of the whole program, as
 * an export that fails can tell so only in the others.
 */
#ifndef LP_SINKS_METRICS_EXPORT_FAILURES_H
#define LP_SINKS_METRICS_EXPORT_FAILURES_H

#include <stddef.h>
#include <stdint.h>

enum lp_export_kind { LP_EXPORT_PROM, LP_EXPORT_OPENMETRICS, LP_EXPORT_OTLP, LP_EXPORT_KINDS };

/* "prom", as --export takes it */
const char *export_kind_name(size_t kind);

void export_failed(enum lp_export_kind kind);
void export_failures_get(uint64_t counts[LP_EXPORT_KINDS]);

#endif /* LP_SINKS_METRICS_EXPORT_FAILURES_H */
