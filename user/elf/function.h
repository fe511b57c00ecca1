/* SPDX-License-Identifier: BSD-2-Clause */
/* The instructions of one function of an ELF file, decoded from where it begins. */
#ifndef LP_ELF_FUNCTION_H
#define LP_ELF_FUNCTION_H

#include "elf_file.h"

/*
 * Does an instruction begin at this address?  That is so if decoding from the beginning
 * of the function around it, as the table of unwinding shows it, comes by there.
 */
bool function_has_instruction(const struct lp_elf *elf, uint64_t address);

/*
 * Does a function begin at this address, and is one of the places in it, or in a part of
 * its own that compilers put elsewhere because it seldom runs?
 */
bool function_holds(const struct lp_elf *elf, uint64_t function, const uint64_t *places,
		    size_t count);

#endif /* LP_ELF_FUNCTION_H */
