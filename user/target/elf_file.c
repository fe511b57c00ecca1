// SPDX-License-Identifier: BSD-2-Clause
#include "elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct lp_elf {
	void *data;
	size_t bytes;
	Elf *elf;
	size_t segments;
};

/*
 * Shared: the kernel writes the breakpoints of uprobes that are on a file for everybody
 * into private mappings of it, ours too (kernel/events/uprobes.c: valid_vma).
 */
static int map_file(const char *path, struct lp_elf *elf)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat file;

	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, &file))
		err = -errno;
	else if (!S_ISREG(file.st_mode) || !file.st_size)
		err = -ENOEXEC;
	if (!err) {
		elf->bytes = (size_t)file.st_size;
		elf->data = mmap(NULL, elf->bytes, PROT_READ, MAP_SHARED, descriptor, 0);
		if (elf->data == MAP_FAILED) {
			err = -errno;
			elf->data = NULL;
		}
	}
	close(descriptor);
	return err;
}

int elf_open_file(const char *path, struct lp_elf **result)
{
	struct lp_elf *elf = calloc(1, sizeof(*elf));
	GElf_Ehdr header;
	int err;

	*result = NULL;
	if (!elf)
		return -ENOMEM;
	elf_version(EV_CURRENT);
	err = map_file(path, elf);
	if (err) {
		free(elf);
		return err;
	}
	elf->elf = elf_memory(elf->data, elf->bytes);
	if (!elf->elf || elf_kind(elf->elf) != ELF_K_ELF || !gelf_getehdr(elf->elf, &header) ||
	    header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf_getphdrnum(elf->elf, &elf->segments)) {
		elf_close(elf);
		return -ENOEXEC;
	}
	*result = elf;
	return 0;
}

void elf_close(struct lp_elf *elf)
{
	if (!elf)
		return;
	elf_end(elf->elf);
	munmap(elf->data, elf->bytes);
	free(elf);
}

static uint64_t symbol_in(Elf *elf, GElf_Word type, const char *wanted, uint64_t *size)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;
		GElf_Shdr header;
		GElf_Sym symbol;
		size_t i, count;

		if (!gelf_getshdr(section, &header) || header.sh_type != type || !header.sh_entsize)
			continue;
		data = elf_getdata(section, NULL);
		count = data ? data->d_size / header.sh_entsize : 0;
		for (i = 0; i < count; i++) {
			const char *name;

			if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF)
				continue;
			name = elf_strptr(elf, header.sh_link, symbol.st_name);
			if (name && !strcmp(name, wanted)) {
				*size = symbol.st_size;
				return symbol.st_value;
			}
		}
	}
	return 0;
}

uint64_t elf_symbol_size(const struct lp_elf *elf, const char *name, uint64_t *size)
{
	uint64_t value = symbol_in(elf->elf, SHT_DYNSYM, name, size);

	return value ? value : symbol_in(elf->elf, SHT_SYMTAB, name, size);
}

uint64_t elf_symbol(const struct lp_elf *elf, const char *name)
{
	uint64_t size;

	return elf_symbol_size(elf, name, &size);
}

static int load_segment(const struct lp_elf *elf, size_t index, GElf_Phdr *segment)
{
	return gelf_getphdr(elf->elf, (int)index, segment) && segment->p_type == PT_LOAD;
}

int elf_address_to_offset(const struct lp_elf *elf, uint64_t address, uint64_t *offset)
{
	GElf_Phdr segment;
	size_t i;

	for (i = 0; i < elf->segments; i++) {
		if (!load_segment(elf, i, &segment) || address < segment.p_vaddr ||
		    address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*offset = address - segment.p_vaddr + segment.p_offset;
		return 0;
	}
	return -ENOENT;
}

int elf_offset_to_address(const struct lp_elf *elf, uint64_t offset, uint64_t *address)
{
	GElf_Phdr segment;
	size_t i;

	for (i = 0; i < elf->segments; i++) {
		uint64_t begin;

		if (!load_segment(elf, i, &segment))
			continue;
		/* a mapping begins at the page that the segment begins in */
		begin = segment.p_offset & ~4095ULL;
		if (offset < begin ||
		    offset - begin >= segment.p_filesz + (segment.p_offset - begin))
			continue;
		*address = segment.p_vaddr - (segment.p_offset - begin) + (offset - begin);
		return 0;
	}
	return -ENOENT;
}

int elf_segment(const struct lp_elf *elf, size_t index, struct lp_elf_segment *segment)
{
	GElf_Phdr header;
	size_t size, i;
	char *file = elf_rawfile(elf->elf, &size);

	for (i = 0; file && i < elf->segments; i++) {
		if (!load_segment(elf, i, &header) || index--)
			continue;
		if (header.p_offset > size || header.p_filesz > size - header.p_offset)
			return -ENOENT;
		segment->address = header.p_vaddr;
		segment->bytes = header.p_filesz;
		segment->data = (const uint8_t *)file + header.p_offset;
		segment->executable = header.p_flags & PF_X;
		return 0;
	}
	return -ENOENT;
}

size_t elf_bytes(const struct lp_elf *elf, uint64_t address, void *buffer, size_t size)
{
	uint64_t offset;

	if (elf_address_to_offset(elf, address, &offset) || offset >= elf->bytes)
		return 0;
	if (size > elf->bytes - offset)
		size = elf->bytes - offset;
	memcpy(buffer, (const char *)elf->data + offset, size);
	return size;
}

int elf_pointer(const struct lp_elf *elf, uint64_t address, uint64_t *value)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf->elf, section))) {
		GElf_Shdr header;
		GElf_Rela entry;
		Elf_Data *data;
		size_t i, count;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA ||
		    !(header.sh_flags & SHF_ALLOC) || !header.sh_entsize)
			continue;
		data = elf_getdata(section, NULL);
		count = data ? data->d_size / header.sh_entsize : 0;
		for (i = 0; i < count; i++) {
			if (!gelf_getrela(data, (int)i, &entry) || entry.r_offset != address)
				continue;
			if (GELF_R_TYPE(entry.r_info) != R_X86_64_RELATIVE)
				return -ENOENT;
			*value = (uint64_t)entry.r_addend;
			return 0;
		}
	}
	return elf_bytes(elf, address, value, sizeof(*value)) == sizeof(*value) ? 0 : -ENOENT;
}

bool elf_needs(const struct lp_elf *elf, const char *beginning)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf->elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;
		GElf_Dyn entry;
		size_t i, count;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC ||
		    !header.sh_entsize)
			continue;
		data = elf_getdata(section, NULL);
		count = data ? data->d_size / header.sh_entsize : 0;
		for (i = 0; i < count && gelf_getdyn(data, (int)i, &entry); i++) {
			const char *name =
				entry.d_tag == DT_NEEDED
					? elf_strptr(elf->elf, header.sh_link, entry.d_un.d_val)
					: NULL;

			if (name && !strncmp(name, beginning, strlen(beginning)))
				return true;
		}
	}
	return false;
}

/* Does this relocation put the address of that symbol into a slot? */
static bool fills_slot(const struct lp_elf *elf, const GElf_Shdr *relocations,
		       const GElf_Rela *entry, const char *wanted)
{
	uint64_t type = GELF_R_TYPE(entry->r_info);
	Elf_Scn *symbols;
	GElf_Shdr header;
	GElf_Sym symbol;
	const char *name;

	if (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT)
		return false;
	symbols = elf_getscn(elf->elf, relocations->sh_link);
	if (!symbols || !gelf_getshdr(symbols, &header) ||
	    !gelf_getsym(elf_getdata(symbols, NULL), (int)GELF_R_SYM(entry->r_info), &symbol))
		return false;
	name = elf_strptr(elf->elf, header.sh_link, symbol.st_name);
	return name && !strcmp(name, wanted);
}

size_t elf_slots(const struct lp_elf *elf, const char *name, uint64_t *addresses, size_t room)
{
	Elf_Scn *section = NULL;
	size_t found = 0;

	while ((section = elf_nextscn(elf->elf, section))) {
		GElf_Shdr header;
		GElf_Rela entry;
		Elf_Data *data;
		size_t i, count;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA ||
		    !(header.sh_flags & SHF_ALLOC) || !header.sh_entsize)
			continue;
		data = elf_getdata(section, NULL);
		count = data ? data->d_size / header.sh_entsize : 0;
		for (i = 0; i < count && found < room; i++)
			if (gelf_getrela(data, (int)i, &entry) &&
			    fills_slot(elf, &header, &entry, name))
				addresses[found++] = entry.r_offset;
	}
	return found;
}

/* The head of .eh_frame_hdr as linkers write it; Linux Standard Base 5.0, 10.6.2. */
struct lp_frame_header {
	uint8_t version, frame_encoding, count_encoding, table_encoding;
	int32_t frame;
	uint32_t count;
};

#define FRAME_HEADER_VERSION 1
#define FRAME_COUNT_U32 0x03
#define FRAME_TABLE_S32 0x3b /* pairs of 4 bytes, relative to the header */

uint64_t elf_function_start(const struct lp_elf *elf, uint64_t address)
{
	uint32_t low = 0, high, middle;
	struct lp_frame_header head;
	GElf_Phdr segment;
	int32_t begin;
	size_t i;

	for (i = 0; i < elf->segments; i++)
		if (gelf_getphdr(elf->elf, (int)i, &segment) && segment.p_type == PT_GNU_EH_FRAME)
			break;
	if (i == elf->segments ||
	    elf_bytes(elf, segment.p_vaddr, &head, sizeof(head)) != sizeof(head) ||
	    head.version != FRAME_HEADER_VERSION || head.count_encoding != FRAME_COUNT_U32 ||
	    head.table_encoding != FRAME_TABLE_S32)
		return 0;
	high = head.count;
	/* the last that begins at the address or before it */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (elf_bytes(elf, segment.p_vaddr + sizeof(head) + (uint64_t)middle * 8, &begin,
			      sizeof(begin)) != sizeof(begin))
			return 0;
		if (segment.p_vaddr + (uint64_t)(int64_t)begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || elf_bytes(elf, segment.p_vaddr + sizeof(head) + (uint64_t)(low - 1) * 8, &begin,
			      sizeof(begin)) != sizeof(begin))
		return 0;
	return segment.p_vaddr + (uint64_t)(int64_t)begin;
}
