/* SPDX-License-Identifier: BSD-2-Clause */
/* Places in a program's code that no symbol tells. */
#ifndef LP_ELF_CODE_SEARCH_H
#define LP_ELF_CODE_SEARCH_H

#include "elf_file.h"

/*
 * Instructions that load the address of a string constant: where a function is
 * about to use it.  text: as in the source.  Fills ELF virtual addresses; returns how
 * many there are, at most room.
 */
size_t code_string_uses(const struct lp_elf *elf, const char *text, uint64_t *addresses,
			size_t capacity);

/* The return instructions of a function of so many bytes.  The same result. */
size_t code_returns(const struct lp_elf *elf, uint64_t function, size_t bytes, uint64_t *addresses,
		    size_t capacity);

/* Calls of an exported function from within the same file.  The same result. */
size_t code_calls(const struct lp_elf *elf, const char *function, uint64_t *addresses,
		  size_t capacity);

#endif /* LP_ELF_CODE_SEARCH_H */
