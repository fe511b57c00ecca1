// SPDX-License-Identifier: BSD-2-Clause
#include "export_failures.h"

#include <string.h>

static uint64_t failures[LP_EXPORT_KINDS];

const char *export_kind_name(size_t kind)
{
	static const char *const names[LP_EXPORT_KINDS] = {
		[LP_EXPORT_PROM] = "prom",
		[LP_EXPORT_OPENMETRICS] = "openmetrics",
		[LP_EXPORT_OTLP] = "otlp",
	};

	return names[kind];
}

void export_failed(enum lp_export_kind kind)
{
	failures[kind]++;
}

void export_failures_get(uint64_t counts[LP_EXPORT_KINDS])
{
	memcpy(counts, failures, sizeof(failures));
}
