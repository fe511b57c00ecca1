// SPDX-License-Identifier: BSD-2-Clause
#include "unwind.h"

#include <Zydis/Zydis.h>
#include <errno.h>

/* The evaluation loop's part is some 80 KB; it jumps back within its first hundred bytes. */
#define CODE_MAX (64U << 10)
#define CODE_AT_ONCE 4096
/* Cost of an instruction, counted in symbols. */
#define INSTRUCTION_WORK 16
/* Cost of a search for a row in a table of the greatest length, counted in symbols. */
#define ROW_WORK 4096
/* Limit of the jumps that do not lead back into the whole function: calls at a function's end. */
#define CALLS_MAX 64

struct cold_part_search {
	const struct lp_image *image;
	uint64_t begin;
	uint64_t bytes;
	struct lp_row *row;
	unsigned int calls;
	size_t *work;
};

static bool is_jump(const ZydisDecodedInstruction *instruction)
{
	return (instruction->meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
		instruction->meta.category == ZYDIS_CATEGORY_COND_BR) &&
	       instruction->raw.imm[0].is_relative;
}

/* Returns whether it jumps into the middle of another function. */
static bool jumps_into(struct cold_part_search *search, const ZydisDecodedInstruction *instruction,
		       uint64_t next)
{
	uint64_t target = next + (uint64_t)instruction->raw.imm[0].value.s;

	if (!is_jump(instruction) || target - search->begin < search->bytes)
		return false;
	search->calls++;
	*search->work += ROW_WORK;
	return !eh_frame_find(search->image, target, search->row) &&
	       search->row->function != target;
}

int cold_part_of(const struct lp_image *image, uint64_t begin, uint64_t bytes, struct lp_row *row,
		 uint64_t *whole, size_t *work)
{
	struct cold_part_search search = {
		.image = image, .begin = begin, .bytes = bytes, .row = row, .work = work
	};
	uint64_t at = 0, end = bytes < CODE_MAX ? bytes : CODE_MAX;
	ZydisDecodedInstruction instruction;
	uint8_t code[CODE_AT_ONCE];
	size_t have = 0, used = 0;
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	while (at < end && search.calls < CALLS_MAX) {
		if (have - used < ZYDIS_MAX_INSTRUCTION_LENGTH) {
			have = image_read(image, begin + at, code, sizeof(code));
			used = 0;
		}
		if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, code + used,
								have - used, &instruction)))
			break;
		used += instruction.length;
		at += instruction.length;
		*work += INSTRUCTION_WORK;
		if (jumps_into(&search, &instruction, begin + at)) {
			*whole = row->function;
			return 0;
		}
	}
	return -ENOENT;
}
