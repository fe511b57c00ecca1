/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 64-bit x86 ELF file, read piece by piece and never mapped: its owner may truncate it at any
 * moment, which would end loopprof by SIGBUS. All reads are checked against the file's size;
 * counts and sizes have limits that no real program reaches.
 */
#ifndef LP_ELF_ELF_READER_H
#define LP_ELF_ELF_READER_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define LP_ELF_SEGMENTS 32
#define LP_ELF_TABLES 32

/* Identity of a file: distinguishes it from others, and from itself after a change. */
struct lp_file_identity {
	uint64_t device; /* as in struct stat */
	uint64_t inode;
	uint64_t bytes;
	struct timespec modified;
	struct timespec changed;
};

struct stat;
void file_identity_take(struct lp_file_identity *identity, const struct stat *status);
bool file_identity_is(const struct lp_file_identity *one, const struct lp_file_identity *other);

struct lp_elf_load {
	uint64_t address;
	uint64_t offset; /* in the file */
	uint64_t bytes; /* in the file, limited to its size */
	bool executable;
};

enum lp_elf_table_kind {
	LP_ELF_SYMBOLS, /* .symtab */
	LP_ELF_DYNAMIC_SYMBOLS,
	LP_ELF_RELOCATIONS, /* relocations of loaded segments, with addends */
	LP_ELF_DYNAMIC,
};

/* A table of entries of one size in the file, with its strings. */
struct lp_elf_table {
	enum lp_elf_table_kind kind;
	uint32_t section;
	/* number of the section with the strings, or with a relocation's symbols */
	uint32_t linked;
	uint64_t offset;
	uint64_t count;
	uint64_t strings;
	uint64_t strings_bytes; /* 0: it has none */
};

/* .eh_frame_hdr: addresses of functions, sorted, each with that of its record. */
struct lp_elf_functions {
	uint64_t address; /* 0: there is none */
	uint32_t count;
};

struct lp_elf_reader {
	int descriptor; /* -1: it lies in memory */
	const uint8_t *memory;
	uint64_t bytes;
	struct lp_file_identity identity;
	size_t load_count;
	struct lp_elf_load loads[LP_ELF_SEGMENTS];
	size_t table_count;
	struct lp_elf_table tables[LP_ELF_TABLES];
	struct lp_elf_functions functions;
	uint64_t sections; /* offset of their headers in the file */
	uint32_t section_count;
	uint32_t section_names; /* number of the section with their names */
};

/*
 * Opens a file if it is a regular one: opening a device or a FIFO could have any effect. Returns
 * 0, -EMEDIUMTYPE if it is no regular file, -ENOEXEC if it is no 64-bit x86 ELF file, -EFBIG if it
 * is too large, -EOVERFLOW if it has too many parts, -ESTALE if it is changed meanwhile, or
 * -errno.
 */
int elf_reader_open(struct lp_elf_reader *reader, const char *path);
/* Opens an ELF file in this process's memory, such as the vDSO. */
int elf_reader_open_memory(struct lp_elf_reader *reader, const void *memory, uint64_t bytes);
void elf_reader_close(struct lp_elf_reader *reader);

/* Returns whether the file is unchanged since it was opened. */
bool elf_reader_is_current(const struct lp_elf_reader *reader);

/* Reads exactly `size` bytes at an offset of the file. */
bool elf_reader_read(const struct lp_elf_reader *reader, uint64_t offset, void *buffer,
		     size_t size);

/* Copies initialised bytes at an address. Returns their number, at most size. */
size_t elf_reader_bytes(const struct lp_elf_reader *reader, uint64_t address, void *buffer,
			size_t size);

/* The segment that has initialised bytes at an address, or NULL. */
const struct lp_elf_load *elf_reader_load(const struct lp_elf_reader *reader, uint64_t address);

/* Reads an entry of .eh_frame_hdr: the beginning of a function, and its record. */
bool elf_reader_function(const struct lp_elf_reader *reader, uint32_t index, uint64_t *begin,
			 uint64_t *record);

/* The index after the last entry that begins at the address or before it; -errno: unreadable. */
int64_t elf_reader_function_after(const struct lp_elf_reader *reader, uint64_t address);

/* The section of a name. Returns 0 or -ENOENT. */
int elf_reader_section(const struct lp_elf_reader *reader, const char *name, Elf64_Shdr *section);

/* Describes an error of elf_reader_open: the end of a sentence that names the file. */
const char *elf_reader_error(int err);

#endif /* LP_ELF_ELF_READER_H */
