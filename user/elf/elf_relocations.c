// SPDX-License-Identifier: BSD-2-Clause
#include "elf_internal.h"

#include <errno.h>
#include <string.h>

/* Of several relocations of one slot, the first counts. */
static void add_near(struct lp_elf_near *near, const Elf64_Rela *entry)
{
	uint64_t at = entry->r_offset - near->begin;

	if (at >= LP_ELF_NEAR_BYTES || at % 8 || near->slots[at / 8].kind)
		return;
	near->slots[at / 8].value = (uint64_t)entry->r_addend;
	near->slots[at / 8].kind = ELF64_R_TYPE(entry->r_info) == R_X86_64_RELATIVE
					   ? LP_ELF_SLOT_RELATIVE
					   : LP_ELF_SLOT_OTHER;
}

/* Caches the relocations from an address on in place of those used least recently. */
static struct lp_elf_near *read_near(struct lp_elf_state *state, uint64_t address)
{
	struct lp_elf_near *near = &state->near[0];
	const struct lp_elf_table *table;
	const Elf64_Rela *entry;
	struct lp_elf_walk walk;
	size_t from = 0, i;

	for (i = 1; i < LP_ELF_NEAR_SETS; i++)
		if (state->near[i].used < near->used)
			near = &state->near[i];
	memset(near, 0, sizeof(*near));
	near->begin = address;
	while ((table = elf_next_table(state, LP_ELF_RELOCATIONS, &from))) {
		if (!elf_walk_begin(&walk, state, table, sizeof(*entry)))
			continue;
		while ((entry = elf_walk_next(&walk)))
			add_near(near, entry);
	}
	return near;
}

static struct lp_elf_near *near_of(struct lp_elf_state *state, uint64_t address)
{
	struct lp_elf_near *near = NULL;
	uint64_t at;
	size_t i;

	for (i = 0; !near && i < LP_ELF_NEAR_SETS; i++) {
		at = address - state->near[i].begin;
		if (state->near[i].used && at < LP_ELF_NEAR_BYTES && at % 8 == 0)
			near = &state->near[i];
	}
	if (!near)
		near = read_near(state, address);
	near->used = ++state->turn;
	return near;
}

int elf_pointer(const struct lp_elf *elf, uint64_t address, uint64_t *value)
{
	struct lp_elf_state *state = elf->state;
	const struct lp_elf_near *near;
	int err = -ENOENT;
	uint64_t slot;

	if (!elf_search_begin(state))
		return -ENOENT;
	near = near_of(state, address);
	slot = (address - near->begin) / 8;
	if (near->slots[slot].kind == LP_ELF_SLOT_RELATIVE) {
		*value = near->slots[slot].value;
		err = 0;
	} else if (near->slots[slot].kind == LP_ELF_SLOT_PLAIN &&
		   elf_bytes_at(state, address, value, sizeof(*value)) == sizeof(*value)) {
		err = 0;
	}
	return elf_search_end(state) ? err : -ENOENT;
}
