/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays that grow: an array is NULL with a capacity of 0 at first, and is freed with free(). */
#ifndef LP_BASE_ARRAY_H
#define LP_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Returns the array with space for at least wanted elements of size bytes: if it has less, its
 * capacity is doubled as often as needed, from first on.  Returns NULL if out of memory; the array
 * and its capacity are as before then.  zeroed: all bytes of new elements are 0.
 */
void *array_grow(void *items, size_t *capacity, size_t wanted, size_t size, size_t first,
		 bool zeroed);

/* Makes space for at least wanted elements.  Returns false if out of memory. */
#define ARRAY_RESERVE(items, capacity, wanted, first)                                              \
	ARRAY_RESERVE_AS(items, capacity, wanted, first, false)
#define ARRAY_RESERVE_ZEROED(items, capacity, wanted, first)                                       \
	ARRAY_RESERVE_AS(items, capacity, wanted, first, true)
#define ARRAY_RESERVE_AS(items, capacity, wanted, first, zeroed)                                   \
	({                                                                                         \
		void *array_grown =                                                                \
			array_grow(items, &(capacity), wanted, sizeof(*(items)), first, zeroed);   \
		if (array_grown)                                                                   \
			(items) = array_grown;                                                     \
		array_grown != NULL;                                                               \
	})

#endif /* LP_BASE_ARRAY_H */
