/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pointers in the data of an ELF file as the loader will make them, so that tables of
 * functions can be found by what points to them.  All addresses are the file's own.
 */
#ifndef LP_ELF_POINTERS_H
#define LP_ELF_POINTERS_H

#include "elf_file.h"

struct lp_pointer {
	uint64_t address; /* of the pointer itself */
	uint64_t value;
};

struct lp_pointers {
	const struct lp_elf *elf; /* not owned */
	struct lp_pointer *items; /* from relative relocations, by address */
	size_t count;
	bool words; /* others are words in the data: a file that is not moved, or DT_RELR */
};

/*
 * Reads the pointers. Returns 0, -E2BIG if there are too many, or -errno; free with
 * pointers_close.
 */
int pointers_open(const struct lp_elf *elf, struct lp_pointers *pointers);
void pointers_close(struct lp_pointers *pointers);

/* The pointer at an address, or 0. */
uint64_t pointers_at(const struct lp_pointers *pointers, uint64_t address);

/* The pointers with a value from first to last.  Returns their number, at most room. */
size_t pointers_to(const struct lp_pointers *pointers, uint64_t first, uint64_t last,
		   struct lp_pointer *found, size_t capacity);

#endif /* LP_ELF_POINTERS_H */
