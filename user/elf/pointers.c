// SPDX-License-Identifier: BSD-2-Clause
/*
 * All parts are read as the loader would read them: header, program headers, dynamic section,
 * relocations. Linkers map the ELF header with the first segment. Sections are not needed.
 */
#include "pointers.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Limit of relocations; an interpreter with all its modules has 60,000. */
#define RELOCATIONS_MAX (1 << 18)
#define DYNAMIC_MAX 256
#define HEADERS_MAX 64
#define CHUNK 512 /* relocations */
#define WORDS 4096
/* Data that is searched for words; an interpreter has 5 MB with its constants. */
#define WORD_BYTES_MAX (64U << 20)

/* The entries of the dynamic section. */
struct lp_dynamic {
	uint64_t relocations, bytes, entry_bytes;
	bool packed; /* DT_RELR: the words are in the data */
};

/* Returns the address of the dynamic section, 0 if there is none, or a negative errno. */
static int find_dynamic(const struct lp_elf *elf, uint64_t *dynamic)
{
	Elf64_Phdr program;
	Elf64_Ehdr header;
	uint64_t base;
	size_t i;

	*dynamic = 0;
	if (elf_offset_to_address(elf, 0, &base) ||
	    elf_bytes(elf, base, &header, sizeof(header)) != sizeof(header) ||
	    header.e_phentsize != sizeof(program) || header.e_phnum > HEADERS_MAX)
		return -ENOEXEC;
	for (i = 0; i < header.e_phnum; i++) {
		if (elf_bytes(elf, base + header.e_phoff + i * sizeof(program), &program,
			      sizeof(program)) != sizeof(program))
			return -ENOEXEC;
		if (program.p_type == PT_DYNAMIC)
			*dynamic = program.p_vaddr;
	}
	return 0;
}

static void read_dynamic(const struct lp_elf *elf, uint64_t address, struct lp_dynamic *dynamic)
{
	Elf64_Dyn entry;
	size_t i;

	memset(dynamic, 0, sizeof(*dynamic));
	for (i = 0; address && i < DYNAMIC_MAX; i++, address += sizeof(entry)) {
		if (elf_bytes(elf, address, &entry, sizeof(entry)) != sizeof(entry) ||
		    entry.d_tag == DT_NULL)
			return;
		switch (entry.d_tag) {
		case DT_RELA:
			dynamic->relocations = entry.d_un.d_ptr;
			break;
		case DT_RELASZ:
			dynamic->bytes = entry.d_un.d_val;
			break;
		case DT_RELAENT:
			dynamic->entry_bytes = entry.d_un.d_val;
			break;
		case 36: /* DT_RELR, which older headers lack */
			dynamic->packed = true;
			break;
		default:
			break;
		}
	}
}

static int by_address(const void *one, const void *other)
{
	const struct lp_pointer *a = one, *b = other;

	return (a->address > b->address) - (a->address < b->address);
}

static int read_relocations(const struct lp_elf *elf, const struct lp_dynamic *dynamic,
			    struct lp_pointers *pointers)
{
	size_t total = dynamic->bytes / sizeof(Elf64_Rela), done = 0, count, i;
	Elf64_Rela entries[CHUNK];
	bool sorted = true;

	if (total && dynamic->entry_bytes != sizeof(Elf64_Rela))
		return -ENOEXEC;
	if (total > RELOCATIONS_MAX)
		return -E2BIG;
	pointers->items = malloc((total ? total : 1) * sizeof(*pointers->items));
	if (!pointers->items)
		return -ENOMEM;
	for (; done < total; done += count) {
		count = total - done < CHUNK ? total - done : CHUNK;
		if (elf_bytes(elf, dynamic->relocations + done * sizeof(Elf64_Rela), entries,
			      count * sizeof(Elf64_Rela)) != count * sizeof(Elf64_Rela))
			return -ENOEXEC;
		for (i = 0; i < count; i++) {
			struct lp_pointer *item = &pointers->items[pointers->count];

			if (ELF64_R_TYPE(entries[i].r_info) != R_X86_64_RELATIVE)
				continue;
			item->address = entries[i].r_offset;
			item->value = (uint64_t)entries[i].r_addend;
			sorted = sorted && (!pointers->count || item[-1].address <= item->address);
			pointers->count++;
		}
	}
	if (!sorted)
		qsort(pointers->items, pointers->count, sizeof(*pointers->items), by_address);
	return 0;
}

int pointers_open(const struct lp_elf *elf, struct lp_pointers *pointers)
{
	struct lp_dynamic dynamic;
	uint64_t address;
	int err;

	memset(pointers, 0, sizeof(*pointers));
	pointers->elf = elf;
	err = find_dynamic(elf, &address);
	if (err)
		return err;
	read_dynamic(elf, address, &dynamic);
	err = read_relocations(elf, &dynamic, pointers);
	pointers->words = dynamic.packed || !pointers->count;
	if (err)
		pointers_close(pointers);
	return err;
}

void pointers_close(struct lp_pointers *pointers)
{
	free(pointers->items);
	pointers->items = NULL;
	pointers->count = 0;
}

uint64_t pointers_at(const struct lp_pointers *pointers, uint64_t address)
{
	struct lp_pointer wanted = { .address = address }, *found;
	uint64_t value;

	found = pointers->count ? bsearch(&wanted, pointers->items, pointers->count, sizeof(wanted),
					  by_address)
				: NULL;
	if (found)
		return found->value;
	return elf_bytes(pointers->elf, address, &value, sizeof(value)) == sizeof(value) ? value
											 : 0;
}

/* Searches the words of one segment. */
static size_t words_to(const struct lp_elf *elf, const struct lp_elf_segment *segment,
		       uint64_t first, uint64_t last, struct lp_pointer *found, size_t capacity)
{
	uint64_t at = (segment->address + 7) & ~7ULL, end = segment->address + segment->bytes;
	uint64_t words[WORDS];
	size_t count = 0, read, i;

	while (at < end && count < capacity) {
		read = elf_bytes(elf, at, words, sizeof(words)) / sizeof(words[0]);
		if (!read)
			break;
		for (i = 0; i < read && at + i * 8 < end && count < capacity; i++)
			if (words[i] >= first && words[i] <= last)
				found[count++] = (struct lp_pointer){ at + i * 8, words[i] };
		at += read * 8;
	}
	return count;
}

size_t pointers_to(const struct lp_pointers *pointers, uint64_t first, uint64_t last,
		   struct lp_pointer *found, size_t capacity)
{
	struct lp_elf_segment segment;
	size_t count = 0, budget = WORD_BYTES_MAX, i;

	for (i = 0; i < pointers->count && count < capacity; i++)
		if (pointers->items[i].value >= first && pointers->items[i].value <= last)
			found[count++] = pointers->items[i];
	for (i = 0; pointers->words && !elf_segment(pointers->elf, i, &segment); i++) {
		if (segment.executable || segment.bytes > budget)
			continue;
		budget -= segment.bytes;
		count += words_to(pointers->elf, &segment, first, last, found + count,
				  capacity - count);
	}
	return count;
}
