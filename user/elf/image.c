// SPDX-License-Identifier: BSD-2-Clause
#include "image.h"

#include "base/macros.h"

#include <errno.h>
#include <string.h>

/* Limit of the symbols that are read: this many take some milliseconds. */
#define SYMBOLS_MAX (1U << 19)
#define SYMBOLS_AT_ONCE 256
/* Limit of the names of one address, of which the best is chosen. */
#define ALIASES_MAX 8
#define NAME_BYTES 256

size_t image_read(const struct lp_image *image, uint64_t address, void *buffer, size_t size)
{
	return elf_reader_bytes(&image->elf, address, buffer, size);
}

int image_address(const struct lp_image *image, uint64_t offset, uint64_t *address)
{
	const struct lp_elf_load *load;
	size_t i;

	for (i = 0; i < image->elf.load_count; i++) {
		load = &image->elf.loads[i];
		if (load->executable && offset - load->offset < load->bytes) {
			*address = load->address + (offset - load->offset);
			return 0;
		}
	}
	return -ENOENT;
}

int image_open(struct lp_image *image, const char *path)
{
	return elf_reader_open(&image->elf, path);
}

int image_open_memory(struct lp_image *image, const void *memory, uint64_t bytes)
{
	return elf_reader_open_memory(&image->elf, memory, bytes);
}

void image_close(struct lp_image *image)
{
	elf_reader_close(&image->elf);
}

/* ---- names ------------------------------------------------------------------ */

/* Symbols that contain an address and begin nearest to it. */
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
	/* Functions written in assembly may have no type. */
	return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

static void consider(struct candidates *best, const Elf64_Sym *symbol, uint64_t address)
{
	/* A symbol without a size contains its first byte at least. */
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

static uint64_t symbol_count(const struct lp_elf_table *symbols)
{
	return symbols->count < SYMBOLS_MAX ? symbols->count : SYMBOLS_MAX;
}

static void search_symbols(const struct lp_image *image, const struct lp_elf_table *symbols,
			   uint64_t address, struct candidates *best)
{
	Elf64_Sym entries[SYMBOLS_AT_ONCE];
	uint64_t at, count, i;

	best->value = 0;
	best->count = 0;
	for (at = 0; at < symbol_count(symbols); at += count) {
		count = symbol_count(symbols) - at;
		if (count > SYMBOLS_AT_ONCE)
			count = SYMBOLS_AT_ONCE;
		if (!elf_reader_read(&image->elf, symbols->offset + at * sizeof(entries[0]),
				     entries, count * sizeof(entries[0])))
			return;
		for (i = 0; i < count; i++)
			consider(best, &entries[i], address);
	}
}

/* Reads a name without its version; longer ones are cut. */
static bool read_name(const struct lp_image *image, const struct lp_elf_table *symbols,
		      const Elf64_Sym *symbol, char *name, size_t size)
{
	uint64_t capacity;

	if (symbol->st_name >= symbols->strings_bytes)
		return false;
	capacity = symbols->strings_bytes - symbol->st_name;
	if (capacity > size - 1)
		capacity = size - 1;
	if (!elf_reader_read(&image->elf, symbols->strings + symbol->st_name, name, capacity))
		return false;
	name[capacity] = '\0';
	name[strcspn(name, "@")] = '\0';
	return name[0];
}

/* "read" is preferred to "__libc_read" and "__read". */
static bool is_better(const char *name, const char *than)
{
	size_t underscores = strspn(name, "_"), others = strspn(than, "_");

	if (underscores != others)
		return underscores < others;
	if (strlen(name) != strlen(than))
		return strlen(name) < strlen(than);
	return strcmp(name, than) < 0;
}

static int best_name(const struct lp_image *image, const struct lp_elf_table *symbols,
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
	static const enum lp_elf_table_kind kinds[] = { LP_ELF_SYMBOLS, LP_ELF_DYNAMIC_SYMBOLS };
	const struct lp_elf_table *symbols;
	struct candidates best;
	size_t i, j;

	name[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (j = 0; j < image->elf.table_count; j++)
			if (image->elf.tables[j].kind == kinds[i])
				break;
		if (j == image->elf.table_count)
			continue;
		symbols = &image->elf.tables[j];
		search_symbols(image, symbols, address, &best);
		*work += symbol_count(symbols);
		if (!best_name(image, symbols, &best, name, size))
			return 0;
	}
	return -ENOENT;
}
