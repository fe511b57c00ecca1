// SPDX-License-Identifier: BSD-2-Clause
#include "array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *array_grow(void *items, size_t *capacity, size_t wanted, size_t size, size_t first,
		 bool zeroed)
{
	size_t larger = *capacity ? *capacity : first;
	char *grown;

	if (wanted <= *capacity)
		return items;
	while (larger < wanted)
		larger = larger <= SIZE_MAX / 2 ? larger * 2 : wanted;
	grown = larger <= SIZE_MAX / size ? realloc(items, larger * size) : NULL;
	if (!grown)
		return NULL;
	if (zeroed)
		memset(grown + *capacity * size, 0, (larger - *capacity) * size);
	*capacity = larger;
	return grown;
}
