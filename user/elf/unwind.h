/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unwinds a stack from one frame to its caller's, by the tables (.eh_frame) that compilers
 * generate for exceptions. The tables are the target's, and may contain anything: every part that
 * is read is bounded, and nothing is allocated for it.
 */
#ifndef LP_ELF_UNWIND_H
#define LP_ELF_UNWIND_H

#include "image.h"

#include <errno.h>
#include <string.h>

/* Numbers of System V ABI, AMD64 supplement, figure 3.36. */
#define LP_REGISTER_BX 3
#define LP_REGISTER_BP 6
#define LP_REGISTER_SP 7
#define LP_REGISTER_12 12
#define LP_REGISTER_IP 16
#define LP_REGISTERS 17

struct lp_registers {
	uint32_t known; /* a bit each */
	uint64_t values[LP_REGISTERS];
};

/* A copy of the top of the stack. */
struct lp_stack_copy {
	uint64_t address;
	const uint8_t *data;
	size_t bytes;
};

/* Copies a word of the stack. Returns 0 or -EFAULT. */
static inline int stack_copy_read(const struct lp_stack_copy *stack, uint64_t address,
				  uint64_t *value)
{
	uint64_t at = address - stack->address;

	if (stack->bytes < sizeof(*value) || at > stack->bytes - sizeof(*value))
		return -EFAULT;
	memcpy(value, stack->data + at, sizeof(*value));
	return 0;
}

enum lp_rule_kind {
	LP_RULE_NONE = 0, /* no rule: a register that callees preserve keeps its value */
	LP_RULE_UNDEFINED,
	LP_RULE_SAME,
	LP_RULE_OFFSET, /* saved at the frame's address plus offset */
	LP_RULE_VALUE_OFFSET, /* the value is that address */
	LP_RULE_REGISTER, /* the value of another register; for the frame's address, plus offset */
	LP_RULE_EXPRESSION, /* saved at the address that it computes */
	LP_RULE_VALUE_EXPRESSION, /* the value is what it computes */
};

struct lp_rule {
	enum lp_rule_kind kind;
	uint32_t number; /* register, or bytes of the expression */
	int64_t offset;
	const uint8_t *expression; /* a pointer into the row's own bytes */
};

#define LP_COMMON_BYTES 512
#define LP_ENTRY_BYTES 32768

/* Rules for the caller's registers at one address of a function. */
struct lp_row {
	uint64_t function; /* beginning of the function */
	uint64_t bytes; /* length of the function */
	bool signal; /* its caller was interrupted, it made no call */
	struct lp_rule frame; /* the canonical frame address */
	struct lp_rule registers[LP_REGISTERS];
	/* Bytes that the rules point into. */
	uint8_t common[LP_COMMON_BYTES];
	uint8_t entry[LP_ENTRY_BYTES];
};

/*
 * Finds the row of an address of the image. Returns 0, -ENOENT if no record covers it, or -EINVAL
 * for a record that cannot be read or understood.
 */
int eh_frame_find(const struct lp_image *image, uint64_t address, struct lp_row *row);

/*
 * Computes a DWARF expression; initial is pushed first, unless NULL.  Returns 0,
 * -EINVAL, or -EFAULT for what lies outside of the copy of the stack.
 */
int dwarf_expression_compute(const struct lp_rule *rule, const struct lp_registers *registers,
			     const struct lp_stack_copy *stack, const uint64_t *initial,
			     uint64_t *result);

/* Replaces the registers by those of the caller. Returns 0, or a negative errno at the end. */
int unwind_step(const struct lp_row *row, const struct lp_stack_copy *stack,
		struct lp_registers *registers);

/*
 * Compilers put rarely executed code of a function apart from it, as a function of its own that
 * has no symbol in a stripped file: CPython's evaluation loop, for example. Such a part is
 * recognised by jumps into the middle of the whole function. Returns 0, or -ENOENT if this is no
 * such part. Adds to work as image_symbol does; row is overwritten.
 */
int cold_part_of(const struct lp_image *image, uint64_t begin, uint64_t bytes, struct lp_row *row,
		 uint64_t *whole, size_t *work);

#endif /* LP_ELF_UNWIND_H */
