/* SPDX-License-Identifier: BSD-2-Clause */
/* The places of probes in CPython and uvloop, found in stripped builds too. */
#ifndef LP_RUNTIME_CPYTHON_PROBES_H
#define LP_RUNTIME_CPYTHON_PROBES_H

#include "runtime/cpython/objects/object.h"
#include "runtime/runtime.h"

/* See find_probe in struct lp_runtime. */
int cpython_find_probe(const struct lp_cpython *python, enum lp_probe_role role,
		       struct lp_probe *probe, struct lp_error *error);

/* See find_lifecycle in struct lp_runtime. */
int cpython_find_lifecycle(const struct lp_cpython *python, struct lp_lifecycle *lifecycle);

#endif /* LP_RUNTIME_CPYTHON_PROBES_H */
