/* SPDX-License-Identifier: BSD-2-Clause */
/* What is needed of an ELF file: exported symbols, initialised data, code. */
#ifndef LP_ELF_FILE_H
#define LP_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lp_elf;

/* Opens an x86-64 ELF file. Returns 0, -ENOEXEC if it is none, or -errno; free with elf_close. */
int elf_open_file(const char *path, struct lp_elf **elf);
void elf_close(struct lp_elf *elf);

/* The value of a symbol (.dynsym first, then .symtab), or 0. */
uint64_t elf_symbol(const struct lp_elf *elf, const char *name);

/*
 * The pointer that the loader will put at a virtual address, before the load
 * bias: the addend of a relative relocation, or the word in the file (non-PIE
 * files, DT_RELR).  Returns 0 or -ENOENT.
 */
int elf_pointer(const struct lp_elf *elf, uint64_t address, uint64_t *value);

/* Copies initialised bytes at a virtual address. Returns how many there were, at most size. */
size_t elf_bytes(const struct lp_elf *elf, uint64_t address, void *buffer, size_t size);

/* A part of the file that is loaded; data belongs to the file. */
struct lp_elf_segment {
	uint64_t address;
	size_t bytes;
	const uint8_t *data;
	bool executable;
};

/* The index-th of them.  Returns 0, or -ENOENT after the last. */
int elf_segment(const struct lp_elf *elf, size_t index, struct lp_elf_segment *segment);

/* The value and size of a symbol, as elf_symbol finds it; 0: there is none. */
uint64_t elf_symbol_size(const struct lp_elf *elf, const char *name, uint64_t *size);

/* Does it name a library as needed whose name begins so? */
bool elf_needs(const struct lp_elf *elf, const char *beginning);

/* Virtual address to file offset and back. Return 0 or -ENOENT. */
int elf_address_to_offset(const struct lp_elf *elf, uint64_t address, uint64_t *offset);
int elf_offset_to_address(const struct lp_elf *elf, uint64_t offset, uint64_t *address);

/*
 * Where the loader puts the address of a symbol for the code of this file: fills their
 * virtual addresses; returns how many there are, at most room.
 */
size_t elf_slots(const struct lp_elf *elf, const char *name, uint64_t *addresses, size_t room);

/* Where the function that has this address in it begins, stripped or not; 0: not known. */
uint64_t elf_function_start(const struct lp_elf *elf, uint64_t address);

#endif /* LP_ELF_FILE_H */
