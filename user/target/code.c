// SPDX-License-Identifier: BSD-2-Clause
#include "code.h"

#include <Zydis/Zydis.h>
#include <stdint.h>
#include <string.h>

/* A string may be there several times, or be the end of another one. */
#define STRINGS_MAX 8
#define FUNCTION_BYTES_MAX 65536
/* The function itself, and its entries in tables of linkage. */
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

/* Where the bytes of the text and its end lie, at most STRINGS_MAX places. */
static size_t find_strings(const struct lp_elf *elf, const char *text, uint64_t *addresses)
{
	struct lp_elf_segment segment;
	size_t bytes = strlen(text) + 1, count = 0, i;

	for (i = 0; !elf_segment(elf, i, &segment); i++) {
		const uint8_t *at = segment.data, *end = at + segment.bytes;

		while (count < STRINGS_MAX && (at = memmem(at, (size_t)(end - at), text, bytes))) {
			addresses[count++] = segment.address + (uint64_t)(at - segment.data);
			at++;
		}
	}
	return count;
}

static bool is_one_of(const uint64_t *addresses, size_t count, uint64_t address)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (addresses[i] == address)
			return true;
	return false;
}

/*
 * How compilers load the address of a constant: lea with a displacement from the next
 * instruction (7 bytes), or, in programs that are not position independent, mov of 32
 * bits (5 or 6).  at: its last four bytes.  Returns its length, or 0.
 */
static size_t load_length(const struct lp_elf_segment *segment, size_t at, const uint64_t *strings,
			  size_t count)
{
	uint64_t next = segment->address + at + 4;
	const uint8_t *last = segment->data + at;
	int32_t displacement;
	uint32_t immediate;

	memcpy(&displacement, last, sizeof(displacement));
	memcpy(&immediate, last, sizeof(immediate));
	if (at >= 3 && last[-2] == 0x8d && (last[-1] & 0xc7) == 0x05 && (last[-3] & 0xf8) == 0x48 &&
	    is_one_of(strings, count, next + (uint64_t)(int64_t)displacement))
		return 7;
	if (at >= 1 && (last[-1] & 0xf8) == 0xb8 && is_one_of(strings, count, immediate))
		return at >= 2 && last[-2] == 0x41 ? 6 : 5;
	return 0;
}

size_t code_string_uses(const struct lp_elf *elf, const char *text, uint64_t *addresses,
			size_t room)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	uint64_t strings[STRINGS_MAX];
	size_t found = find_strings(elf, text, strings), count = 0, i, at, length;
	struct lp_elf_segment segment;
	ZydisDecodedInstruction head;

	for (i = 0; found && !elf_segment(elf, i, &segment); i++) {
		if (!segment.executable || segment.bytes < 4)
			continue;
		for (at = 0; at <= segment.bytes - 4 && count < room; at++) {
			length = load_length(&segment, at, strings, found);
			/* the same bytes may be the end of a longer instruction */
			if (length &&
			    decode(segment.data + at + 4 - length, length, &head, operands) &&
			    head.length == length)
				addresses[count++] = segment.address + at + 4 - length;
		}
	}
	return count;
}

size_t code_returns(const struct lp_elf *elf, uint64_t function, size_t bytes, uint64_t *addresses,
		    size_t room)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	struct lp_elf_segment segment;
	ZydisDecodedInstruction head;
	size_t count = 0, i, at;

	for (i = 0; !elf_segment(elf, i, &segment); i++)
		if (segment.executable && function - segment.address < segment.bytes)
			break;
	if (elf_segment(elf, i, &segment) || bytes > FUNCTION_BYTES_MAX ||
	    bytes > segment.bytes - (function - segment.address))
		return 0;
	segment.data += function - segment.address;
	for (at = 0; at < bytes && count < room; at += head.length) {
		if (!decode(segment.data + at, bytes - at, &head, operands))
			return count;
		if (head.mnemonic == ZYDIS_MNEMONIC_RET)
			addresses[count++] = function + at;
	}
	return count;
}

static int32_t displacement_at(const uint8_t *code)
{
	int32_t displacement;

	memcpy(&displacement, code, sizeof(displacement));
	return displacement;
}

/*
 * Entries of the procedure linkage table: an indirect jmp (ff 25) through the slot, which
 * bnd or endbr64 may precede.  Adds them to targets; returns how many there are then.
 */
static size_t add_stubs(const struct lp_elf *elf, const char *function, uint64_t *targets,
			size_t count)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	uint64_t slots[SLOTS_MAX];
	size_t found = elf_slots(elf, function, slots, SLOTS_MAX), i, at, begin;
	struct lp_elf_segment segment;

	for (i = 0; found && !elf_segment(elf, i, &segment); i++) {
		if (!segment.executable || segment.bytes < 6)
			continue;
		for (at = 0; at <= segment.bytes - 6 && count < TARGETS_MAX; at++) {
			const uint8_t *code = segment.data + at;

			if (code[0] != 0xff || code[1] != 0x25 ||
			    !is_one_of(slots, found,
				       segment.address + at + 6 +
					       (uint64_t)(int64_t)displacement_at(code + 2)))
				continue;
			begin = at && code[-1] == 0xf2 ? at - 1 : at;
			if (begin >= sizeof(endbr64) &&
			    !memcmp(segment.data + begin - sizeof(endbr64), endbr64,
				    sizeof(endbr64)))
				begin -= sizeof(endbr64);
			targets[count++] = segment.address + begin;
		}
	}
	return count;
}

size_t code_calls(const struct lp_elf *elf, const char *function, uint64_t *addresses, size_t room)
{
	uint64_t targets[TARGETS_MAX] = { elf_symbol(elf, function) };
	struct lp_elf_segment segment;
	size_t count = 0, known, i, at;

	if (!targets[0])
		return 0;
	known = add_stubs(elf, function, targets, 1);
	for (i = 0; !elf_segment(elf, i, &segment); i++) {
		if (!segment.executable || segment.bytes < 5)
			continue;
		/* call with a displacement; other bytes that look like one would have to hit */
		for (at = 0; at <= segment.bytes - 5 && count < room; at++)
			if (segment.data[at] == 0xe8 &&
			    is_one_of(targets, known,
				      segment.address + at + 5 +
					      (uint64_t)(int64_t)displacement_at(segment.data + at +
										 1)))
				addresses[count++] = segment.address + at;
	}
	return count;
}
