/* SPDX-License-Identifier: BSD-2-Clause */
/* BPF array maps that are mapped into this process. The kernel changes them while they are read. */
#ifndef LP_SESSION_MAPPED_ARRAY_H
#define LP_SESSION_MAPPED_ARRAY_H

#include <bpf/libbpf.h>
#include <stddef.h>
#include <stdint.h>

struct lp_mapped_array {
	void *data;
	size_t bytes;
	size_t element;
	uint32_t capacity;
};

/* Maps the array. protection is as for mmap(). Returns 0 or a negative errno. */
int mapped_array_open(struct lp_mapped_array *mapped, struct bpf_map *map, int protection);
void mapped_array_close(struct lp_mapped_array *mapped);
/* Returns the number of elements. */
uint32_t mapped_array_capacity(const struct lp_mapped_array *mapped);
void *mapped_array_at(const struct lp_mapped_array *mapped, uint32_t index);

#endif /* LP_SESSION_MAPPED_ARRAY_H */
