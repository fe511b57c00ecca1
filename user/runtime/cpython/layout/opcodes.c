// SPDX-License-Identifier: BSD-2-Clause
/*
 * The opcodes of each version (Lib/opcode.py, Include/internal/pycore_opcode_metadata.h) that are
 * jumps, that have to do with exceptions, or that inline caches follow.
 */
#include "opcodes.h"

#include "base/macros.h"

/*
 * The opcodes first to last in the versions oldest to newest, specialised ones included; caches:
 * code units that follow.  No two rows of a version overlap.
 */
static const struct lp_opcode {
	uint8_t oldest, newest, first, last, caches;
	enum lp_bytecode_operation operation;
} opcodes[] = {
	{ 8, 12, 144, 144, 0, LP_OP_EXTENDED_ARG },
	{ 11, 11, 34, 34, 0, LP_OP_EXTENDED_ARG }, /* EXTENDED_ARG_QUICK */
	{ 8, 12, 1, 1, 0, LP_OP_POP_TOP },
	{ 8, 12, 101, 101, 0, LP_OP_LOAD_NAME },
	{ 8, 12, 102, 102, 0, LP_OP_BUILD_TUPLE },
	{ 8, 12, 124, 124, 0, LP_OP_LOAD_FAST },
	/* LOAD_FAST__LOAD_FAST: the second one follows as it is */
	{ 11, 11, 46, 46, 0, LP_OP_LOAD_FAST },
	{ 12, 12, 88, 88, 0, LP_OP_LOAD_FAST },
	{ 8, 10, 4, 4, 0, LP_OP_PUSH_EXC_INFO },
	{ 8, 10, 116, 116, 0, LP_OP_LOAD_GLOBAL },
	{ 8, 10, 106, 106, 0, LP_OP_LOAD_ATTR },
	{ 8, 10, 160, 160, 0, LP_OP_LOAD_ATTR },
	{ 8, 10, 136, 136, 0, LP_OP_LOAD_FAST },
	{ 8, 10, 122, 122, 0, LP_OP_SETUP_FINALLY },
	{ 8, 10, 143, 143, 0, LP_OP_SETUP_WITH },
	{ 8, 10, 154, 154, 0, LP_OP_SETUP_WITH },
	{ 8, 10, 83, 83, 0, LP_OP_RETURN_VALUE },
	{ 8, 10, 89, 89, 0, LP_OP_POP_EXCEPT },
	{ 8, 10, 93, 93, 0, LP_OP_BRANCH_AHEAD },
	{ 8, 10, 110, 110, 0, LP_OP_JUMP_AHEAD },
	{ 8, 10, 111, 112, 0, LP_OP_BRANCH },
	{ 8, 10, 113, 113, 0, LP_OP_JUMP },
	{ 8, 10, 115, 115, 0, LP_OP_BRANCH },
	{ 8, 10, 130, 130, 0, LP_OP_RAISE_VARARGS },
	{ 8, 8, 107, 107, 0, LP_OP_EXC_MATCH },
	{ 8, 8, 114, 114, 0, LP_OP_BRANCH_FALSE },
	{ 8, 8, 163, 163, 0, LP_OP_POP_EXCEPT },
	{ 8, 8, 53, 53, 0, LP_OP_BEGIN_FINALLY },
	{ 8, 8, 88, 88, 0, LP_OP_END_FINALLY },
	{ 9, 9, 48, 48, 0, LP_OP_RERAISE },
	{ 9, 10, 121, 121, 0, LP_OP_EXC_MATCH },
	{ 9, 10, 114, 114, 0, LP_OP_BRANCH },
	{ 9, 10, 119, 119, 0, LP_OP_RERAISE },
	{ 11, 11, 116, 116, 5, LP_OP_LOAD_GLOBAL },
	{ 11, 11, 47, 48, 5, LP_OP_LOAD_GLOBAL },
	{ 11, 11, 55, 55, 5, LP_OP_LOAD_GLOBAL },
	{ 11, 11, 106, 106, 4, LP_OP_LOAD_ATTR },
	{ 11, 11, 39, 43, 4, LP_OP_LOAD_ATTR },
	{ 11, 11, 160, 160, 10, LP_OP_LOAD_ATTR },
	{ 11, 11, 56, 59, 10, LP_OP_LOAD_ATTR },
	{ 11, 11, 62, 63, 10, LP_OP_LOAD_ATTR },
	{ 11, 11, 93, 93, 0, LP_OP_BRANCH_AHEAD },
	{ 11, 11, 111, 112, 0, LP_OP_BRANCH_AHEAD },
	{ 11, 11, 123, 123, 0, LP_OP_BRANCH_AHEAD },
	{ 11, 11, 173, 176, 0, LP_OP_BRANCH_BACK },
	{ 11, 11, 38, 38, 0, LP_OP_JUMP_BACK },
	{ 11, 12, 35, 35, 0, LP_OP_PUSH_EXC_INFO },
	{ 11, 12, 36, 36, 0, LP_OP_EXC_MATCH },
	{ 11, 12, 49, 49, 0, LP_OP_WITH_EXCEPT_START },
	{ 11, 12, 114, 114, 0, LP_OP_BRANCH_FALSE },
	{ 11, 12, 137, 137, 0, LP_OP_LOAD_FAST },
	{ 11, 12, 37, 37, 0, LP_OP_CHECK_EG_MATCH },
	{ 11, 12, 99, 99, 0, LP_OP_SHUFFLE },
	{ 11, 12, 103, 103, 0, LP_OP_SHUFFLE },
	{ 11, 12, 120, 120, 0, LP_OP_SHUFFLE },
	{ 11, 12, 129, 129, 0, LP_OP_BRANCH_NONE },
	{ 11, 12, 83, 83, 0, LP_OP_RETURN_VALUE },
	{ 11, 12, 89, 89, 0, LP_OP_POP_EXCEPT },
	{ 11, 12, 110, 110, 0, LP_OP_JUMP_AHEAD },
	{ 11, 12, 115, 115, 0, LP_OP_BRANCH },
	{ 11, 12, 119, 119, 0, LP_OP_RERAISE },
	{ 11, 12, 128, 128, 0, LP_OP_BRANCH },
	{ 11, 12, 130, 130, 0, LP_OP_RAISE_VARARGS },
	{ 11, 12, 134, 134, 0, LP_OP_JUMP_BACK },
	{ 11, 12, 140, 140, 0, LP_OP_JUMP_BACK },
	{ 11, 11, 3, 8, 1, LP_OP_OTHER },
	{ 11, 11, 13, 14, 1, LP_OP_OTHER },
	{ 11, 11, 16, 16, 1, LP_OP_OTHER },
	{ 11, 11, 17, 25, 4, LP_OP_OTHER },
	{ 11, 11, 26, 29, 2, LP_OP_OTHER },
	{ 11, 11, 60, 60, 1, LP_OP_OTHER },
	{ 11, 11, 64, 67, 1, LP_OP_OTHER },
	{ 11, 11, 72, 73, 1, LP_OP_OTHER },
	{ 11, 11, 76, 81, 1, LP_OP_OTHER },
	{ 11, 11, 92, 92, 1, LP_OP_OTHER },
	{ 11, 11, 95, 95, 4, LP_OP_OTHER },
	{ 11, 11, 107, 107, 2, LP_OP_OTHER },
	{ 11, 11, 113, 113, 1, LP_OP_OTHER },
	{ 11, 11, 121, 122, 1, LP_OP_OTHER },
	{ 11, 11, 127, 127, 1, LP_OP_OTHER },
	{ 11, 11, 141, 141, 1, LP_OP_OTHER },
	{ 11, 11, 143, 143, 1, LP_OP_OTHER },
	{ 11, 11, 153, 154, 4, LP_OP_OTHER },
	{ 11, 11, 158, 159, 4, LP_OP_OTHER },
	{ 11, 11, 166, 166, 1, LP_OP_OTHER },
	{ 11, 11, 168, 170, 1, LP_OP_OTHER },
	{ 11, 11, 171, 171, 4, LP_OP_OTHER },
	{ 11, 11, 177, 180, 1, LP_OP_OTHER },
	{ 12, 12, 116, 116, 4, LP_OP_LOAD_GLOBAL },
	{ 12, 12, 111, 112, 4, LP_OP_LOAD_GLOBAL },
	{ 12, 12, 106, 106, 9, LP_OP_LOAD_ATTR },
	{ 12, 12, 70, 70, 9, LP_OP_LOAD_ATTR },
	{ 12, 12, 72, 73, 9, LP_OP_LOAD_ATTR },
	{ 12, 12, 76, 82, 9, LP_OP_LOAD_ATTR },
	{ 12, 12, 237, 254, 0, LP_OP_INSTRUMENTED },
	{ 12, 12, 62, 65, 1, LP_OP_BRANCH_AHEAD },
	{ 12, 12, 93, 93, 1, LP_OP_BRANCH_AHEAD },
	{ 12, 12, 121, 121, 0, LP_OP_RETURN_VALUE },
	{ 12, 12, 123, 123, 1, LP_OP_BRANCH_AHEAD },
	{ 12, 12, 168, 168, 1, LP_OP_BRANCH_AHEAD },
	{ 12, 12, 6, 8, 1, LP_OP_OTHER },
	{ 12, 12, 10, 10, 1, LP_OP_OTHER },
	{ 12, 12, 13, 14, 1, LP_OP_OTHER },
	{ 12, 12, 16, 16, 1, LP_OP_OTHER },
	{ 12, 12, 18, 22, 1, LP_OP_OTHER },
	{ 12, 12, 23, 24, 3, LP_OP_OTHER },
	{ 12, 12, 25, 25, 1, LP_OP_OTHER },
	{ 12, 12, 28, 29, 3, LP_OP_OTHER },
	{ 12, 12, 34, 34, 3, LP_OP_OTHER },
	{ 12, 12, 38, 48, 3, LP_OP_OTHER },
	{ 12, 12, 56, 56, 3, LP_OP_OTHER },
	{ 12, 12, 57, 60, 1, LP_OP_OTHER },
	{ 12, 12, 66, 67, 1, LP_OP_OTHER },
	{ 12, 12, 92, 92, 1, LP_OP_OTHER },
	{ 12, 12, 95, 95, 4, LP_OP_OTHER },
	{ 12, 12, 107, 107, 1, LP_OP_OTHER },
	{ 12, 12, 113, 113, 4, LP_OP_OTHER },
	{ 12, 12, 122, 122, 1, LP_OP_OTHER },
	{ 12, 12, 141, 141, 1, LP_OP_OTHER },
	{ 12, 12, 148, 148, 4, LP_OP_OTHER },
	{ 12, 12, 153, 153, 4, LP_OP_OTHER },
	{ 12, 12, 159, 161, 1, LP_OP_OTHER },
	{ 12, 12, 166, 167, 1, LP_OP_OTHER },
	{ 12, 12, 171, 171, 3, LP_OP_OTHER },
	{ 13, 13, 71, 71, 0, LP_OP_EXTENDED_ARG },
	{ 13, 13, 32, 32, 0, LP_OP_POP_TOP },
	{ 13, 13, 92, 92, 0, LP_OP_LOAD_NAME },
	{ 13, 13, 52, 52, 0, LP_OP_BUILD_TUPLE },
	{ 13, 13, 84, 88, 0, LP_OP_LOAD_FAST },
	{ 13, 13, 33, 33, 0, LP_OP_PUSH_EXC_INFO },
	{ 13, 13, 7, 7, 0, LP_OP_EXC_MATCH },
	{ 13, 13, 44, 44, 0, LP_OP_WITH_EXCEPT_START },
	{ 13, 13, 97, 97, 1, LP_OP_BRANCH_FALSE },
	{ 13, 13, 6, 6, 0, LP_OP_CHECK_EG_MATCH },
	{ 13, 13, 47, 47, 0, LP_OP_SHUFFLE },
	{ 13, 13, 61, 61, 0, LP_OP_SHUFFLE },
	{ 13, 13, 115, 115, 0, LP_OP_SHUFFLE },
	{ 13, 13, 98, 98, 1, LP_OP_BRANCH_NONE },
	{ 13, 13, 91, 91, 4, LP_OP_LOAD_GLOBAL },
	{ 13, 13, 203, 204, 4, LP_OP_LOAD_GLOBAL },
	{ 13, 13, 82, 82, 9, LP_OP_LOAD_ATTR },
	{ 13, 13, 191, 202, 9, LP_OP_LOAD_ATTR },
	{ 13, 13, 236, 254, 0, LP_OP_INSTRUMENTED },
	{ 13, 13, 31, 31, 0, LP_OP_POP_EXCEPT },
	{ 13, 13, 36, 36, 0, LP_OP_RETURN_VALUE },
	{ 13, 13, 103, 103, 0, LP_OP_RETURN_VALUE },
	{ 13, 13, 72, 72, 1, LP_OP_BRANCH_AHEAD },
	{ 13, 13, 187, 190, 1, LP_OP_BRANCH_AHEAD },
	{ 13, 13, 104, 104, 1, LP_OP_BRANCH_AHEAD },
	{ 13, 13, 208, 208, 1, LP_OP_BRANCH_AHEAD },
	{ 13, 13, 77, 77, 1, LP_OP_JUMP_BACK },
	{ 13, 13, 78, 78, 0, LP_OP_JUMP_BACK },
	{ 13, 13, 79, 79, 0, LP_OP_JUMP_AHEAD },
	{ 13, 13, 99, 100, 1, LP_OP_BRANCH },
	{ 13, 13, 101, 101, 0, LP_OP_RAISE_VARARGS },
	{ 13, 13, 102, 102, 0, LP_OP_RERAISE },
	{ 13, 13, 3, 3, 1, LP_OP_OTHER },
	{ 13, 13, 5, 5, 1, LP_OP_OTHER },
	{ 13, 13, 39, 39, 1, LP_OP_OTHER },
	{ 13, 13, 40, 40, 3, LP_OP_OTHER },
	{ 13, 13, 45, 45, 1, LP_OP_OTHER },
	{ 13, 13, 53, 53, 3, LP_OP_OTHER },
	{ 13, 13, 58, 59, 1, LP_OP_OTHER },
	{ 13, 13, 93, 93, 1, LP_OP_OTHER },
	{ 13, 13, 108, 108, 4, LP_OP_OTHER },
	{ 13, 13, 117, 117, 1, LP_OP_OTHER },
	{ 13, 13, 150, 161, 1, LP_OP_OTHER },
	{ 13, 13, 162, 181, 3, LP_OP_OTHER },
	{ 13, 13, 182, 186, 1, LP_OP_OTHER },
	{ 13, 13, 205, 206, 1, LP_OP_OTHER },
	{ 13, 13, 209, 211, 4, LP_OP_OTHER },
	{ 13, 13, 212, 213, 1, LP_OP_OTHER },
	{ 13, 13, 214, 219, 3, LP_OP_OTHER },
	{ 13, 13, 220, 222, 1, LP_OP_OTHER },
	{ 14, 14, 69, 69, 0, LP_OP_EXTENDED_ARG },
	{ 14, 14, 31, 31, 0, LP_OP_POP_TOP },
	{ 14, 14, 93, 93, 0, LP_OP_LOAD_NAME },
	{ 14, 14, 51, 51, 0, LP_OP_BUILD_TUPLE },
	{ 14, 14, 83, 89, 0, LP_OP_LOAD_FAST },
	{ 14, 14, 32, 32, 0, LP_OP_PUSH_EXC_INFO },
	{ 14, 14, 6, 6, 0, LP_OP_EXC_MATCH },
	{ 14, 14, 43, 43, 0, LP_OP_WITH_EXCEPT_START },
	{ 14, 14, 100, 100, 1, LP_OP_BRANCH_FALSE },
	{ 14, 14, 5, 5, 0, LP_OP_CHECK_EG_MATCH },
	{ 14, 14, 46, 46, 0, LP_OP_SHUFFLE },
	{ 14, 14, 59, 59, 0, LP_OP_SHUFFLE },
	{ 14, 14, 117, 117, 0, LP_OP_SHUFFLE },
	{ 14, 14, 101, 101, 1, LP_OP_BRANCH_NONE },
	{ 14, 14, 92, 92, 4, LP_OP_LOAD_GLOBAL },
	{ 14, 14, 192, 193, 4, LP_OP_LOAD_GLOBAL },
	{ 14, 14, 80, 80, 9, LP_OP_LOAD_ATTR },
	{ 14, 14, 177, 189, 9, LP_OP_LOAD_ATTR },
	{ 14, 14, 234, 254, 0, LP_OP_INSTRUMENTED },
	{ 14, 14, 29, 29, 0, LP_OP_POP_EXCEPT },
	{ 14, 14, 35, 35, 0, LP_OP_RETURN_VALUE },
	{ 14, 14, 70, 70, 1, LP_OP_BRANCH_AHEAD },
	{ 14, 14, 171, 174, 1, LP_OP_BRANCH_AHEAD },
	{ 14, 14, 106, 106, 1, LP_OP_BRANCH_AHEAD },
	{ 14, 14, 197, 197, 1, LP_OP_BRANCH_AHEAD },
	{ 14, 14, 75, 75, 1, LP_OP_JUMP_BACK },
	{ 14, 14, 175, 176, 1, LP_OP_JUMP_BACK },
	{ 14, 14, 76, 76, 0, LP_OP_JUMP_BACK },
	{ 14, 14, 77, 77, 0, LP_OP_JUMP_AHEAD },
	{ 14, 14, 102, 103, 1, LP_OP_BRANCH },
	{ 14, 14, 104, 104, 0, LP_OP_RAISE_VARARGS },
	{ 14, 14, 105, 105, 0, LP_OP_RERAISE },
	{ 14, 14, 3, 3, 5, LP_OP_OTHER },
	{ 14, 14, 38, 38, 1, LP_OP_OTHER },
	{ 14, 14, 39, 39, 3, LP_OP_OTHER },
	{ 14, 14, 44, 44, 5, LP_OP_OTHER },
	{ 14, 14, 52, 52, 3, LP_OP_OTHER },
	{ 14, 14, 55, 55, 3, LP_OP_OTHER },
	{ 14, 14, 56, 57, 1, LP_OP_OTHER },
	{ 14, 14, 96, 96, 1, LP_OP_OTHER },
	{ 14, 14, 110, 110, 4, LP_OP_OTHER },
	{ 14, 14, 119, 119, 1, LP_OP_OTHER },
	{ 14, 14, 129, 142, 5, LP_OP_OTHER },
	{ 14, 14, 143, 165, 3, LP_OP_OTHER },
	{ 14, 14, 166, 170, 1, LP_OP_OTHER },
	{ 14, 14, 194, 195, 1, LP_OP_OTHER },
	{ 14, 14, 198, 200, 4, LP_OP_OTHER },
	{ 14, 14, 201, 202, 1, LP_OP_OTHER },
	{ 14, 14, 203, 208, 3, LP_OP_OTHER },
	{ 14, 14, 209, 211, 1, LP_OP_OTHER },
	{ 15, 15, 67, 67, 0, LP_OP_EXTENDED_ARG },
	{ 15, 15, 29, 29, 0, LP_OP_POP_TOP },
	{ 15, 15, 92, 92, 0, LP_OP_LOAD_NAME },
	{ 15, 15, 49, 49, 0, LP_OP_BUILD_TUPLE },
	{ 15, 15, 82, 88, 0, LP_OP_LOAD_FAST },
	{ 15, 15, 30, 30, 0, LP_OP_PUSH_EXC_INFO },
	{ 15, 15, 6, 6, 0, LP_OP_EXC_MATCH },
	{ 15, 15, 41, 41, 0, LP_OP_WITH_EXCEPT_START },
	{ 15, 15, 99, 99, 1, LP_OP_BRANCH_FALSE },
	{ 15, 15, 5, 5, 0, LP_OP_CHECK_EG_MATCH },
	{ 15, 15, 44, 44, 0, LP_OP_SHUFFLE },
	{ 15, 15, 57, 57, 0, LP_OP_SHUFFLE },
	{ 15, 15, 116, 116, 0, LP_OP_SHUFFLE },
	{ 15, 15, 100, 100, 1, LP_OP_BRANCH_NONE },
	{ 15, 15, 91, 91, 4, LP_OP_LOAD_GLOBAL },
	{ 15, 15, 196, 197, 4, LP_OP_LOAD_GLOBAL },
	{ 15, 15, 79, 79, 9, LP_OP_LOAD_ATTR },
	{ 15, 15, 183, 195, 9, LP_OP_LOAD_ATTR },
	{ 15, 15, 233, 253, 0, LP_OP_INSTRUMENTED },
	{ 15, 15, 27, 27, 0, LP_OP_POP_EXCEPT },
	{ 15, 15, 33, 33, 0, LP_OP_RETURN_VALUE },
	{ 15, 15, 68, 68, 1, LP_OP_BRANCH_AHEAD },
	{ 15, 15, 105, 105, 1, LP_OP_BRANCH_AHEAD },
	{ 15, 15, 174, 178, 1, LP_OP_BRANCH_AHEAD },
	{ 15, 15, 202, 204, 1, LP_OP_BRANCH_AHEAD },
	{ 15, 15, 74, 74, 1, LP_OP_JUMP_BACK },
	{ 15, 15, 75, 75, 0, LP_OP_JUMP_BACK },
	{ 15, 15, 181, 182, 1, LP_OP_JUMP_BACK },
	{ 15, 15, 76, 76, 0, LP_OP_JUMP_AHEAD },
	{ 15, 15, 101, 102, 1, LP_OP_BRANCH },
	{ 15, 15, 103, 103, 0, LP_OP_RAISE_VARARGS },
	{ 15, 15, 104, 104, 0, LP_OP_RERAISE },
	{ 15, 15, 3, 3, 5, LP_OP_OTHER },
	{ 15, 15, 4, 4, 1, LP_OP_OTHER },
	{ 15, 15, 36, 36, 1, LP_OP_OTHER },
	{ 15, 15, 37, 37, 3, LP_OP_OTHER },
	{ 15, 15, 42, 42, 5, LP_OP_OTHER },
	{ 15, 15, 50, 50, 3, LP_OP_OTHER },
	{ 15, 15, 53, 53, 3, LP_OP_OTHER },
	{ 15, 15, 54, 55, 1, LP_OP_OTHER },
	{ 15, 15, 70, 70, 1, LP_OP_OTHER },
	{ 15, 15, 95, 95, 1, LP_OP_OTHER },
	{ 15, 15, 109, 109, 4, LP_OP_OTHER },
	{ 15, 15, 118, 118, 1, LP_OP_OTHER },
	{ 15, 15, 128, 128, 1, LP_OP_OTHER },
	{ 15, 15, 129, 143, 5, LP_OP_OTHER },
	{ 15, 15, 144, 150, 3, LP_OP_OTHER },
	{ 15, 15, 151, 152, 1, LP_OP_OTHER },
	{ 15, 15, 153, 168, 3, LP_OP_OTHER },
	{ 15, 15, 169, 173, 1, LP_OP_OTHER },
	{ 15, 15, 179, 180, 1, LP_OP_OTHER },
	{ 15, 15, 198, 201, 1, LP_OP_OTHER },
	{ 15, 15, 205, 207, 4, LP_OP_OTHER },
	{ 15, 15, 208, 209, 1, LP_OP_OTHER },
	{ 15, 15, 210, 215, 3, LP_OP_OTHER },
	{ 15, 15, 216, 218, 1, LP_OP_OTHER },
};

_Static_assert(ARRAY_SIZE(opcodes) <= UINT16_MAX, "the number of a row has to fit");

/* Returns the row of an opcode, or NULL. */
static const struct lp_opcode *find_opcode(uint8_t version, uint8_t opcode)
{
	/* numbers of rows plus 1; made for a version when it is needed first */
	static uint16_t numbers[CPYTHON_NEWEST + 1][UINT8_MAX + 1];
	static bool made[CPYTHON_NEWEST + 1];
	size_t i, code;

	if (version > CPYTHON_NEWEST)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(opcodes) && !made[version]; i++) {
		if (version < opcodes[i].oldest || version > opcodes[i].newest)
			continue;
		for (code = opcodes[i].first; code <= opcodes[i].last; code++)
			numbers[version][code] = (uint16_t)(i + 1);
	}
	made[version] = true;
	return numbers[version][opcode] ? &opcodes[numbers[version][opcode] - 1] : NULL;
}

bool cpython_decode(const struct lp_bytecode_format *format, const uint8_t *code, size_t bytes,
		    size_t at, struct lp_bytecode_instruction *instruction)
{
	uint32_t argument = 0;

	for (; bytes >= 2 && at <= bytes - 2; at += 2) {
		const struct lp_opcode *opcode = find_opcode(format->opcodes, code[at]);

		argument = argument << 8 | code[at + 1];
		if (opcode && opcode->operation == LP_OP_EXTENDED_ARG)
			continue;
		instruction->operation = opcode ? opcode->operation : LP_OP_OTHER;
		instruction->argument = argument;
		instruction->next = at + 2 + (opcode ? opcode->caches * 2UL : 0);
		return true;
	}
	return false;
}

size_t cpython_jump_target(const struct lp_bytecode_format *format,
			   const struct lp_bytecode_instruction *jump)
{
	size_t distance = (size_t)jump->argument * format->instruction_unit;

	switch (jump->operation) {
	case LP_OP_BRANCH_BACK:
	case LP_OP_JUMP_BACK:
		return distance <= jump->next ? jump->next - distance : SIZE_MAX;
	case LP_OP_BRANCH_AHEAD:
	case LP_OP_JUMP_AHEAD:
		return jump->next + distance;
	default:
		return (format->relative_jumps ? jump->next : 0) + distance;
	}
}
