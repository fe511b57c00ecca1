/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of methods and slots in the data of a file: a process can change the tables in its
 * memory, but not those in a file that it does not own.  Functions are addresses in the file.
 * Names are compared in full.
 */
#ifndef LP_RUNTIME_CPYTHON_DEFINED_H
#define LP_RUNTIME_CPYTHON_DEFINED_H

#include "elf/pointers.h"

/*
 * Returns whether a function is that of a method with that name.  beside: another method of the
 * same table, which distinguishes it from tables with a method of the same name; NULL: any table.
 */
bool defined_method(const struct lp_pointers *pointers, uint64_t function, const char *name,
		    const char *beside);

/*
 * Returns whether a function is in a slot of the type.  offset: of the slot in a static type
 * object.  number: of the slot in a PyType_Spec, from which a heap type is made; 0: not searched.
 */
bool defined_slot(const struct lp_pointers *pointers, uint64_t function, const char *type,
		  uint16_t offset, uint16_t number);

/* Returns the function of a method of the static type at an address in the file, or 0. */
uint64_t defined_type_method(const struct lp_pointers *pointers, uint64_t type, const char *name);

#endif /* LP_RUNTIME_CPYTHON_DEFINED_H */
