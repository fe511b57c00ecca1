/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Distinct pieces of bytes (a string, a frame, a stack), numbered from 0 in the
 * order in which they came.  Bounded: what comes from a target may be of any number.
 */
#ifndef LP_BASE_INTERN_H
#define LP_BASE_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct lp_intern;

/* At most so many pieces, of so many bytes in all.  NULL: no memory. */
struct lp_intern *intern_new(uint32_t most, size_t most_bytes);
void intern_free(struct lp_intern *intern);

/*
 * The number of a piece, which is kept from now on.  Returns 0, or -ENOSPC for a
 * new one that there is no room for, or -ENOMEM.
 */
int intern_number(struct lp_intern *intern, const void *bytes, size_t size, uint32_t *number);

/* A piece by its number: until the next one is kept, aligned for any type. */
const void *intern_piece(const struct lp_intern *intern, uint32_t number, size_t *size);

/* How many there are. */
uint32_t intern_count(const struct lp_intern *intern);

#endif /* LP_BASE_INTERN_H */
