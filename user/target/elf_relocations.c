// SPDX-License-Identifier: BSD-2-Clause
#include "elf_state.h"

#include <errno.h>
#include <string.h>

static void add_near(struct lp_elf_state *state, struct lp_elf_near *near, const Elf64_Rela *entry)
{
	size_t i;

	for (i = 0; i < near->count; i++)
		if (near->entries[i].address == entry->r_offset)
			return;
	/* slots lie eight bytes apart, so that there is room for all of a real file */
	if (near->count == LP_ELF_NEAR_ENTRIES) {
		elf_fail(state, -EFBIG, "its relocations overlap");
		return;
	}
	near->entries[near->count].address = entry->r_offset;
	near->entries[near->count].value = (uint64_t)entry->r_addend;
	near->entries[near->count].relative = ELF64_R_TYPE(entry->r_info) == R_X86_64_RELATIVE;
	near->count++;
}

/* Retains the relocations from an address on in place of those used least recently. */
static const struct lp_elf_near *read_near(struct lp_elf_state *state, uint64_t address)
{
	struct lp_elf_near *near = &state->near[0];
	const struct lp_elf_table *table;
	const Elf64_Rela *entry;
	size_t from = 0, i;
	struct lp_elf_walk walk;

	for (i = 1; i < LP_ELF_NEAR_SETS; i++)
		if (state->near[i].used < near->used)
			near = &state->near[i];
	near->begin = address;
	near->count = 0;
	near->used = ++state->turn;
	while ((table = elf_next_table(state, LP_ELF_RELOCATIONS, &from))) {
		if (!elf_walk_begin(&walk, state, table, sizeof(*entry)))
			continue;
		while ((entry = elf_walk_next(&walk)))
			if (entry->r_offset - address < LP_ELF_NEAR_BYTES)
				add_near(state, near, entry);
	}
	return near;
}

static const struct lp_elf_near *near_of(struct lp_elf_state *state, uint64_t address)
{
	size_t i;

	for (i = 0; i < LP_ELF_NEAR_SETS; i++)
		if (state->near[i].used && address - state->near[i].begin < LP_ELF_NEAR_BYTES) {
			state->near[i].used = ++state->turn;
			return &state->near[i];
		}
	return read_near(state, address);
}

int elf_pointer(const struct lp_elf *elf, uint64_t address, uint64_t *value)
{
	struct lp_elf_state *state = elf->state;
	const struct lp_elf_near *near;
	int err = -ENOENT;
	size_t i;

	if (!elf_begin(state))
		return -ENOENT;
	near = near_of(state, address);
	for (i = 0; i < near->count && near->entries[i].address != address; i++)
		;
	if (i < near->count) {
		*value = near->entries[i].value;
		err = near->entries[i].relative ? 0 : -ENOENT;
	} else if (elf_bytes_at(state, address, value, sizeof(*value)) == sizeof(*value)) {
		err = 0;
	}
	return elf_end(state) ? err : -ENOENT;
}
