/* SPDX-License-Identifier: BSD-2-Clause */
/* Garbage collections that an interpreter has recorded (3.15). */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_GC_STATS_H
#define LP_RUNTIME_CPYTHON_OBJECTS_GC_STATS_H

#include "object.h"
#include "runtime/runtime.h"

/*
 * Adds up the collections of a copy of struct gc_stats, CPYTHON_GC_STATS_BYTES long, that began
 * and ended between two instants.  Returns whether there were any; false also if the copy is not
 * valid.
 */
bool cpython_gc_stats_add(const uint8_t *stats, uint64_t since_ns, uint64_t until_ns,
			  struct lp_event_collections *found);

/* See garbage_collections in struct lp_runtime. */
bool cpython_gc_stats(const struct lp_instance *instance, uint64_t since_ns, uint64_t until_ns,
		      struct lp_event_collections *found);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_GC_STATS_H */
