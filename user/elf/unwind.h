/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From one frame of a stack to its caller's, by the tables (.eh_frame) that compilers
 * make for exceptions.  The tables are the target's, and so may be anything: all of
 * what is read of them is bounded, and nothing is allocated for it.
 */
#ifndef LP_ELF_UNWIND_H
#define LP_ELF_UNWIND_H

#include "image.h"

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

enum lp_rule_kind {
	LP_RULE_NONE = 0, /* not told: it keeps its value if a callee has to keep it */
	LP_RULE_UNDEFINED,
	LP_RULE_SAME,
	LP_RULE_OFFSET, /* saved at the frame's address plus offset */
	LP_RULE_VALUE_OFFSET, /* it is that address */
	LP_RULE_REGISTER, /* another's value; the frame's address: plus offset */
	LP_RULE_EXPRESSION, /* saved at what it computes */
	LP_RULE_VALUE_EXPRESSION, /* it is that */
};

struct lp_rule {
	enum lp_rule_kind kind;
	uint32_t number; /* register, or bytes of the expression */
	int64_t offset;
	const uint8_t *expression; /* in the row's own bytes */
};

#define LP_COMMON_BYTES 512
#define LP_ENTRY_BYTES 32768

/* How to find the caller's registers at one address of a function. */
struct lp_row {
	uint64_t function; /* where it begins, ... */
	uint64_t bytes; /* ... and how long it is */
	bool signal; /* its caller was interrupted, it made no call */
	struct lp_rule frame; /* the canonical frame address */
	struct lp_rule registers[LP_REGISTERS];
	/* what the rules point into */
	uint8_t common[LP_COMMON_BYTES];
	uint8_t entry[LP_ENTRY_BYTES];
};

/*
 * Finds the row of an address of the image.  Returns 0, -ENOENT if no function there
 * is told of, or -EINVAL for what cannot be read or understood.
 */
int eh_frame_find(const struct lp_image *image, uint64_t address, struct lp_row *row);

/* A word of the stack. Returns 0 or -EFAULT. */
int unwind_read_stack(const struct lp_stack_copy *stack, uint64_t address, uint64_t *value);

/*
 * Computes a DWARF expression; initial is pushed first, unless NULL.  Returns 0,
 * -EINVAL, or -EFAULT for what lies outside of the copy of the stack.
 */
int dwarf_expression_compute(const struct lp_rule *rule, const struct lp_registers *registers,
			     const struct lp_stack_copy *stack, const uint64_t *initial,
			     uint64_t *result);

/* Makes the registers those of the caller. Returns 0, or a negative errno at the end. */
int unwind_step(const struct lp_row *row, const struct lp_stack_copy *stack,
		struct lp_registers *registers);

/*
 * Compilers lay what a function seldom needs apart from it, as a function of its own
 * that has no symbol in a stripped file: CPython's evaluation loop for one.  It gives
 * itself away by jumps into the middle of the whole.  Returns 0, or -ENOENT if this is
 * no such part.  Adds to work as image_symbol does; row is overwritten.
 */
int cold_part_of(const struct lp_image *image, uint64_t begin, uint64_t bytes, struct lp_row *row,
		 uint64_t *whole, size_t *work);

#endif /* LP_ELF_UNWIND_H */
