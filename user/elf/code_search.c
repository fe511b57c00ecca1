// SPDX-License-Identifier: BSD-2-Clause
#include "code_search.h"

#include <Zydis/Zydis.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A string may occur several times, or be the end of another one. */
#define STRINGS_MAX 8
#define FUNCTION_BYTES_MAX 65536
/* The function itself, and its entries in linkage tables. */
#define TARGETS_MAX 8
#define SLOTS_MAX 4

static bool decode(const uint8_t *code, size_t size, ZydisDecodedInstruction *head,
		   ZydisDecodedOperand *operands)
{
	ZydisDecoder decoder;

	return ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
					     ZYDIS_STACK_WIDTH_64)) &&
	       ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, size, head, operands));
}

/* The text that a search of a file's bytes looks for, and its results. */
struct code_search {
	const char *text;
	size_t text_bytes; /* including the terminator */
	const uint64_t *known; /* addresses that a match has to refer to */
	size_t known_count;
	uint64_t *found;
	size_t count;
	size_t capacity;
};

static bool take(struct code_search *search, uint64_t address)
{
	search->found[search->count++] = address;
	return search->count < search->capacity;
}

static bool find_strings(const struct lp_elf_piece *piece, void *context)
{
	struct code_search *search = context;
	const uint8_t *at = piece->data + piece->begin, *end = piece->data + piece->bytes;

	while ((at = memmem(at, (size_t)(end - at), search->text, search->text_bytes)) &&
	       at < piece->data + piece->end) {
		if (!take(search, piece->address + (uint64_t)(at - piece->data)))
			return false;
		at++;
	}
	return true;
}

static bool is_known(const struct code_search *search, uint64_t address)
{
	size_t i;

	for (i = 0; i < search->known_count; i++)
		if (search->known[i] == address)
			return true;
	return false;
}

static int32_t displacement_at(const uint8_t *code)
{
	int32_t displacement;

	memcpy(&displacement, code, sizeof(displacement));
	return displacement;
}

/*
 * How compilers load the address of a constant: lea with a displacement from the next
 * instruction (7 bytes), or, in programs that are not position independent, mov of 32
 * bits (5 or 6).  at: its last four bytes.  Returns its length, or 0.
 */
static size_t load_length(const struct lp_elf_piece *piece, size_t at,
			  const struct code_search *search)
{
	const uint8_t *last = piece->data + at;
	uint64_t next = piece->address + at + 4;
	uint32_t immediate;

	if (at >= 3 && last[-2] == 0x8d && (last[-1] & 0xc7) == 0x05 && (last[-3] & 0xf8) == 0x48 &&
	    is_known(search, next + (uint64_t)(int64_t)displacement_at(last)))
		return 7;
	if (at >= 1 && (last[-1] & 0xf8) == 0xb8) {
		memcpy(&immediate, last, sizeof(immediate));
		if (is_known(search, immediate))
			return at >= 2 && last[-2] == 0x41 ? 6 : 5;
	}
	return 0;
}

static bool find_loads(const struct lp_elf_piece *piece, void *context)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	struct code_search *search = context;
	ZydisDecodedInstruction head;
	size_t at, length;

	for (at = piece->begin; at < piece->end && at + 4 <= piece->bytes; at++) {
		length = load_length(piece, at, search);
		/* The same bytes may be the end of a longer instruction. */
		if (length && decode(piece->data + at + 4 - length, length, &head, operands) &&
		    head.length == length && !take(search, piece->address + at + 4 - length))
			return false;
	}
	return true;
}

size_t code_string_uses(const struct lp_elf *elf, const char *text, uint64_t *addresses,
			size_t capacity)
{
	uint64_t strings[STRINGS_MAX];
	struct code_search search = { .text = text,
				      .text_bytes = strlen(text) + 1,
				      .found = strings,
				      .capacity = STRINGS_MAX };

	if (!capacity || search.text_bytes > LP_ELF_MARGIN ||
	    elf_search(elf, false, find_strings, &search) || !search.count)
		return 0;
	search = (struct code_search){ .known = strings,
				       .known_count = search.count,
				       .found = addresses,
				       .capacity = capacity };
	return elf_search(elf, true, find_loads, &search) ? 0 : search.count;
}

/* Returns whether all of the range is in executable segments. */
static bool is_executable(const struct lp_elf *elf, uint64_t address, size_t bytes)
{
	struct lp_elf_segment segment;
	size_t i;

	for (i = 0; !elf_segment(elf, i, &segment); i++)
		if (segment.executable && address - segment.address < segment.bytes)
			return bytes && bytes <= segment.bytes - (address - segment.address);
	return false;
}

size_t code_returns(const struct lp_elf *elf, uint64_t function, size_t bytes, uint64_t *addresses,
		    size_t capacity)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction head;
	size_t count = 0, at;
	uint8_t *code;

	if (bytes > FUNCTION_BYTES_MAX || !is_executable(elf, function, bytes))
		return 0;
	code = malloc(bytes);
	if (!code)
		return 0;
	if (elf_bytes(elf, function, code, bytes) == bytes)
		for (at = 0; at < bytes && count < capacity; at += head.length) {
			if (!decode(code + at, bytes - at, &head, operands))
				break;
			if (head.mnemonic == ZYDIS_MNEMONIC_RET)
				addresses[count++] = function + at;
		}
	free(code);
	return count;
}

/*
 * Entries of the procedure linkage table: an indirect jmp (ff 25) through the slot, which
 * bnd or endbr64 may precede.
 */
static bool find_stubs(const struct lp_elf_piece *piece, void *context)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	struct code_search *search = context;
	size_t at, begin;

	for (at = piece->begin; at < piece->end && at + 6 <= piece->bytes; at++) {
		const uint8_t *code = piece->data + at;

		if (code[0] != 0xff || code[1] != 0x25 ||
		    !is_known(search, piece->address + at + 6 +
					      (uint64_t)(int64_t)displacement_at(code + 2)))
			continue;
		begin = at && code[-1] == 0xf2 ? at - 1 : at;
		if (begin >= sizeof(endbr64) &&
		    !memcmp(piece->data + begin - sizeof(endbr64), endbr64, sizeof(endbr64)))
			begin -= sizeof(endbr64);
		if (!take(search, piece->address + begin))
			return false;
	}
	return true;
}

/* A call with a displacement; other bytes would have to match the target by chance. */
static bool find_calls(const struct lp_elf_piece *piece, void *context)
{
	struct code_search *search = context;
	size_t at;

	for (at = piece->begin; at < piece->end && at + 5 <= piece->bytes; at++)
		if (piece->data[at] == 0xe8 &&
		    is_known(search,
			     piece->address + at + 5 +
				     (uint64_t)(int64_t)displacement_at(piece->data + at + 1)) &&
		    !take(search, piece->address + at))
			return false;
	return true;
}

size_t code_calls(const struct lp_elf *elf, const char *function, uint64_t *addresses,
		  size_t capacity)
{
	uint64_t targets[TARGETS_MAX] = { elf_symbol(elf, function) }, slots[SLOTS_MAX];
	struct code_search search = { .known = slots,
				      .known_count = elf_slots(elf, function, slots, SLOTS_MAX),
				      .found = targets,
				      .count = targets[0] ? 1 : 0,
				      .capacity = TARGETS_MAX };

	if (!capacity || (search.known_count && elf_search(elf, true, find_stubs, &search)) ||
	    !search.count)
		return 0;
	search = (struct code_search){ .known = targets,
				       .known_count = search.count,
				       .found = addresses,
				       .capacity = capacity };
	return elf_search(elf, true, find_calls, &search) ? 0 : search.count;
}
