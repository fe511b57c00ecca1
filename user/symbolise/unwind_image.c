// SPDX-License-Identifier: BSD-2-Clause
#include "unwind_image.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* More than any linker makes of a program. */
#define PROGRAM_HEADERS_MAX 64
#define SECTIONS_MAX 4096
/* Symbols beyond are not looked at: to read so many takes some milliseconds. */
#define SYMBOLS_MAX (1U << 19)
#define SYMBOLS_AT_ONCE 256
/* Names for one place, of which the best is taken. */
#define ALIASES_MAX 8
#define NAME_BYTES 256

/* Encodings of .eh_frame_hdr that linkers write; Linux Standard Base 5.0, 10.6.2 and 10.5.1. */
#define HEADER_VERSION 1
#define ENCODING_FRAME_S32 0x1b /* relative to itself */
#define ENCODING_COUNT_U32 0x03
#define ENCODING_TABLE_S32 0x3b /* relative to the header */

static bool read_at(const struct lp_image *image, uint64_t offset, void *buffer, size_t size)
{
	if (offset > image->bytes || size > image->bytes - offset)
		return false;
	if (image->descriptor < 0) {
		memcpy(buffer, image->memory + offset, size);
		return true;
	}
	return pread(image->descriptor, buffer, size, (off_t)offset) == (ssize_t)size;
}

size_t image_read(const struct lp_image *image, uint64_t address, void *buffer, size_t size)
{
	const struct lp_image_segment *segment;
	uint64_t at;
	size_t i;

	for (i = 0; i < image->segment_count; i++) {
		segment = &image->segments[i];
		at = address - segment->address;
		if (at >= segment->bytes)
			continue;
		if (size > segment->bytes - at)
			size = segment->bytes - at;
		return read_at(image, segment->offset + at, buffer, size) ? size : 0;
	}
	return 0;
}

int image_address(const struct lp_image *image, uint64_t offset, uint64_t *address)
{
	const struct lp_image_segment *segment;
	size_t i;

	for (i = 0; i < image->segment_count; i++) {
		segment = &image->segments[i];
		if (segment->executable && offset - segment->offset < segment->bytes) {
			*address = segment->address + (offset - segment->offset);
			return 0;
		}
	}
	return -ENOENT;
}

static void add_segment(struct lp_image *image, const Elf64_Phdr *header)
{
	struct lp_image_segment *segment = &image->segments[image->segment_count];

	if (image->segment_count == LP_IMAGE_SEGMENTS || header->p_offset > image->bytes)
		return;
	segment->address = header->p_vaddr;
	segment->offset = header->p_offset;
	segment->bytes = header->p_filesz;
	if (segment->bytes > image->bytes - segment->offset)
		segment->bytes = image->bytes - segment->offset;
	segment->executable = header->p_flags & PF_X;
	image->segment_count++;
}

/* Without the sorted table there is no unwinding; every linker makes one. */
static void read_function_table(struct lp_image *image, const Elf64_Phdr *header)
{
	struct {
		uint8_t version, frame_encoding, count_encoding, table_encoding;
		int32_t frame;
		uint32_t count;
	} table;

	if (header->p_filesz < sizeof(table) ||
	    image_read(image, header->p_vaddr, &table, sizeof(table)) != sizeof(table) ||
	    table.version != HEADER_VERSION || table.frame_encoding != ENCODING_FRAME_S32 ||
	    table.count_encoding != ENCODING_COUNT_U32 ||
	    table.table_encoding != ENCODING_TABLE_S32)
		return;
	image->header = header->p_vaddr;
	image->functions = table.count;
	if (image->functions > (header->p_filesz - sizeof(table)) / 8)
		image->functions = (uint32_t)((header->p_filesz - sizeof(table)) / 8);
}

static int read_program_headers(struct lp_image *image, const Elf64_Ehdr *header)
{
	Elf64_Phdr entry, frames = { 0 };
	size_t i;

	if (header->e_phentsize != sizeof(entry))
		return -ENOEXEC;
	for (i = 0; i < header->e_phnum && i < PROGRAM_HEADERS_MAX; i++) {
		if (!read_at(image, header->e_phoff + i * sizeof(entry), &entry, sizeof(entry)))
			return -ENOEXEC;
		if (entry.p_type == PT_LOAD)
			add_segment(image, &entry);
		else if (entry.p_type == PT_GNU_EH_FRAME)
			frames = entry;
	}
	if (frames.p_type == PT_GNU_EH_FRAME)
		read_function_table(image, &frames);
	return 0;
}

static bool read_section(const struct lp_image *image, const Elf64_Ehdr *header, size_t index,
			 Elf64_Shdr *section)
{
	return index < header->e_shnum && index < SECTIONS_MAX &&
	       read_at(image, header->e_shoff + index * sizeof(*section), section,
		       sizeof(*section));
}

static void read_symbol_tables(struct lp_image *image, const Elf64_Ehdr *header)
{
	Elf64_Shdr section, strings;
	size_t i;

	if (header->e_shentsize != sizeof(section))
		return;
	for (i = 0; read_section(image, header, i, &section); i++) {
		struct lp_image_symbols *symbols = &image->symbols[section.sh_type == SHT_DYNSYM];

		if (section.sh_type != SHT_SYMTAB && section.sh_type != SHT_DYNSYM)
			continue;
		if (section.sh_entsize != sizeof(Elf64_Sym) ||
		    !read_section(image, header, section.sh_link, &strings) ||
		    strings.sh_type != SHT_STRTAB)
			continue;
		symbols->offset = section.sh_offset;
		symbols->count = section.sh_size / sizeof(Elf64_Sym);
		if (symbols->count > SYMBOLS_MAX)
			symbols->count = SYMBOLS_MAX;
		symbols->strings = strings.sh_offset;
		symbols->strings_bytes = strings.sh_size;
	}
}

static int read_headers(struct lp_image *image)
{
	Elf64_Ehdr header;

	if (!read_at(image, 0, &header, sizeof(header)) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64)
		return -ENOEXEC;
	if (read_program_headers(image, &header))
		return -ENOEXEC;
	read_symbol_tables(image, &header);
	return 0;
}

int image_open(struct lp_image *image, int descriptor, uint64_t bytes)
{
	int err;

	memset(image, 0, sizeof(*image));
	image->descriptor = descriptor;
	image->bytes = bytes;
	err = read_headers(image);
	if (err)
		image_close(image);
	return err;
}

int image_open_memory(struct lp_image *image, const void *memory, uint64_t bytes)
{
	memset(image, 0, sizeof(*image));
	image->descriptor = -1;
	image->memory = memory;
	image->bytes = bytes;
	return read_headers(image);
}

void image_close(struct lp_image *image)
{
	if (image->descriptor >= 0)
		close(image->descriptor);
	image->descriptor = -1;
	image->memory = NULL;
	image->bytes = 0;
}

/* ---- names ------------------------------------------------------------------ */

/* Symbols that hold an address and begin nearest to it. */
struct candidates {
	uint64_t value;
	size_t count;
	Elf64_Sym symbols[ALIASES_MAX];
};

static bool is_function(const Elf64_Sym *symbol)
{
	unsigned int type = ELF64_ST_TYPE(symbol->st_info);

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS || !symbol->st_name)
		return false;
	/* what is written in assembly may have no type */
	return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

static void consider(struct candidates *best, const Elf64_Sym *symbol, uint64_t address)
{
	/* one without a size holds what it begins with, and nobody knows what else */
	uint64_t size = symbol->st_size ? symbol->st_size : 1;

	if (symbol->st_value > address || address - symbol->st_value >= size ||
	    !is_function(symbol) || (best->count && symbol->st_value < best->value))
		return;
	if (symbol->st_value != best->value)
		best->count = 0;
	best->value = symbol->st_value;
	if (best->count < ALIASES_MAX)
		best->symbols[best->count++] = *symbol;
}

static void search_symbols(const struct lp_image *image, const struct lp_image_symbols *symbols,
			   uint64_t address, struct candidates *best)
{
	Elf64_Sym entries[SYMBOLS_AT_ONCE];
	uint64_t at, count, i;

	best->value = 0;
	best->count = 0;
	for (at = 0; at < symbols->count; at += count) {
		count = symbols->count - at;
		if (count > SYMBOLS_AT_ONCE)
			count = SYMBOLS_AT_ONCE;
		if (!read_at(image, symbols->offset + at * sizeof(entries[0]), entries,
			     count * sizeof(entries[0])))
			return;
		for (i = 0; i < count; i++)
			consider(best, &entries[i], address);
	}
}

/* Reads a name without its version; longer ones are cut. */
static bool read_name(const struct lp_image *image, const struct lp_image_symbols *symbols,
		      const Elf64_Sym *symbol, char *name, size_t size)
{
	uint64_t room;

	if (symbol->st_name >= symbols->strings_bytes)
		return false;
	room = symbols->strings_bytes - symbol->st_name;
	if (room > size - 1)
		room = size - 1;
	if (symbols->strings > image->bytes ||
	    !read_at(image, symbols->strings + symbol->st_name, name, room))
		return false;
	name[room] = '\0';
	name[strcspn(name, "@")] = '\0';
	return name[0];
}

/* Of "__read", "__libc_read" and "read" people know the last. */
static bool is_better(const char *name, const char *than)
{
	size_t underscores = strspn(name, "_"), others = strspn(than, "_");

	if (underscores != others)
		return underscores < others;
	if (strlen(name) != strlen(than))
		return strlen(name) < strlen(than);
	return strcmp(name, than) < 0;
}

static int best_name(const struct lp_image *image, const struct lp_image_symbols *symbols,
		     const struct candidates *best, char *name, size_t size)
{
	char other[NAME_BYTES];
	size_t i;

	name[0] = '\0';
	for (i = 0; i < best->count; i++) {
		if (!read_name(image, symbols, &best->symbols[i], other,
			       size < sizeof(other) ? size : sizeof(other)))
			continue;
		if (!name[0] || is_better(other, name))
			memcpy(name, other, strlen(other) + 1);
	}
	return name[0] ? 0 : -ENOENT;
}

int image_symbol(const struct lp_image *image, uint64_t address, char *name, size_t size,
		 size_t *work)
{
	struct candidates best;
	size_t i;

	name[0] = '\0';
	for (i = 0; i < sizeof(image->symbols) / sizeof(image->symbols[0]); i++) {
		search_symbols(image, &image->symbols[i], address, &best);
		*work += image->symbols[i].count;
		if (!best_name(image, &image->symbols[i], &best, name, size))
			return 0;
	}
	return -ENOENT;
}
