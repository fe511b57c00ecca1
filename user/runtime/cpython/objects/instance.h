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

#endif /* LP_RUNTIME_CPYTHON_OBJECTS_INSTANCE_H */
