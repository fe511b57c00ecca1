// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <elf.h>
#include <errno.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf/unwind.h"
#include "random_fixture.h"
#include "unwind_fixture.h"

#define STACK 0x7ffc00000000

static int row_of(const struct crafted *file, uint64_t address, struct lp_row *row)
{
	/* on the heap, so that a sanitiser reports a read past its end */
	struct crafted *copy = malloc(sizeof(*copy));
	struct lp_image image;
	int err;

	assert_non_null(copy);
	*copy = *file;
	assert_int_equal(image_open_memory(&image, copy, sizeof(*copy)), 0);
	err = eh_frame_find(&image, address, row);
	free(copy);
	return err;
}

static void instructions_are_followed_up_to_the_address(void **state)
{
	/* advance 4; CFA at 16; bp at CFA-16; remember; advance 4; CFA 8; advance 4; restore */
	static const uint8_t code[] = { 0x44, 0x0e, 16, 0x86, 2, 0x0a, 0x44, 0x0e, 8, 0x44, 0x0b };
	struct lp_row *row = malloc(sizeof(*row));
	struct crafted file;

	(void)state;
	assert_non_null(row);
	craft(&file, code, sizeof(code));
	assert_int_equal(row_of(&file, CRAFTED_FUNCTION, row), 0);
	assert_int_equal(row->function, CRAFTED_FUNCTION);
	assert_int_equal(row->bytes, 0x1000);
	assert_int_equal(row->frame.number, LP_REGISTER_SP);
	assert_int_equal(row->frame.offset, 8);
	assert_int_equal(row->registers[LP_REGISTER_BP].kind, LP_RULE_NONE);
	assert_int_equal(row_of(&file, CRAFTED_FUNCTION + 4, row), 0);
	assert_int_equal(row->frame.offset, 16);
	assert_int_equal(row->registers[LP_REGISTER_BP].kind, LP_RULE_OFFSET);
	assert_int_equal(row->registers[LP_REGISTER_BP].offset, -16);
	assert_int_equal(row_of(&file, CRAFTED_FUNCTION + 8, row), 0);
	assert_int_equal(row->frame.offset, 8);
	assert_int_equal(row_of(&file, CRAFTED_FUNCTION + 12, row), 0);
	assert_int_equal(row->frame.offset, 16);
	assert_int_equal(row_of(&file, CRAFTED_FUNCTION - 1, row), -ENOENT);
	assert_int_equal(row_of(&file, CRAFTED_FUNCTION + 0x1000, row), -ENOENT);
	free(row);
}

static void hostile_instructions_are_refused(void **state)
{
	static const struct {
		size_t bytes;
		uint8_t code[12];
	} cases[] = {
		/* more remembered states than there is space for */
		{ 9, { 10, 10, 10, 10, 10, 10, 10, 10, 10 } },
		{ 1, { 0x0b } }, /* no remembered state to restore */
		{ 1, { 0x0e } }, /* incomplete */
		{ 3, { 0x0e, 0x80, 0x80 } }, /* incomplete within a number */
		{ 3, { 0x0f, 0x7f, 0 } }, /* an expression that is longer than the record */
		{ 1, { 0x3f } }, /* not an instruction */
	};
	/* undefined: register 0x7fffffe, for which a library allocates 4 GB */
	static const uint8_t high[] = { 0x07, 0xfe, 0xff, 0xff, 0x3f, 0x0a };
	/* remembers and restores a state in turn, as often as a record has space for */
	static uint8_t endless[sizeof(((struct crafted *)NULL)->record.instructions)];
	struct lp_row *row = malloc(sizeof(*row));
	struct crafted file;
	size_t i;

	(void)state;
	assert_non_null(row);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		craft(&file, cases[i].code, cases[i].bytes);
		assert_int_equal(row_of(&file, CRAFTED_FUNCTION, row), -EINVAL);
	}
	for (i = 0; i < sizeof(endless); i++)
		endless[i] = i & 1 ? 0x0b : 0x0a;
	craft(&file, endless, sizeof(endless));
	assert_int_equal(row_of(&file, CRAFTED_FUNCTION, row), -EINVAL);
	craft(&file, high, sizeof(high));
	assert_int_equal(row_of(&file, CRAFTED_FUNCTION, row), 0);
	free(row);
}

static void any_bytes_in_a_table_come_to_an_end(void **state)
{
	struct lp_row *row = malloc(sizeof(*row));
	struct lp_registers registers;
	struct crafted file;
	unsigned int turn, i;
	uint8_t words[4096], *bytes = (uint8_t *)&file;
	const struct lp_stack_copy stack = { STACK, words, sizeof(words) };

	(void)state;
	assert_non_null(row);
	for (i = 0; i < sizeof(words); i++)
		words[i] = (uint8_t)random_next();
	for (turn = 0; turn < 30000; turn++) {
		craft(&file, (uint8_t[1]){ 0 }, 1);
		file.record.bytes = 13 + 64;
		for (i = 0; i < 64; i++)
			file.record.instructions[i] = (uint8_t)random_next();
		for (i = random_next() % 4; i; i--)
			bytes[offsetof(struct crafted, table) + random_next() % 120] =
				(uint8_t)random_next();
		if (row_of(&file, CRAFTED_FUNCTION + random_next() % 256, row))
			continue;
		memset(&registers, 0, sizeof(registers));
		registers.known = (uint32_t)random_next();
		registers.values[LP_REGISTER_SP] = STACK;
		unwind_step(row, &stack, &registers);
	}
	free(row);
}

static void expressions_are_computed_within_bounds(void **state)
{
	/* the expression of the PLT: sp + 8 + ((ip & 15) >= 11) * 8 */
	static const uint8_t plt[] = { 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22 };
	static const uint8_t endless[] = { 0x12, 0x12, 0x12, 0x12, 0x12, 0x12, 0x12, 0x12, 0x12,
					   0x12, 0x12, 0x12, 0x12, 0x12, 0x12, 0x12, 0x12, 0x12 };
	/* the word at sp - 16, which is not part of the stack */
	static const uint8_t dropped[] = { 0x77, 0x70, 0x06 };
	struct lp_registers registers = { .known = 1U << LP_REGISTER_IP | 1U << LP_REGISTER_SP };
	struct lp_rule rule = { .number = sizeof(plt), .expression = plt };
	const uint64_t word = 0x1234;
	const struct lp_stack_copy stack = { 0x1000, (const uint8_t *)&word, sizeof(word) };
	uint8_t long_one[1000];
	uint64_t result;

	(void)state;
	registers.values[LP_REGISTER_SP] = 0x1000;
	registers.values[LP_REGISTER_IP] = 0x400a;
	assert_int_equal(dwarf_expression_compute(&rule, &registers, &stack, NULL, &result), 0);
	assert_int_equal(result, 0x1008);
	registers.values[LP_REGISTER_IP] = 0x400b;
	assert_int_equal(dwarf_expression_compute(&rule, &registers, &stack, NULL, &result), 0);
	assert_int_equal(result, 0x1010);
	registers.known = 1U << LP_REGISTER_SP;
	assert_int_equal(dwarf_expression_compute(&rule, &registers, &stack, NULL, &result),
			 -EINVAL);
	rule = (struct lp_rule){ .number = sizeof(endless), .expression = endless };
	assert_int_equal(dwarf_expression_compute(&rule, &registers, &stack, &word, &result),
			 -EINVAL);
	assert_int_equal(dwarf_expression_compute(&rule, &registers, &stack, NULL, &result),
			 -EINVAL);
	rule = (struct lp_rule){ .number = sizeof(dropped), .expression = dropped };
	assert_int_equal(dwarf_expression_compute(&rule, &registers, &stack, NULL, &result),
			 -EFAULT);
	rule = (struct lp_rule){ .number = sizeof(long_one), .expression = long_one };
	memset(long_one, 0x96, sizeof(long_one)); /* no operation */
	long_one[0] = 0x31;
	assert_int_equal(dwarf_expression_compute(&rule, &registers, &stack, NULL, &result),
			 -EINVAL);
	rule.number = 100;
	assert_int_equal(dwarf_expression_compute(&rule, &registers, &stack, NULL, &result), 0);
	rule = (struct lp_rule){ .number = 0, .expression = plt };
	assert_int_equal(dwarf_expression_compute(&rule, &registers, &stack, NULL, &result),
			 -EINVAL);
}

static void a_program_that_shrinks_has_no_rows(void **state)
{
	struct lp_row *row = malloc(sizeof(*row));
	char path[] = "/tmp/test_unwind.XXXXXX";
	int descriptor = mkstemp(path);
	struct lp_image image;
	struct crafted file;
	uint8_t byte;

	(void)state;
	assert_non_null(row);
	assert_true(descriptor >= 0);
	craft(&file, (uint8_t[1]){ 0 }, 1);
	assert_int_equal(write(descriptor, &file, sizeof(file)), sizeof(file));
	assert_int_equal(image_open(&image, path), 0);
	assert_int_equal(eh_frame_find(&image, CRAFTED_FUNCTION, row), 0);
	assert_int_equal(ftruncate(descriptor, 128), 0);
	assert_int_equal(eh_frame_find(&image, CRAFTED_FUNCTION, row), -EINVAL);
	assert_int_equal(image_read(&image, sizeof(file) - 1, &byte, 1), 0);
	image_close(&image);
	assert_int_equal(image_open(&image, path), -ENOEXEC);
	assert_int_equal(image_open(&image, "/dev/zero"), -EMEDIUMTYPE);
	close(descriptor);
	unlink(path);
	free(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_are_followed_up_to_the_address),
		cmocka_unit_test(hostile_instructions_are_refused),
		cmocka_unit_test(any_bytes_in_a_table_come_to_an_end),
		cmocka_unit_test(expressions_are_computed_within_bounds),
		cmocka_unit_test(a_program_that_shrinks_has_no_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
