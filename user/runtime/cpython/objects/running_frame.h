/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The evaluation stack of a frame that executes.  Up to 3.13 its end is not stored meanwhile, so
 * that what is above it cannot be told from what is on it.
 */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_RUNNING_FRAME_H
#define LP_RUNTIME_CPYTHON_OBJECTS_RUNNING_FRAME_H

#include "await_chain.h"
#include "base/map.h"

/*
 * Reads the slots of a frame's stack, deepest first; up to 3.13 those above its end as well, which
 * may have the address of an object that was freed.  Returns their number.
 */
size_t cpython_running_slots(const struct lp_cpython *python, const struct lp_await_link *link,
			     uint64_t *objects, size_t capacity);

/* The exception tables that were read, by their code objects.  Empty when all bytes are 0. */
struct lp_exception_tables {
	struct lp_map tables;
	size_t searched; /* bytes of tables, by all calls, which are limited */
};
void cpython_exception_tables_free(struct lp_exception_tables *tables);

/*
 * Reads the objects that are on a frame's stack for certain: up to 3.13 those below the handler
 * that the frame is within, such as the __exit__ of each `with`.  Returns their number; 0
 * once too much of tables was searched.
 */
size_t cpython_running_guarded(const struct lp_cpython *python, struct lp_exception_tables *tables,
			       const struct lp_await_link *link, uint64_t *objects,
			       size_t capacity);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_RUNNING_FRAME_H */
