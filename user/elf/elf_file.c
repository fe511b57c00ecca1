// SPDX-License-Identifier: BSD-2-Clause
#include "elf_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* CPython with everything linked into it has some 30 MB of loaded segments. */
#define SEARCH_BYTES_MAX (128ULL << 20)
#define PAGE_BYTES 4096ULL

/* ---- bytes -------------------------------------------------------------------- */

/* As elf_reader_bytes, within the budget. */
size_t elf_bytes_at(struct lp_elf_state *state, uint64_t address, void *buffer, size_t size)
{
	const struct lp_elf_load *load = elf_reader_load(&state->reader, address);

	if (!load)
		return 0;
	if (size > load->bytes - (address - load->address))
		size = load->bytes - (address - load->address);
	return elf_read_at(state, load->offset + (address - load->address), buffer, size) ? size
											  : 0;
}

int elf_address_to_offset(const struct lp_elf *elf, uint64_t address, uint64_t *offset)
{
	const struct lp_elf_load *load = elf_reader_load(&elf->state->reader, address);

	if (!load)
		return -ENOENT;
	*offset = address - load->address + load->offset;
	return 0;
}

int elf_offset_to_address(const struct lp_elf *elf, uint64_t offset, uint64_t *address)
{
	const struct lp_elf_reader *reader = &elf->state->reader;
	uint64_t begin;
	size_t i;

	for (i = 0; i < reader->load_count; i++) {
		const struct lp_elf_load *load = &reader->loads[i];

		/* a mapping begins at the page that the segment begins in */
		begin = load->offset & ~(PAGE_BYTES - 1);
		if (offset < begin || offset - begin >= load->bytes + (load->offset - begin))
			continue;
		*address = load->address - (load->offset - begin) + (offset - begin);
		return 0;
	}
	return -ENOENT;
}

int elf_segment(const struct lp_elf *elf, size_t index, struct lp_elf_segment *segment)
{
	const struct lp_elf_reader *reader = &elf->state->reader;

	if (index >= reader->load_count)
		return -ENOENT;
	segment->address = reader->loads[index].address;
	segment->bytes = reader->loads[index].bytes;
	segment->executable = reader->loads[index].executable;
	return 0;
}

size_t elf_bytes(const struct lp_elf *elf, uint64_t address, void *buffer, size_t size)
{
	size_t count;

	if (!elf_search_begin(elf->state))
		return 0;
	count = elf_bytes_at(elf->state, address, buffer, size);
	return elf_search_end(elf->state) ? count : 0;
}

int elf_section(const struct lp_elf *elf, const char *name, void *buffer, size_t size)
{
	struct lp_elf_state *state = elf->state;
	Elf64_Shdr section = { .sh_size = 0 };
	int err;

	if (!elf_search_begin(state))
		return state->failure;
	/* one read for each name */
	err = elf_spend(state, (uint64_t)state->reader.section_count * 2 * LP_ELF_READ_BYTES)
		      ? elf_reader_section(&state->reader, name, &section)
		      : state->failure;
	if (!err && section.sh_size < size)
		err = -EINVAL;
	if (!err && !elf_read_at(state, section.sh_offset, buffer, size))
		err = -EINVAL;
	return elf_search_end(state) ? err : state->failure;
}

/* ---- searches ----------------------------------------------------------------- */

static bool is_searched(const struct lp_elf_load *load, bool executable)
{
	return load->executable || !executable;
}

static bool search_load(struct lp_elf_state *state, const struct lp_elf_load *load,
			bool (*handle)(const struct lp_elf_piece *piece, void *context),
			void *context)
{
	struct lp_elf_piece piece = { .data = state->buffer };
	uint64_t at, after;
	bool on = true;

	for (at = 0; on && at < load->bytes; at += LP_ELF_PIECE_BYTES) {
		piece.begin = at < LP_ELF_MARGIN ? (size_t)at : LP_ELF_MARGIN;
		after = load->bytes - at;
		piece.end = piece.begin +
			    (after < LP_ELF_PIECE_BYTES ? (size_t)after : LP_ELF_PIECE_BYTES);
		piece.bytes = piece.begin + (after < LP_ELF_PIECE_BYTES + LP_ELF_MARGIN
						     ? (size_t)after
						     : LP_ELF_PIECE_BYTES + LP_ELF_MARGIN);
		piece.address = load->address + at - piece.begin;
		on = elf_read_at(state, load->offset + at - piece.begin, state->buffer,
				 piece.bytes) &&
		     handle(&piece, context);
	}
	return on;
}

int elf_search(const struct lp_elf *elf, bool executable,
	       bool (*handle)(const struct lp_elf_piece *piece, void *context), void *context)
{
	struct lp_elf_state *state = elf->state;
	const struct lp_elf_reader *reader = &state->reader;
	uint64_t bytes = 0;
	bool on = true;
	size_t i;

	if (!elf_search_begin(state))
		return state->failure;
	for (i = 0; i < reader->load_count; i++)
		if (is_searched(&reader->loads[i], executable))
			bytes += reader->loads[i].bytes;
	on = elf_is_within(state, bytes, SEARCH_BYTES_MAX, "more than 128 MiB of it are loaded");
	for (i = 0; on && i < reader->load_count; i++)
		if (is_searched(&reader->loads[i], executable))
			on = search_load(state, &reader->loads[i], handle, context);
	elf_search_end(state);
	return state->failure;
}

/* ---- functions ---------------------------------------------------------------- */

/* As elf_reader_function_after, for a share of the budget. */
static int64_t function_after(struct lp_elf_state *state, uint64_t address)
{
	return elf_spend(state, 32ULL * LP_ELF_READ_BYTES)
		       ? elf_reader_function_after(&state->reader, address)
		       : state->failure;
}

uint64_t elf_function_start(const struct lp_elf *elf, uint64_t address)
{
	struct lp_elf_state *state = elf->state;
	uint64_t start = 0, record;
	int64_t after;

	if (!elf_search_begin(state))
		return 0;
	after = function_after(state, address);
	if (after <= 0 ||
	    !elf_reader_function(&state->reader, (uint32_t)after - 1, &start, &record))
		start = 0;
	return elf_search_end(state) ? start : 0;
}

bool elf_begins_function(const struct lp_elf *elf, uint64_t address)
{
	const struct lp_elf_load *load = elf_reader_load(&elf->state->reader, address);
	struct lp_elf_state *state = elf->state;
	uint64_t start, record;
	int64_t after;
	bool begins;

	if (!load || !load->executable || !elf_search_begin(state))
		return false;
	after = function_after(state, address);
	begins = after > 0 &&
		 elf_reader_function(&state->reader, (uint32_t)after - 1, &start, &record) &&
		 start == address;
	if (!begins)
		begins = elf_has_function_symbol(state, LP_ELF_DYNAMIC_SYMBOLS, address) ||
			 elf_has_function_symbol(state, LP_ELF_SYMBOLS, address);
	return elf_search_end(state) && begins;
}

/* ---- files -------------------------------------------------------------------- */

int elf_open_file(const char *path, struct lp_elf **result)
{
	struct lp_elf *elf = calloc(1, sizeof(*elf));
	int err;

	*result = NULL;
	if (elf)
		elf->state = calloc(1, sizeof(*elf->state));
	if (!elf || !elf->state) {
		free(elf);
		return -ENOMEM;
	}
	err = elf_reader_open(&elf->state->reader, path);
	if (err) {
		free(elf->state);
		free(elf);
		return err;
	}
	elf_budget_begin(elf->state);
	*result = elf;
	return 0;
}

void elf_close(struct lp_elf *elf)
{
	if (!elf)
		return;
	elf_reader_close(&elf->state->reader);
	free(elf->state);
	free(elf);
}

int elf_identity(const struct lp_elf *elf, struct lp_file_identity *identity)
{
	*identity = elf->state->reader.identity;
	return elf_reader_is_current(&elf->state->reader) ? 0 : -ESTALE;
}
