// SPDX-License-Identifier: BSD-2-Clause
/*
 * DWARF 5, 2.5 and 7.7.1: the operations that occur in unwind tables. Linkers write expressions
 * for the PLT, C libraries for signal frames, cryptographic code for functions that align the
 * stack.
 */
#include "unwind.h"

#include "dwarf_cursor.h"

#include <errno.h>

#define VALUES_MAX 16
/* Compilers and linkers write some ten operations; an expression is computed for every register. */
#define EXPRESSION_BYTES_MAX 256

enum operation {
	OP_DEREFERENCE = 0x06,
	OP_CONSTANT_U1 = 0x08, /* and on: signed and unsigned of 1, 2, 4, 8 bytes */
	OP_CONSTANT_S8 = 0x0f,
	OP_CONSTANT_ULEB = 0x10,
	OP_CONSTANT_SLEB = 0x11,
	OP_DUPLICATE = 0x12,
	OP_DROP = 0x13,
	OP_OVER = 0x14,
	OP_SWAP = 0x16,
	OP_AND = 0x1a,
	OP_MINUS = 0x1c,
	OP_MULTIPLY = 0x1e,
	OP_NEGATE = 0x1f,
	OP_NOT = 0x20,
	OP_OR = 0x21,
	OP_PLUS = 0x22,
	OP_PLUS_ULEB = 0x23,
	OP_SHIFT_LEFT = 0x24,
	OP_SHIFT_RIGHT = 0x25,
	OP_SHIFT_RIGHT_SIGNED = 0x26,
	OP_XOR = 0x27,
	OP_EQUAL = 0x29,
	OP_GREATER_EQUAL = 0x2a,
	OP_GREATER = 0x2b,
	OP_LESS_EQUAL = 0x2c,
	OP_LESS = 0x2d,
	OP_NOT_EQUAL = 0x2e,
	OP_LITERAL = 0x30, /* 0 to 31 */
	OP_REGISTER = 0x70, /* 0 to 31, plus an offset */
	OP_NUMBERED_REGISTER = 0x92,
	OP_NOP = 0x96,
};

struct evaluation {
	struct lp_cursor cursor;
	const struct lp_registers *registers;
	const struct lp_stack_copy *stack;
	size_t count;
	uint64_t values[VALUES_MAX];
};

static int push(struct evaluation *evaluation, uint64_t value)
{
	if (evaluation->count == VALUES_MAX)
		return -EINVAL;
	evaluation->values[evaluation->count++] = value;
	return 0;
}

static int push_register(struct evaluation *evaluation, uint64_t number)
{
	uint64_t offset = (uint64_t)cursor_sleb(&evaluation->cursor);

	if (number >= LP_REGISTERS || !(evaluation->registers->known & 1U << number))
		return -EINVAL;
	return push(evaluation, evaluation->registers->values[number] + offset);
}

/* Even operations are unsigned; the size doubles with every two. */
static int push_constant(struct evaluation *evaluation, unsigned int operation)
{
	unsigned int bytes = 1U << (operation - OP_CONSTANT_U1) / 2;

	if (operation & 1)
		return push(evaluation, (uint64_t)cursor_signed(&evaluation->cursor, bytes));
	return push(evaluation, cursor_unsigned(&evaluation->cursor, bytes));
}

/* Replaces the two topmost values by their result. */
static int combine(struct evaluation *evaluation, unsigned int operation)
{
	uint64_t top, *value;

	if (evaluation->count < 2)
		return -EINVAL;
	top = evaluation->values[--evaluation->count];
	value = &evaluation->values[evaluation->count - 1];
	switch (operation) {
	case OP_AND:
		*value &= top;
		break;
	case OP_MINUS:
		*value -= top;
		break;
	case OP_MULTIPLY:
		*value *= top;
		break;
	case OP_OR:
		*value |= top;
		break;
	case OP_PLUS:
		*value += top;
		break;
	case OP_SHIFT_LEFT:
		*value = top < 64 ? *value << top : 0;
		break;
	case OP_SHIFT_RIGHT:
		*value = top < 64 ? *value >> top : 0;
		break;
	case OP_SHIFT_RIGHT_SIGNED:
		top = top < 64 ? top : 63;
		*value = (int64_t)*value < 0 ? ~(~*value >> top) : *value >> top;
		break;
	case OP_XOR:
		*value ^= top;
		break;
	default:
		return -EINVAL;
	}
	return 0;
}

static int compare(struct evaluation *evaluation, unsigned int operation)
{
	int64_t top, value;
	bool results[] = { false, false, false, false, false, false };

	if (evaluation->count < 2)
		return -EINVAL;
	top = (int64_t)evaluation->values[--evaluation->count];
	value = (int64_t)evaluation->values[evaluation->count - 1];
	results[OP_EQUAL - OP_EQUAL] = value == top;
	results[OP_GREATER_EQUAL - OP_EQUAL] = value >= top;
	results[OP_GREATER - OP_EQUAL] = value > top;
	results[OP_LESS_EQUAL - OP_EQUAL] = value <= top;
	results[OP_LESS - OP_EQUAL] = value < top;
	results[OP_NOT_EQUAL - OP_EQUAL] = value != top;
	evaluation->values[evaluation->count - 1] = results[operation - OP_EQUAL];
	return 0;
}

/* Operations on the topmost values. */
static int change_top(struct evaluation *evaluation, unsigned int operation)
{
	uint64_t *top, below;

	if (!evaluation->count)
		return -EINVAL;
	top = &evaluation->values[evaluation->count - 1];
	switch (operation) {
	case OP_DEREFERENCE:
		return stack_copy_read(evaluation->stack, *top, top);
	case OP_DUPLICATE:
		return push(evaluation, *top);
	case OP_DROP:
		evaluation->count--;
		return 0;
	case OP_NEGATE:
		*top = -*top;
		return 0;
	case OP_NOT:
		*top = ~*top;
		return 0;
	case OP_PLUS_ULEB:
		*top += cursor_uleb(&evaluation->cursor);
		return 0;
	default:
		break;
	}
	if (evaluation->count < 2)
		return -EINVAL;
	below = top[-1];
	if (operation == OP_OVER)
		return push(evaluation, below);
	top[-1] = *top;
	*top = below;
	return 0;
}

static int execute_one(struct evaluation *evaluation)
{
	unsigned int operation = (unsigned int)cursor_unsigned(&evaluation->cursor, 1);

	if (operation >= OP_REGISTER && operation < OP_REGISTER + 32)
		return push_register(evaluation, operation - OP_REGISTER);
	if (operation >= OP_LITERAL && operation < OP_LITERAL + 32)
		return push(evaluation, operation - OP_LITERAL);
	if (operation >= OP_CONSTANT_U1 && operation <= OP_CONSTANT_S8)
		return push_constant(evaluation, operation);
	if (operation >= OP_EQUAL && operation <= OP_NOT_EQUAL)
		return compare(evaluation, operation);
	switch (operation) {
	case OP_NOP:
		return 0;
	case OP_CONSTANT_ULEB:
		return push(evaluation, cursor_uleb(&evaluation->cursor));
	case OP_CONSTANT_SLEB:
		return push(evaluation, (uint64_t)cursor_sleb(&evaluation->cursor));
	case OP_NUMBERED_REGISTER:
		return push_register(evaluation, cursor_uleb(&evaluation->cursor));
	case OP_DEREFERENCE:
	case OP_DUPLICATE:
	case OP_DROP:
	case OP_NEGATE:
	case OP_NOT:
	case OP_PLUS_ULEB:
	case OP_OVER:
	case OP_SWAP:
		return change_top(evaluation, operation);
	default:
		return combine(evaluation, operation);
	}
}

int dwarf_expression_compute(const struct lp_rule *rule, const struct lp_registers *registers,
			     const struct lp_stack_copy *stack, const uint64_t *initial,
			     uint64_t *result)
{
	struct evaluation evaluation = {
		.cursor = { .at = rule->expression, .end = rule->expression + rule->number },
		.registers = registers,
		.stack = stack,
	};
	int err = 0;

	if (rule->number > EXPRESSION_BYTES_MAX)
		return -EINVAL;
	if (initial)
		err = push(&evaluation, *initial);
	while (!err && cursor_left(&evaluation.cursor)) {
		err = execute_one(&evaluation);
		if (!err && evaluation.cursor.failed)
			err = -EINVAL;
	}
	if (err || !evaluation.count)
		return err ? err : -EINVAL;
	*result = evaluation.values[evaluation.count - 1];
	return 0;
}
