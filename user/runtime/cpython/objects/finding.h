/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of a finding, all read in one go. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_FINDING_H
#define LP_RUNTIME_CPYTHON_OBJECTS_FINDING_H

#include "runtime/runtime.h"
#include "object.h"

/* See describe_finding in struct lp_runtime. */
void cpython_describe_finding(const struct lp_cpython *python,
			      const struct lp_event_raw_finding *finding,
			      struct lp_finding_places *places);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_FINDING_H */
