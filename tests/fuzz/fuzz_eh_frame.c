// SPDX-License-Identifier: BSD-2-Clause
/*
 * Input: a program as unwind_fixture.h makes it.  Its tables are followed, and its last bytes are
 * also computed as a DWARF expression.
 */
#include "fuzz.h"

#include <stdbool.h>

#include "../unit/unwind_fixture.h"
#include "elf/unwind.h"

#define STACK 0x7ffc00000000ULL
#define EXPRESSION_BYTES 64
#define STEPS 64

static uint8_t stack_bytes[1024];
static const struct lp_stack_copy stack = { STACK, stack_bytes, sizeof(stack_bytes) };

/* Fills the stack with addresses of the function and of the stack itself, in turn. */
static struct lp_registers begin_registers(uint32_t known)
{
	struct lp_registers registers = { .known = known };
	uint64_t word;
	size_t i;

	for (i = 0; i < sizeof(stack_bytes) / 8; i++) {
		word = i & 1 ? CRAFTED_FUNCTION + i : STACK + i * 8;
		memcpy(stack_bytes + i * 8, &word, sizeof(word));
	}
	for (i = 0; i < LP_REGISTERS; i++)
		registers.values[i] = STACK + i * 8;
	registers.values[LP_REGISTER_IP] = CRAFTED_FUNCTION + 5;
	return registers;
}

static void check_row(const struct lp_row *row, uint64_t address)
{
	FUZZ_CHECK(address - row->function < row->bytes);
}

static void walk(const struct lp_image *image, struct lp_row *row)
{
	struct lp_registers registers = begin_registers(UINT32_MAX);
	uint64_t sp;
	int i;

	for (i = 0; i < STEPS; i++) {
		sp = registers.values[LP_REGISTER_SP];
		if (eh_frame_find(image, registers.values[LP_REGISTER_IP], row))
			return;
		check_row(row, registers.values[LP_REGISTER_IP]);
		if (unwind_step(row, &stack, &registers))
			return;
		FUZZ_CHECK(registers.values[LP_REGISTER_SP] > sp);
	}
}

static void compute(const uint8_t *data, size_t size)
{
	struct lp_registers registers = begin_registers(0xf0ff);
	uint64_t initial = STACK + 16, result;
	struct lp_rule rule = { .kind = LP_RULE_EXPRESSION };

	rule.number = (uint32_t)(size < EXPRESSION_BYTES ? size : EXPRESSION_BYTES);
	rule.expression = data + size - rule.number;
	dwarf_expression_compute(&rule, &registers, &stack, NULL, &result);
	dwarf_expression_compute(&rule, &registers, &stack, &initial, &result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lp_row row;
	uint8_t *exact = malloc(size + 1);
	struct lp_image image;
	uint64_t address, whole;
	size_t work = 0;
	char name[64];

	if (!exact)
		return 0;
	memcpy(exact, data, size);
	if (!image_open_memory(&image, exact, size)) {
		for (address = CRAFTED_FUNCTION - 1; address < CRAFTED_FUNCTION + 0x40; address++)
			if (!eh_frame_find(&image, address, &row))
				check_row(&row, address);
		walk(&image, &row);
		image_symbol(&image, CRAFTED_FUNCTION, name, sizeof(name), &work);
		cold_part_of(&image, offsetof(struct crafted, record.instructions), 256, &row,
			     &whole, &work);
	}
	compute(exact, size);
	free(exact);
	return 0;
}

size_t fuzz_seed(unsigned int number, uint8_t *data)
{
	static const struct {
		size_t bytes;
		uint8_t code[40];
	} seeds[] = {
		/* advances, offsets, remembered states */
		{ 11, { 0x44, 0x0e, 16, 0x86, 2, 0x0a, 0x44, 0x0e, 8, 0x44, 0x0b } },
		/* the expression of the PLT: sp + 8 + ((ip & 15) >= 11) * 8 */
		{ 13, { 0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22 } },
		/* a signal frame: each register is at an offset from sp */
		{ 15, { 0x0f, 3, 0x77, 0x20, 0x06, 0x10, 6, 2, 0x77, 8, 0x16, 16, 2, 0x77, 0 } },
		/* rules of the other kinds (register, undefined, same value, val_offset) */
		{ 24, { 0x09, 3,    12, 0x07, 13, 0x08, 14,   0x14, 15,	  1,	0x15, 12,
			0x7f, 0x02, 4,	0x03, 1,  0,	0x12, 6,    0x7e, 0x13, 0x7d, 0x2e } },
	};
	struct crafted file;

	if (number >= sizeof(seeds) / sizeof(seeds[0]))
		return 0;
	craft(&file, seeds[number].code, seeds[number].bytes);
	memcpy(data, &file, sizeof(file));
	return sizeof(file);
}
