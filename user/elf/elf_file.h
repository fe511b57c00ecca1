/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The needed parts of an ELF file: symbols, initialised data, code.  The file belongs to a
 * target and may hold anything, or be changed while it is read.  Each look-up takes a
 * share of a budget of bytes and of time that the open file has; once that is used up, or
 * something is over a limit, or the file was changed, every look-up finds nothing, and
 * elf_failure says why.
 */
#ifndef LP_ELF_ELF_FILE_H
#define LP_ELF_ELF_FILE_H

#include "elf_reader.h"

struct lp_elf;

/* As elf_reader_open, or -ENOMEM; free with elf_close. */
int elf_open_file(const char *path, struct lp_elf **elf);
void elf_close(struct lp_elf *elf);

/*
 * 0, or why look-ups find nothing any more: -EFBIG (over a limit), -ETIME (the budget is
 * used up), -ESTALE (the file was changed), -EIO.
 */
int elf_failure(const struct lp_elf *elf);

/* Describes an error, as the end of a sentence that names the file; elf: NULL if it could not be
 * opened. */
const char *elf_error(const struct lp_elf *elf, int err);

/* The facts of the open file. Returns 0, or -ESTALE if it was changed since. */
int elf_identity(const struct lp_elf *elf, struct lp_file_identity *identity);

/* The value of a symbol (.dynsym first, then .symtab), or 0. */
uint64_t elf_symbol(const struct lp_elf *elf, const char *name);

/* The value and size of a symbol, as elf_symbol finds it; 0: there is none. */
uint64_t elf_symbol_size(const struct lp_elf *elf, const char *name, uint64_t *size);

/*
 * The pointer that the loader will put at a virtual address, before the load
 * bias: the addend of a relative relocation, or the word in the file (non-PIE
 * files, DT_RELR).  Returns 0 or -ENOENT.
 */
int elf_pointer(const struct lp_elf *elf, uint64_t address, uint64_t *value);

/* Copies initialised bytes at a virtual address. Returns how many there were, at most size. */
size_t elf_bytes(const struct lp_elf *elf, uint64_t address, void *buffer, size_t size);

/* A part of the file that is loaded; its bytes are read by elf_bytes. */
struct lp_elf_segment {
	uint64_t address;
	uint64_t bytes;
	bool executable;
};

/* The index-th of them.  Returns 0, or -ENOENT after the last. */
int elf_segment(const struct lp_elf *elf, size_t index, struct lp_elf_segment *segment);

/*
 * A piece of a segment while it is searched: positions from begin to before end are this
 * piece's; around them lie up to LP_ELF_MARGIN bytes of those next to it.
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
 * Hands out all loaded, or only executable, bytes piece by piece until the handler returns
 * false; the handler makes no look-ups.  Returns 0 or what elf_failure says.
 */
int elf_search(const struct lp_elf *elf, bool executable,
	       bool (*handle)(const struct lp_elf_piece *piece, void *context), void *context);

/* Does it name a library as needed whose name begins so? */
bool elf_needs(const struct lp_elf *elf, const char *beginning);

/* Virtual address to file offset and back. Return 0 or -ENOENT. */
int elf_address_to_offset(const struct lp_elf *elf, uint64_t address, uint64_t *offset);
int elf_offset_to_address(const struct lp_elf *elf, uint64_t offset, uint64_t *address);

/*
 * Where the loader puts the address of a symbol for the code of this file: fills their
 * virtual addresses; returns how many there are, at most room.
 */
size_t elf_slots(const struct lp_elf *elf, const char *name, uint64_t *addresses, size_t capacity);

/* Copies the beginning of the section of a name. Returns 0, -ENOENT, -EINVAL: it is shorter; or
 * -errno. */
int elf_section(const struct lp_elf *elf, const char *name, void *buffer, size_t size);

/* Where the function that has this address in it begins, stripped or not; 0: not known. */
uint64_t elf_function_start(const struct lp_elf *elf, uint64_t address);

/*
 * Does the file itself say that a function begins exactly at this virtual address?  By
 * .eh_frame_hdr, or by a function's symbol; the address is executed.
 */
bool elf_begins_function(const struct lp_elf *elf, uint64_t address);

#endif /* LP_ELF_ELF_FILE_H */
