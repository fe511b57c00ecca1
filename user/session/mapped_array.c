// SPDX-License-Identifier: BSD-2-Clause
#include "mapped_array.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int mapped_array_open(struct lp_mapped_array *mapped, struct bpf_map *map, int protection)
{
	long page = sysconf(_SC_PAGESIZE);

	mapped->element = (bpf_map__value_size(map) + 7) / 8 * 8;
	mapped->bytes = (mapped->element * bpf_map__max_entries(map) + (size_t)page - 1) /
			(size_t)page * (size_t)page;
	mapped->capacity = bpf_map__max_entries(map);
	mapped->data = mmap(NULL, mapped->bytes, protection, MAP_SHARED, bpf_map__fd(map), 0);
	if (mapped->data == MAP_FAILED) {
		mapped->data = NULL;
		return -errno;
	}
	return 0;
}

void mapped_array_close(struct lp_mapped_array *mapped)
{
	if (mapped->data)
		munmap(mapped->data, mapped->bytes);
}

uint32_t mapped_array_capacity(const struct lp_mapped_array *mapped)
{
	return mapped->capacity;
}

void *mapped_array_at(const struct lp_mapped_array *mapped, uint32_t index)
{
	return (char *)mapped->data + mapped->element * index;
}
