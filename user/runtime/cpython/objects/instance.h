/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes of Python objects. */
#ifndef LP_RUNTIME_CPYTHON_OBJECTS_INSTANCE_H
#define LP_RUNTIME_CPYTHON_OBJECTS_INSTANCE_H

#include "object.h"

/*
 * Returns object.__dict__[name], or 0.  Attributes of the class and those in __slots__ are not
 * searched.
 */
uint64_t cpython_instance_get(const struct lp_cpython *python, uint64_t object, const char *name);

/*
 * Reads the pairs of object.__dict__.  Returns their number, in *pairs, to be freed, or a negative
 * errno: -ENOENT if it has none.
 */
ssize_t cpython_instance_pairs(const struct lp_cpython *python, uint64_t object,
			       struct lp_pair **pairs);

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_INSTANCE_H */
