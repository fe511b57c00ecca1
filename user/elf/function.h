/* SPDX-License-Identifier: BSD-2-Clause */
/* The instructions of one function of an ELF file, decoded from its beginning. */
#ifndef LP_ELF_FUNCTION_H
#define LP_ELF_FUNCTION_H

#include "elf_file.h"

/*
 * Returns whether an instruction begins at this address: whether decoding from the beginning of
 * the function around it, as the unwind table has it, reaches it.
 */
bool function_has_instruction(const struct lp_elf *elf, uint64_t address);

/*
 * Returns whether a function begins at this address and one of the places is in it, or in its cold
 * part, which compilers put elsewhere.
 */
bool function_holds(const struct lp_elf *elf, uint64_t function, const uint64_t *places,
		    size_t count);

#endif /* LP_ELF_FUNCTION_H */
