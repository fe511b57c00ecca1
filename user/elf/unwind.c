// SPDX-License-Identifier: BSD-2-Clause
#include "unwind.h"

#include <errno.h>
#include <string.h>

static int frame_address(const struct lp_row *row, const struct lp_stack_copy *stack,
			 const struct lp_registers *registers, uint64_t *frame)
{
	const struct lp_rule *rule = &row->frame;

	if (rule->kind == LP_RULE_VALUE_EXPRESSION)
		return dwarf_expression_compute(rule, registers, stack, NULL, frame);
	if (rule->kind != LP_RULE_REGISTER || rule->number >= LP_REGISTERS ||
	    !(registers->known & 1U << rule->number))
		return -EINVAL;
	*frame = registers->values[rule->number] + (uint64_t)rule->offset;
	return 0;
}

/* Registers that a callee preserves: System V ABI, AMD64 supplement, 3.2.1. */
static bool is_retained(unsigned int number)
{
	return number == LP_REGISTER_BX || number == LP_REGISTER_BP ||
	       (number >= LP_REGISTER_12 && number < LP_REGISTER_IP);
}

/* The caller's value of a register. Returns 0, or a negative errno if it is not known. */
static int restore(const struct lp_row *row, const struct lp_stack_copy *stack,
		   const struct lp_registers *registers, uint64_t frame, unsigned int number,
		   uint64_t *value)
{
	const struct lp_rule *rule = &row->registers[number];
	unsigned int from = number;
	uint64_t address;
	int err;

	switch (rule->kind) {
	case LP_RULE_OFFSET:
		address = frame + (uint64_t)rule->offset;
		if (!stack_copy_read(stack, address, value))
			return 0;
		/* Tables do not say that a function which is about to return has restored its
		 * caller's registers. */
		if (!is_retained(number) || address >= registers->values[LP_REGISTER_SP])
			return -EFAULT;
		break;
	case LP_RULE_VALUE_OFFSET:
		*value = frame + (uint64_t)rule->offset;
		return 0;
	case LP_RULE_EXPRESSION:
		err = dwarf_expression_compute(rule, registers, stack, &frame, &address);
		return err ? err : stack_copy_read(stack, address, value);
	case LP_RULE_VALUE_EXPRESSION:
		return dwarf_expression_compute(rule, registers, stack, &frame, value);
	case LP_RULE_REGISTER:
		from = rule->number;
		break;
	case LP_RULE_SAME:
		break;
	default:
		if (number == LP_REGISTER_SP && rule->kind == LP_RULE_NONE) {
			*value = frame;
			return 0;
		}
		if (!is_retained(number) || rule->kind == LP_RULE_UNDEFINED)
			return -ENOENT;
		break;
	}
	if (from >= LP_REGISTERS || !(registers->known & 1U << from))
		return -ENOENT;
	*value = registers->values[from];
	return 0;
}

int unwind_step(const struct lp_row *row, const struct lp_stack_copy *stack,
		struct lp_registers *registers)
{
	const uint32_t needed = 1U << LP_REGISTER_IP | 1U << LP_REGISTER_SP;
	struct lp_registers caller = { 0 };
	unsigned int i;
	uint64_t frame;
	int err;

	err = frame_address(row, stack, registers, &frame);
	if (err)
		return err;
	for (i = 0; i < LP_REGISTERS; i++)
		if (!restore(row, stack, registers, frame, i, &caller.values[i]))
			caller.known |= 1U << i;
	if ((caller.known & needed) != needed || !caller.values[LP_REGISTER_IP])
		return -ENOENT;
	/* Stacks grow down: anything else could repeat for ever. */
	if (caller.values[LP_REGISTER_SP] <= registers->values[LP_REGISTER_SP])
		return -EINVAL;
	*registers = caller;
	return 0;
}
