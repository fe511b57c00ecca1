/* SPDX-License-Identifier: BSD-2-Clause */
/* A program with unwind tables, for tests and fuzz targets. */
#ifndef LP_UNWIND_FIXTURE_H
#define LP_UNWIND_FIXTURE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A program of one function that has the given unwind instructions. */
struct crafted {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	struct {
		uint8_t encodings[4];
		int32_t frame;
		uint32_t count;
		int32_t function, record;
	} table;
	uint8_t common[20];
	struct {
		uint32_t bytes, common;
		int32_t begin;
		uint32_t size;
		uint8_t augmentation;
		uint8_t instructions[4095];
	} record;
};

#define CRAFTED_FUNCTION 0x100000

static inline void craft(struct crafted *file, const uint8_t *instructions, size_t bytes)
{
	/* version 1, "zR", code by 1, data by -8, return address in 16, relative; CFA is sp + 8 */
	static const uint8_t common[20] = { 16,	 0, 0, 0,    0,	 0, 0,	  0,	1, 'z',
					    'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8 };

	memset(file, 0, sizeof(*file));
	memcpy(file->header.e_ident, ELFMAG, SELFMAG);
	file->header.e_ident[EI_CLASS] = ELFCLASS64;
	file->header.e_ident[EI_DATA] = ELFDATA2LSB;
	file->header.e_machine = EM_X86_64;
	file->header.e_phoff = offsetof(struct crafted, segments);
	file->header.e_phentsize = sizeof(Elf64_Phdr);
	file->header.e_phnum = 2;
	file->segments[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_filesz = sizeof(*file) };
	file->segments[1] = (Elf64_Phdr){ .p_type = PT_GNU_EH_FRAME,
					  .p_vaddr = offsetof(struct crafted, table),
					  .p_filesz = sizeof(file->table) };
	memcpy(file->table.encodings, (uint8_t[]){ 1, 0x1b, 3, 0x3b }, 4);
	file->table.count = 1;
	file->table.function = CRAFTED_FUNCTION - (int32_t)offsetof(struct crafted, table);
	file->table.record = offsetof(struct crafted, record) - offsetof(struct crafted, table);
	memcpy(file->common, common, sizeof(common));
	file->record.bytes = (uint32_t)(13 + bytes);
	file->record.common =
		offsetof(struct crafted, record.common) - offsetof(struct crafted, common);
	file->record.begin = CRAFTED_FUNCTION - (int32_t)offsetof(struct crafted, record.begin);
	file->record.size = 0x1000;
	memcpy(file->record.instructions, instructions, bytes);
}

#endif /* LP_UNWIND_FIXTURE_H */
