// SPDX-License-Identifier: BSD-2-Clause
#include "probe_site.h"

#include <Zydis/Zydis.h>

/* A prologue is short; a probe further in would not mark the beginning of a call. */
#define STRAIGHT_LINE_BYTES 96

struct lp_instruction {
	ZydisDecodedInstruction head;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

static bool decode(const uint8_t *code, size_t size, struct lp_instruction *instruction)
{
	ZydisDecoder decoder;

	return ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
					     ZYDIS_STACK_WIDTH_64)) &&
	       ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, size, &instruction->head,
						   instruction->operands));
}

/*
 * Decides by opcode, as the kernel does. The kernel's list has grown since (longer nops); this is
 * what it emulates since 4.18.
 */
static bool emulated(const uint8_t *code, const struct lp_instruction *instruction)
{
	uint8_t opcode = instruction->head.opcode;

	switch (instruction->head.opcode_map) {
	case ZYDIS_OPCODE_MAP_DEFAULT:
		if (opcode >= 0x50 && opcode <= 0x57)
			/* push of a register, with no prefix but REX.B */
			return instruction->head.length == 1 ||
			       (instruction->head.length == 2 && code[0] == 0x41);
		if (opcode == 0x90)
			return instruction->head.length == 1;
		if ((opcode >= 0x70 && opcode <= 0x7f) || opcode == 0xe8 || opcode == 0xe9 ||
		    opcode == 0xeb)
			return code[0] == opcode;
		return false;
	case ZYDIS_OPCODE_MAP_0F:
		return opcode >= 0x80 && opcode <= 0x8f && code[0] == 0x0f;
	default:
		return false;
	}
}

static bool writes_argument(const struct lp_instruction *instruction)
{
	size_t i;

	for (i = 0; i < instruction->head.operand_count; i++) {
		const ZydisDecodedOperand *operand = &instruction->operands[i];
		ZydisRegister whole;

		if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER ||
		    !(operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			continue;
		whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
							 operand->reg.value);
		if (whole == ZYDIS_REGISTER_RDI || whole == ZYDIS_REGISTER_RSI)
			return true;
	}
	return false;
}

/*
 * Returns whether a direct branch of the function leads to (0, offset]: then one call may pass the
 * site twice.
 */
static bool branched_to(const uint8_t *code, size_t size, size_t offset)
{
	struct lp_instruction instruction;
	size_t at = 0;

	while (at < size && decode(code + at, size - at, &instruction)) {
		const ZydisDecodedOperand *target = &instruction.operands[0];

		if (instruction.head.operand_count &&
		    target->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && target->imm.is_relative) {
			int64_t to = (int64_t)(at + instruction.head.length) + target->imm.value.s;

			if (to > 0 && to <= (int64_t)offset)
				return true;
		}
		at += instruction.head.length;
	}
	return false;
}

bool probe_site_first_emulated(const uint8_t *code, size_t size, size_t *offset)
{
	struct lp_instruction instruction;
	size_t at = 0;

	*offset = 0;
	while (at < size && at < STRAIGHT_LINE_BYTES &&
	       decode(code + at, size - at, &instruction)) {
		if (emulated(code + at, &instruction)) {
			if (branched_to(code, size, at))
				return false;
			*offset = at;
			return true;
		}
		if (writes_argument(&instruction) ||
		    instruction.head.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE)
			return false;
		at += instruction.head.length;
	}
	return false;
}
