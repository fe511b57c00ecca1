/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses in a program's code that have no symbol. */
#ifndef LP_ELF_CODE_SEARCH_H
#define LP_ELF_CODE_SEARCH_H

#include "elf_file.h"

/*
 * Finds the instructions that load the address of a string constant, which shows where a function
 * is about to use it. text: as in the source. Fills ELF virtual addresses; returns their number,
 * at most the capacity.
 */
size_t code_string_uses(const struct lp_elf *elf, const char *text, uint64_t *addresses,
			size_t capacity);

/* Finds the return instructions of a function of this many bytes. Results as above. */
size_t code_returns(const struct lp_elf *elf, uint64_t function, size_t bytes, uint64_t *addresses,
		    size_t capacity);

/*
 * Finds the calls of a function that the file exports or imports, within the same file. Results as
 * above.
 */
size_t code_calls(const struct lp_elf *elf, const char *function, uint64_t *addresses,
		  size_t capacity);

#endif /* LP_ELF_CODE_SEARCH_H */
