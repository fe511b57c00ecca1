/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The needed parts of an ELF file: symbols, initialised data, code. The file belongs to a target
 * and may contain anything, or be changed while it is read. Each look-up takes a share of a budget
 * of bytes and time that the open file has. Once the budget is used up, something is over a limit,
 * or the file was changed, every look-up fails and elf_failure says why.
 */
#ifndef LP_ELF_ELF_FILE_H
#define LP_ELF_ELF_FILE_H

#include "elf_reader.h"

struct lp_elf;

/* As elf_reader_open, or -ENOMEM; free with elf_close. */
int elf_open_file(const char *path, struct lp_elf **elf);
void elf_close(struct lp_elf *elf);

/*
 * Returns 0, or why look-ups fail: -EFBIG (over a limit), -ETIME (the budget is used up), -ESTALE
 * (the file was changed), -EIO.
 */
int elf_failure(const struct lp_elf *elf);

/*
 * Describes an error, as the end of a sentence that names the file; elf: NULL if it could not be
 * opened.
 */
const char *elf_error(const struct lp_elf *elf, int err);

/* Reads the identity of the open file. Returns 0, or -ESTALE if it was changed since. */
int elf_identity(const struct lp_elf *elf, struct lp_file_identity *identity);

/* The value of a symbol (.dynsym first, then .symtab), or 0. */
uint64_t elf_symbol(const struct lp_elf *elf, const char *name);

/* Returns the value and size of a symbol, as elf_symbol does; 0: there is none. */
uint64_t elf_symbol_size(const struct lp_elf *elf, const char *name, uint64_t *size);

/*
 * The pointer that the loader will put at a virtual address, before the load
 * bias: the addend of a relative relocation, or the word in the file (non-PIE
 * files, DT_RELR).  Returns 0 or -ENOENT.
 */
int elf_pointer(const struct lp_elf *elf, uint64_t address, uint64_t *value);

/* Copies initialised bytes at a virtual address. Returns their number, at most size. */
size_t elf_bytes(const struct lp_elf *elf, uint64_t address, void *buffer, size_t size);

/* A part of the file that is loaded; its bytes are read by elf_bytes. */
struct lp_elf_segment {
	uint64_t address;
	uint64_t bytes;
	bool executable;
};

/* Reads a segment by its index. Returns 0, or -ENOENT after the last. */
int elf_segment(const struct lp_elf *elf, size_t index, struct lp_elf_segment *segment);

/*
 * A piece of a segment during a search: the positions from begin up to end belong to this piece;
 * around them are up to LP_ELF_MARGIN bytes of its neighbours.
 */
#define LP_ELF_MARGIN 256
struct lp_elf_piece {
	uint64_t address; /* of data[0] */
	const uint8_t *data;
	size_t bytes;
	size_t begin;
	size_t end;
};

/*
 * Passes all loaded, or only executable, bytes to the handler piece by piece until it returns
 * false; the handler makes no look-ups. Returns 0 or the result of elf_failure.
 */
int elf_search(const struct lp_elf *elf, bool executable,
	       bool (*handle)(const struct lp_elf_piece *piece, void *context), void *context);

/* Returns whether the file needs a library whose name begins with this text. */
bool elf_needs(const struct lp_elf *elf, const char *beginning);

/* Virtual address to file offset and back. Return 0 or -ENOENT. */
int elf_address_to_offset(const struct lp_elf *elf, uint64_t address, uint64_t *offset);
int elf_offset_to_address(const struct lp_elf *elf, uint64_t offset, uint64_t *address);

/*
 * Finds the slots in which the loader stores the address of a symbol for the code of this file:
 * fills their virtual addresses; returns their number, at most the capacity.
 */
size_t elf_slots(const struct lp_elf *elf, const char *name, uint64_t *addresses, size_t capacity);

/*
 * Copies the beginning of the section of a name. Returns 0, -ENOENT, -EINVAL if it is shorter, or
 * -errno.
 */
int elf_section(const struct lp_elf *elf, const char *name, void *buffer, size_t size);

/*
 * Returns the beginning of the function that contains this address, stripped or not; 0: not known.
 */
uint64_t elf_function_start(const struct lp_elf *elf, uint64_t address);

/*
 * Returns whether the file says, by .eh_frame_hdr or by a function's symbol, that a function
 * begins exactly at this virtual address, which is executable.
 */
bool elf_begins_function(const struct lp_elf *elf, uint64_t address);

#endif /* LP_ELF_ELF_FILE_H */
