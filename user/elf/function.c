// SPDX-License-Identifier: BSD-2-Clause
#include "function.h"

#include <Zydis/Zydis.h>

/* Instructions of one function; the biggest probed ones have 4,000. */
#define FUNCTION_BYTES_MAX 65536
#define PLACES_MAX 16

/* Position of the decoder, with the next bytes of the file. */
struct lp_function_walk {
	const struct lp_elf *elf;
	uint64_t address;
	ZydisDecoder decoder;
	ZydisDecodedInstruction head;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	size_t at, size;
	uint8_t code[1024];
};

static bool walk_begin(struct lp_function_walk *walk, const struct lp_elf *elf, uint64_t address)
{
	walk->elf = elf;
	walk->address = address;
	walk->at = walk->size = 0;
	return ZYAN_SUCCESS(
		ZydisDecoderInit(&walk->decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
}

/* Decodes the instruction at the address, and does not advance. */
static bool walk_decode(struct lp_function_walk *walk)
{
	if (walk->size - walk->at < ZYDIS_MAX_INSTRUCTION_LENGTH) {
		walk->size = elf_bytes(walk->elf, walk->address, walk->code, sizeof(walk->code));
		walk->at = 0;
	}
	return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&walk->decoder, walk->code + walk->at,
						   walk->size - walk->at, &walk->head,
						   walk->operands));
}

static void walk_step(struct lp_function_walk *walk)
{
	walk->at += walk->head.length;
	walk->address += walk->head.length;
}

bool function_has_instruction(const struct lp_elf *elf, uint64_t address)
{
	uint64_t begin = elf_function_start(elf, address);
	struct lp_function_walk walk;

	if (!begin || address - begin > FUNCTION_BYTES_MAX || !walk_begin(&walk, elf, begin))
		return false;
	while (walk.address < address) {
		if (!walk_decode(&walk))
			return false;
		walk_step(&walk);
	}
	return walk.address == address && walk_decode(&walk);
}

/* Returns whether the decoded branch leads into one of the parts (from its begin to its place). */
static bool leads_to(const struct lp_function_walk *walk, const uint64_t *begins,
		     const uint64_t *places, size_t count)
{
	const ZydisDecodedOperand *operand = &walk->operands[0];
	uint64_t target;
	size_t i;

	if (!walk->head.operand_count || operand->type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
	    !operand->imm.is_relative || walk->head.meta.category == ZYDIS_CATEGORY_CALL)
		return false;
	target = walk->address + walk->head.length + (uint64_t)operand->imm.value.s;
	for (i = 0; i < count; i++)
		if (begins[i] && target >= begins[i] && target <= places[i])
			return true;
	return false;
}

bool function_holds(const struct lp_elf *elf, uint64_t function, const uint64_t *places,
		    size_t count)
{
	uint64_t begins[PLACES_MAX];
	struct lp_function_walk walk;
	size_t i;

	if (count > PLACES_MAX)
		count = PLACES_MAX;
	if (!function || elf_function_start(elf, function) != function)
		return false;
	for (i = 0; i < count; i++) {
		begins[i] = elf_function_start(elf, places[i]);
		if (begins[i] == function)
			return true;
	}
	if (!count || !walk_begin(&walk, elf, function))
		return false;
	while (walk.address - function < FUNCTION_BYTES_MAX && walk_decode(&walk)) {
		bool branches = walk.head.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE ||
				walk.head.meta.category == ZYDIS_CATEGORY_RET;

		if (branches && leads_to(&walk, begins, places, count))
			return true;
		walk_step(&walk);
		/* the next function may begin after a call that does not return */
		if (branches && elf_function_start(elf, walk.address) != function)
			return false;
	}
	return false;
}
