/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of methods in a file's own data: a process can change the tables in its
 * memory, but not those in a file that is not its own.  Functions are addresses in the
 * file; texts are compared with their end.
 */
#ifndef LP_RUNTIME_CPYTHON_DEFINED_H
#define LP_RUNTIME_CPYTHON_DEFINED_H

#include "elf/pointers.h"

/*
 * Is this the function of a method with that name?  beside: a method in the same table,
 * which distinguishes it from others; NULL: none is needed.
 */
bool defined_method(const struct lp_pointers *pointers, uint64_t function, const char *name,
		    const char *beside);

/*
 * Is it the function that the type has in this slot?  offset: in a static type object;
 * number: in the slots of a PyType_Spec, which a heap type is made of; 0: not looked for.
 */
bool defined_slot(const struct lp_pointers *pointers, uint64_t function, const char *type,
		  uint16_t offset, uint16_t number);

/* The function of a method of the static type at an address, or 0. */
uint64_t defined_type_method(const struct lp_pointers *pointers, uint64_t type, const char *name);

#endif /* LP_RUNTIME_CPYTHON_DEFINED_H */
