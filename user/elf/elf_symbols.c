// SPDX-License-Identifier: BSD-2-Clause
#include "elf_internal.h"

#include <errno.h>
#include <string.h>

/* A debug build of CPython has some 2 MB of symbols and names; a large program in C++ 20 MB. */
#define TABLE_BYTES_MAX (32ULL << 20)
#define STRINGS_BYTES_MAX (64ULL << 20)
#define NAME_PLACES_MAX 256
#define ALIASES_MAX 16

/* ---- tables ------------------------------------------------------------------- */

bool elf_walk_begin(struct lp_elf_walk *walk, struct lp_elf_state *state,
		    const struct lp_elf_table *table, size_t entry_bytes)
{
	*walk = (struct lp_elf_walk){ .state = state,
				      .offset = table->offset,
				      .left = table->count,
				      .entry_bytes = entry_bytes };
	return elf_is_within(state, table->count * entry_bytes, TABLE_BYTES_MAX,
			     "it has a table of symbols or relocations of more than 32 MiB") &&
	       elf_is_within(state, table->strings_bytes, STRINGS_BYTES_MAX,
			     "it has more than 64 MiB of symbols' names");
}

/* Returns the next entry, which is in the state's buffer, or NULL. */
const void *elf_walk_next(struct lp_elf_walk *walk)
{
	size_t count = LP_ELF_PIECE_BYTES / walk->entry_bytes;
	const void *entry;

	if (walk->at == walk->have) {
		if (count > walk->left)
			count = (size_t)walk->left;
		if (!count || !elf_read_at(walk->state, walk->offset, walk->state->buffer,
					   count * walk->entry_bytes))
			return NULL;
		walk->left -= count;
		walk->have = count * walk->entry_bytes;
		walk->offset += walk->have;
		walk->at = 0;
	}
	entry = walk->state->buffer + walk->at;
	walk->at += walk->entry_bytes;
	return entry;
}

const struct lp_elf_table *elf_next_table(const struct lp_elf_state *state,
					  enum lp_elf_table_kind kind, size_t *from)
{
	const struct lp_elf_reader *reader = &state->reader;

	for (; *from < reader->table_count; ++*from)
		if (reader->tables[*from].kind == kind)
			return &reader->tables[(*from)++];
	return NULL;
}

/* Offsets of a name among strings, ascending; it may be the end of others. */
struct places {
	size_t count;
	uint64_t offsets[NAME_PLACES_MAX];
};

static bool has_place(const struct places *places, uint64_t offset)
{
	size_t low = 0, high = places->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (places->offsets[middle] == offset)
			return true;
		if (places->offsets[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Adds the offsets of a name that begin in the first positions of the buffer. */
static void add_places(struct lp_elf_state *state, const char *name, size_t length, size_t bytes,
		       size_t positions, uint64_t offset, struct places *places)
{
	const uint8_t *at = state->buffer, *last = at + bytes;

	while ((at = memmem(at, (size_t)(last - at), name, length)) &&
	       (size_t)(at - state->buffer) < positions) {
		if (places->count == NAME_PLACES_MAX) {
			elf_fail(state, -EFBIG, "too many of its symbols' names have the same end");
			return;
		}
		places->offsets[places->count++] = offset + (uint64_t)(at - state->buffer);
		at++;
	}
}

/* Finds the offsets of a name, with its terminator, in the strings of a table. */
static bool find_places(struct lp_elf_state *state, const struct lp_elf_table *table,
			const char *name, struct places *places)
{
	size_t length = strlen(name) + 1, bytes, positions;
	uint64_t offset, left;

	places->count = 0;
	if (length > LP_ELF_NAME_BYTES || length > table->strings_bytes)
		return false;
	for (offset = 0; offset < table->strings_bytes && !state->failure; offset += positions) {
		left = table->strings_bytes - offset;
		bytes = left < LP_ELF_PIECE_BYTES + LP_ELF_NAME_BYTES
				? (size_t)left
				: LP_ELF_PIECE_BYTES + LP_ELF_NAME_BYTES;
		positions = bytes < LP_ELF_PIECE_BYTES ? bytes : LP_ELF_PIECE_BYTES;
		if (!elf_read_at(state, table->strings + offset, state->buffer, bytes))
			return false;
		add_places(state, name, length, bytes, positions, offset, places);
	}
	return places->count && !state->failure;
}

/* ---- symbols ------------------------------------------------------------------ */

static bool symbol_in(struct lp_elf_state *state, enum lp_elf_table_kind kind, const char *name,
		      Elf64_Sym *symbol)
{
	const struct lp_elf_table *table;
	struct places places;
	const Elf64_Sym *entry;
	struct lp_elf_walk walk;
	size_t from = 0;

	while ((table = elf_next_table(state, kind, &from))) {
		if (!elf_walk_begin(&walk, state, table, sizeof(*entry)) ||
		    !find_places(state, table, name, &places))
			continue;
		while ((entry = elf_walk_next(&walk))) {
			if (entry->st_shndx == SHN_UNDEF || !has_place(&places, entry->st_name))
				continue;
			*symbol = *entry;
			return true;
		}
	}
	return false;
}

uint64_t elf_symbol_size(const struct lp_elf *elf, const char *name, uint64_t *size)
{
	struct lp_elf_state *state = elf->state;
	Elf64_Sym symbol = { 0 };

	if (!elf_search_begin(state))
		return 0;
	if (!symbol_in(state, LP_ELF_DYNAMIC_SYMBOLS, name, &symbol) || !symbol.st_value)
		symbol_in(state, LP_ELF_SYMBOLS, name, &symbol);
	if (!elf_search_end(state))
		return 0;
	*size = symbol.st_size;
	return symbol.st_value;
}

uint64_t elf_symbol(const struct lp_elf *elf, const char *name)
{
	uint64_t size;

	return elf_symbol_size(elf, name, &size);
}

bool elf_needs(const struct lp_elf *elf, const char *beginning)
{
	struct lp_elf_state *state = elf->state;
	size_t length = strlen(beginning), from = 0;
	const struct lp_elf_table *table;
	char name[LP_ELF_NAME_BYTES];
	const Elf64_Dyn *entry;
	bool needs = false;
	struct lp_elf_walk walk;

	if (!elf_search_begin(state) || length > sizeof(name))
		return false;
	while (!needs && (table = elf_next_table(state, LP_ELF_DYNAMIC, &from))) {
		if (!elf_walk_begin(&walk, state, table, sizeof(*entry)))
			continue;
		while (!needs && (entry = elf_walk_next(&walk)))
			needs = entry->d_tag == DT_NEEDED &&
				entry->d_un.d_val < table->strings_bytes &&
				length <= table->strings_bytes - entry->d_un.d_val &&
				elf_read_at(state, table->strings + entry->d_un.d_val, name,
					    length) &&
				!memcmp(name, beginning, length);
	}
	return elf_search_end(state) && needs;
}

bool elf_has_function_symbol(struct lp_elf_state *state, enum lp_elf_table_kind kind,
			     uint64_t address)
{
	const struct lp_elf_table *table;
	const Elf64_Sym *entry;
	struct lp_elf_walk walk;
	size_t from = 0;

	while ((table = elf_next_table(state, kind, &from))) {
		if (!elf_walk_begin(&walk, state, table, sizeof(*entry)))
			continue;
		while ((entry = elf_walk_next(&walk)))
			if (entry->st_value == address && entry->st_shndx != SHN_UNDEF &&
			    entry->st_shndx < SHN_LORESERVE &&
			    ELF64_ST_TYPE(entry->st_info) == STT_FUNC)
				return true;
	}
	return false;
}

/* ---- slots -------------------------------------------------------------------- */

/* Finds the numbers of the symbols with a name, defined here or elsewhere. */
static size_t find_numbers(struct lp_elf_state *state, const struct lp_elf_table *symbols,
			   const char *name, uint64_t *numbers)
{
	size_t count = 0;
	struct places places;
	const Elf64_Sym *entry;
	struct lp_elf_walk walk;
	uint64_t number;

	if (!elf_walk_begin(&walk, state, symbols, sizeof(*entry)) ||
	    !find_places(state, symbols, name, &places))
		return 0;
	for (number = 0; (entry = elf_walk_next(&walk)) && count < ALIASES_MAX; number++)
		if (has_place(&places, entry->st_name))
			numbers[count++] = number;
	return count;
}

static const struct lp_elf_table *table_at(const struct lp_elf_state *state, uint32_t section)
{
	size_t i;

	for (i = 0; i < state->reader.table_count; i++)
		if (state->reader.tables[i].section == section &&
		    (state->reader.tables[i].kind == LP_ELF_SYMBOLS ||
		     state->reader.tables[i].kind == LP_ELF_DYNAMIC_SYMBOLS))
			return &state->reader.tables[i];
	return NULL;
}

static bool is_one_of(const uint64_t *numbers, size_t count, uint64_t number)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

size_t elf_slots(const struct lp_elf *elf, const char *name, uint64_t *addresses, size_t capacity)
{
	const struct lp_elf_table *table, *symbols;
	struct lp_elf_state *state = elf->state;
	uint64_t numbers[ALIASES_MAX], type;
	size_t count, found = 0, from = 0;
	const Elf64_Rela *entry;
	struct lp_elf_walk walk;

	if (!elf_search_begin(state))
		return 0;
	while (found < capacity && (table = elf_next_table(state, LP_ELF_RELOCATIONS, &from))) {
		symbols = table_at(state, table->linked);
		count = symbols ? find_numbers(state, symbols, name, numbers) : 0;
		if (!count || !elf_walk_begin(&walk, state, table, sizeof(*entry)))
			continue;
		while (found < capacity && (entry = elf_walk_next(&walk))) {
			type = ELF64_R_TYPE(entry->r_info);
			if ((type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) &&
			    is_one_of(numbers, count, ELF64_R_SYM(entry->r_info)))
				addresses[found++] = entry->r_offset;
		}
	}
	return elf_search_end(state) ? found : 0;
}
