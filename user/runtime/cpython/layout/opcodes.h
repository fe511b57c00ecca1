/* SPDX-License-Identifier: BSD-2-Clause */
/* Decodes the instructions of CPython's bytecode that matter for exceptions and for jumps. */
#ifndef LP_RUNTIME_CPYTHON_LAYOUT_OPCODES_H
#define LP_RUNTIME_CPYTHON_LAYOUT_OPCODES_H

#include "versions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lp_bytecode_operation {
	LP_OP_OTHER,
	LP_OP_EXTENDED_ARG, /* higher bits of the argument of the next instruction */
	LP_OP_PUSH_EXC_INFO, /* a handler begins; up to 3.10 DUP_TOP of each clause */
	LP_OP_POP_TOP,
	LP_OP_LOAD_GLOBAL,
	LP_OP_LOAD_NAME,
	LP_OP_LOAD_ATTR,
	LP_OP_LOAD_FAST,
	LP_OP_BUILD_TUPLE,
	LP_OP_EXC_MATCH, /* the comparison with a class, which in 3.9 and 3.10 also jumps */
	LP_OP_CHECK_EG_MATCH, /* the comparison of an `except*` */
	LP_OP_SHUFFLE, /* BUILD_LIST, COPY, SWAP: the beginning of an `except*` */
	LP_OP_WITH_EXCEPT_START, /* the handler of a `with` */
	LP_OP_SETUP_FINALLY,
	LP_OP_SETUP_WITH,
	LP_OP_INSTRUMENTED, /* an instruction of sys.monitoring, which replaces another one */
	/* conditional jumps: absolute up to 3.10, then forward; _AHEAD: forward in all versions */
	LP_OP_BRANCH,
	LP_OP_BRANCH_FALSE, /* by which a comparison jumps to the next clause */
	LP_OP_BRANCH_NONE, /* likewise, of an `except*` */
	LP_OP_BRANCH_AHEAD,
	LP_OP_BRANCH_BACK,
	/* unconditional jumps */
	LP_OP_JUMP, /* absolute, up to 3.10 */
	LP_OP_JUMP_AHEAD,
	LP_OP_JUMP_BACK,
	/* ends of a handler */
	LP_OP_POP_EXCEPT, /* the exception is dropped; 3.8 also POP_FINALLY */
	LP_OP_RETURN_VALUE,
	LP_OP_RAISE_VARARGS, /* argument 0: the exception that is handled */
	LP_OP_RERAISE,
	LP_OP_BEGIN_FINALLY, /* 3.8: a `finally` is entered without an exception */
	LP_OP_END_FINALLY, /* 3.8: raises the exception again if there is one */
};

struct lp_bytecode_instruction {
	enum lp_bytecode_operation operation;
	uint32_t argument;
	size_t next; /* offset of the next instruction */
};

/* Decodes the instruction at an offset in bytes.  False: the code ends before. */
bool cpython_decode(const struct lp_bytecode_format *format, const uint8_t *code, size_t bytes,
		    size_t at, struct lp_bytecode_instruction *instruction);

/* Returns the offset that a jump leads to; SIZE_MAX: it leads to before the code. */
size_t cpython_jump_target(const struct lp_bytecode_format *format,
			   const struct lp_bytecode_instruction *jump);

#endif /* LP_RUNTIME_CPYTHON_LAYOUT_OPCODES_H */
