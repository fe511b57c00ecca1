// SPDX-License-Identifier: BSD-2-Clause
/*
 * An `except` clause is distinguished from a `finally` and from a `with` by its first
 * instructions, which load classes and compare the exception with them.
 */
#include "handlers.h"

#include "base/macros.h"

#include <string.h>

/* Limits against hostile bytecode. */
#define NESTED_MAX 32
#define CLAUSES_MAX 32
#define LOADS_MAX 32
/* Bytes before a `with` in which contextlib.suppress(...) is loaded and called. */
#define SUPPRESS_BYTES 96

enum lp_bytecode_operation {
	LP_OTHER,
	LP_EXTENDED,
	LP_ENTER, /* a handler begins: PUSH_EXC_INFO, up to 3.10 DUP_TOP of each clause */
	LP_POP,
	LP_GLOBAL,
	LP_NAME,
	LP_ATTRIBUTE,
	LP_LOCAL,
	LP_TUPLE,
	LP_MATCH, /* the comparison with a class, which in 3.9 and 3.10 also jumps */
	LP_JUMP, /* to the next clause */
	LP_GROUP, /* CHECK_EG_MATCH: the comparison of an `except*` */
	LP_SHUFFLE, /* BUILD_LIST, COPY, SWAP: the beginning of an `except*` */
	LP_JUMP_NONE, /* to the next clause of an `except*` */
	LP_LEAVE, /* WITH_EXCEPT_START */
	LP_SETUP, /* SETUP_FINALLY */
	LP_SETUP_WITH,
	LP_INSTRUMENTED, /* an instruction of sys.monitoring, which replaces another one */
};

/* The opcodes first to last in the versions oldest to newest; caches: code units that follow. */
static const struct lp_opcode {
	uint8_t oldest, newest, first, last, caches;
	enum lp_bytecode_operation operation;
} opcodes[] = {
	{ 8, 12, 144, 144, 0, LP_EXTENDED },
	{ 8, 12, 1, 1, 0, LP_POP },
	{ 8, 12, 101, 101, 0, LP_NAME },
	{ 8, 12, 102, 102, 0, LP_TUPLE },
	{ 8, 12, 124, 124, 0, LP_LOCAL },
	{ 8, 10, 4, 4, 0, LP_ENTER },
	{ 8, 10, 116, 116, 0, LP_GLOBAL },
	{ 8, 10, 106, 106, 0, LP_ATTRIBUTE },
	{ 8, 10, 160, 160, 0, LP_ATTRIBUTE },
	{ 8, 10, 136, 136, 0, LP_LOCAL },
	{ 8, 10, 122, 122, 0, LP_SETUP },
	{ 8, 10, 143, 143, 0, LP_SETUP_WITH },
	{ 8, 10, 154, 154, 0, LP_SETUP_WITH },
	{ 8, 8, 107, 107, 0, LP_MATCH },
	{ 8, 8, 114, 114, 0, LP_JUMP },
	{ 9, 10, 121, 121, 0, LP_MATCH },
	{ 11, 12, 35, 35, 0, LP_ENTER },
	{ 11, 12, 36, 36, 0, LP_MATCH },
	{ 11, 12, 49, 49, 0, LP_LEAVE },
	{ 11, 12, 114, 114, 0, LP_JUMP },
	{ 11, 12, 137, 137, 0, LP_LOCAL },
	{ 11, 12, 37, 37, 0, LP_GROUP },
	{ 11, 12, 99, 99, 0, LP_SHUFFLE },
	{ 11, 12, 103, 103, 0, LP_SHUFFLE },
	{ 11, 12, 120, 120, 0, LP_SHUFFLE },
	{ 11, 12, 129, 129, 0, LP_JUMP_NONE },
	{ 11, 11, 116, 116, 5, LP_GLOBAL },
	{ 11, 11, 47, 48, 5, LP_GLOBAL },
	{ 11, 11, 55, 55, 5, LP_GLOBAL },
	{ 11, 11, 106, 106, 4, LP_ATTRIBUTE },
	{ 11, 11, 39, 43, 4, LP_ATTRIBUTE },
	{ 11, 11, 160, 160, 10, LP_ATTRIBUTE },
	{ 11, 11, 56, 59, 10, LP_ATTRIBUTE },
	{ 11, 11, 62, 63, 10, LP_ATTRIBUTE },
	{ 12, 12, 116, 116, 4, LP_GLOBAL },
	{ 12, 12, 111, 112, 4, LP_GLOBAL },
	{ 12, 12, 106, 106, 9, LP_ATTRIBUTE },
	{ 12, 12, 70, 73, 9, LP_ATTRIBUTE },
	{ 12, 12, 76, 82, 9, LP_ATTRIBUTE },
	{ 12, 12, 237, 254, 0, LP_INSTRUMENTED },
	{ 13, 13, 71, 71, 0, LP_EXTENDED },
	{ 13, 13, 32, 32, 0, LP_POP },
	{ 13, 13, 92, 92, 0, LP_NAME },
	{ 13, 13, 52, 52, 0, LP_TUPLE },
	{ 13, 13, 84, 88, 0, LP_LOCAL },
	{ 13, 13, 33, 33, 0, LP_ENTER },
	{ 13, 13, 7, 7, 0, LP_MATCH },
	{ 13, 13, 44, 44, 0, LP_LEAVE },
	{ 13, 13, 97, 97, 1, LP_JUMP },
	{ 13, 13, 6, 6, 0, LP_GROUP },
	{ 13, 13, 47, 47, 0, LP_SHUFFLE },
	{ 13, 13, 61, 61, 0, LP_SHUFFLE },
	{ 13, 13, 115, 115, 0, LP_SHUFFLE },
	{ 13, 13, 98, 98, 1, LP_JUMP_NONE },
	{ 13, 13, 91, 91, 4, LP_GLOBAL },
	{ 13, 13, 203, 204, 4, LP_GLOBAL },
	{ 13, 13, 82, 82, 9, LP_ATTRIBUTE },
	{ 13, 13, 191, 202, 9, LP_ATTRIBUTE },
	{ 13, 13, 236, 254, 0, LP_INSTRUMENTED },
	{ 14, 14, 69, 69, 0, LP_EXTENDED },
	{ 14, 14, 31, 31, 0, LP_POP },
	{ 14, 14, 93, 93, 0, LP_NAME },
	{ 14, 14, 51, 51, 0, LP_TUPLE },
	{ 14, 14, 83, 89, 0, LP_LOCAL },
	{ 14, 14, 32, 32, 0, LP_ENTER },
	{ 14, 14, 6, 6, 0, LP_MATCH },
	{ 14, 14, 43, 43, 0, LP_LEAVE },
	{ 14, 14, 100, 100, 1, LP_JUMP },
	{ 14, 14, 5, 5, 0, LP_GROUP },
	{ 14, 14, 46, 46, 0, LP_SHUFFLE },
	{ 14, 14, 59, 59, 0, LP_SHUFFLE },
	{ 14, 14, 117, 117, 0, LP_SHUFFLE },
	{ 14, 14, 101, 101, 1, LP_JUMP_NONE },
	{ 14, 14, 92, 92, 4, LP_GLOBAL },
	{ 14, 14, 192, 193, 4, LP_GLOBAL },
	{ 14, 14, 80, 80, 9, LP_ATTRIBUTE },
	{ 14, 14, 177, 189, 9, LP_ATTRIBUTE },
	{ 14, 14, 234, 254, 0, LP_INSTRUMENTED },
};

struct lp_bytecode_instruction {
	enum lp_bytecode_operation operation;
	uint32_t argument;
	size_t next; /* offset of the next instruction */
};

static const struct lp_opcode *find_opcode(uint8_t version, uint8_t opcode)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++)
		if (version >= opcodes[i].oldest && version <= opcodes[i].newest &&
		    opcode >= opcodes[i].first && opcode <= opcodes[i].last)
			return &opcodes[i];
	return NULL;
}

static bool decode(const struct lp_bytecode *bytecode, size_t at,
		   struct lp_bytecode_instruction *instruction)
{
	uint32_t argument = 0;

	for (; at + 2 <= bytecode->code_bytes; at += 2) {
		const struct lp_opcode *opcode =
			find_opcode(bytecode->format->opcodes, bytecode->code[at]);

		argument = argument << 8 | bytecode->code[at + 1];
		if (opcode && opcode->operation == LP_EXTENDED)
			continue;
		instruction->operation = opcode ? opcode->operation : LP_OTHER;
		instruction->argument = argument;
		instruction->next = at + 2 + (opcode ? opcode->caches * 2UL : 0);
		return true;
	}
	return false;
}

/* ---- the exceptions of a clause -------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), part = strlen(end);

	return length >= part && !strcmp(name + length - part, end);
}

/*
 * Returns how a class of that name catches a RuntimeError.  RuntimeError and its two bases
 * catch it, other names that look like those of exceptions do not.  Any other name may be a
 * tuple of exceptions or an alias, and counts as RuntimeError.
 */
static enum lp_handled by_class(const char *name)
{
	static const char *const ends[] = { "Error",	 "Exception", "Warning",
					    "Exit",	 "Interrupt", "Cancelled",
					    "Iteration", "Timeout",   "Group" };
	size_t i;

	if (!strcmp(name, "RuntimeError"))
		return LP_HANDLED_BY_NAME;
	if (!strcmp(name, "Exception") || !strcmp(name, "BaseException"))
		return LP_HANDLED_BROADLY;
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends_with(name, ends[i]))
			return LP_NOT_HANDLED;
	return LP_HANDLED_BY_NAME;
}

static enum lp_handled more(enum lp_handled left, enum lp_handled right)
{
	return left > right ? left : right;
}

static bool name_of(const struct lp_bytecode *bytecode,
		    const struct lp_bytecode_instruction *instruction, char *text, size_t size)
{
	const struct lp_bytecode_format *format = bytecode->format;
	unsigned int shift = instruction->operation == LP_GLOBAL      ? format->load_global_shift
			     : instruction->operation == LP_ATTRIBUTE ? format->load_attr_shift
								      : 0;

	return bytecode->name(bytecode->context, instruction->argument >> shift, text, size);
}

struct lp_clause {
	enum lp_handled handled;
	size_t next; /* offset of the next clause; 0: there is none */
};

/* Returns the offset that a jump leads to. */
static size_t destination(const struct lp_bytecode_format *format,
			  const struct lp_bytecode_instruction *jump)
{
	return (format->relative_jumps ? jump->next : 0) +
	       (size_t)jump->argument * format->instruction_unit;
}

/* Returns the clause after one of an `except*`: its comparison jumps there with None. */
static size_t next_of_group(const struct lp_bytecode *bytecode, size_t at)
{
	struct lp_bytecode_instruction instruction;

	if (!decode(bytecode, at, &instruction) || instruction.operation != LP_SHUFFLE ||
	    !decode(bytecode, instruction.next, &instruction) ||
	    instruction.operation != LP_JUMP_NONE)
		return 0;
	return destination(bytecode->format, &instruction);
}

/* Reads the classes of a clause and its comparison.  False: it is no `except` clause. */
static bool read_classes(const struct lp_bytecode *bytecode, size_t at, struct lp_clause *clause)
{
	enum lp_handled last = LP_NOT_HANDLED, all = LP_NOT_HANDLED;
	struct lp_bytecode_instruction instruction;
	char name[64];
	int loads;

	for (loads = 0; loads < LOADS_MAX; loads++, at = instruction.next) {
		if (!decode(bytecode, at, &instruction))
			return false;
		switch (instruction.operation) {
		case LP_GLOBAL:
		case LP_NAME:
			all = more(all, last);
			/* fall through */
		case LP_ATTRIBUTE:
			last = name_of(bytecode, &instruction, name, sizeof(name))
				       ? by_class(name)
				       : LP_HANDLED_BY_NAME;
			break;
		case LP_LOCAL:
			all = more(all, last);
			last = LP_HANDLED_BY_NAME;
			break;
		case LP_TUPLE:
			break;
		case LP_INSTRUMENTED:
			clause->handled = LP_HANDLED_BY_NAME;
			clause->next = 0;
			return true;
		case LP_GROUP:
			if (!loads)
				return false;
			clause->handled = more(all, last);
			clause->next = next_of_group(bytecode, instruction.next);
			return true;
		case LP_MATCH:
			if (!loads)
				return false;
			clause->handled = more(all, last);
			clause->next = 0;
			if (bytecode->format->match_jumps ||
			    (decode(bytecode, instruction.next, &instruction) &&
			     instruction.operation == LP_JUMP))
				clause->next = destination(bytecode->format, &instruction);
			return true;
		default:
			return false;
		}
	}
	return false;
}

/* Returns whether a function makes a context manager that suppresses the exceptions named. */
static bool is_suppressor(const char *name)
{
	static const char *const names[] = { "suppress", "raises", "assertRaises",
					     "assertRaisesRegex" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* Returns how a `with` handles a RuntimeError: by `suppress(RuntimeError)` and its like. */
static enum lp_handled is_suppressed(const struct lp_bytecode *bytecode, size_t with)
{
	size_t at = with > SUPPRESS_BYTES ? with - SUPPRESS_BYTES : 0;
	enum lp_handled handled = LP_NOT_HANDLED;
	struct lp_bytecode_instruction instruction;
	bool suppress = false;
	char name[64];

	/* the words of inline caches are decoded as instructions too */
	for (; at < with && decode(bytecode, at, &instruction); at += 2) {
		if (instruction.operation != LP_GLOBAL && instruction.operation != LP_NAME &&
		    instruction.operation != LP_ATTRIBUTE)
			continue;
		if (!name_of(bytecode, &instruction, name, sizeof(name)))
			continue;
		if (is_suppressor(name))
			suppress = true;
		else if (suppress)
			handled = more(handled, by_class(name));
	}
	return handled;
}

/* Returns what a handler catches.  with: offset of the `with` that it may belong to. */
static enum lp_handled inspect(const struct lp_bytecode *bytecode, size_t handler, size_t with)
{
	/* each clause begins with LP_ENTER, not only the first one */
	bool each = bytecode->format->handlers == LP_HANDLERS_BLOCKS;
	struct lp_bytecode_instruction instruction;
	struct lp_clause clause = { .next = handler };
	bool group = false; /* the clauses are those of an `except*` */
	size_t at;
	int count;

	for (count = 0; count < CLAUSES_MAX; count++) {
		at = clause.next;
		if (!decode(bytecode, at, &instruction))
			return LP_NOT_HANDLED;
		if (group && instruction.operation == LP_POP) {
			at = instruction.next;
		} else if ((each || !count) && instruction.operation == LP_ENTER) {
			at = instruction.next;
			if (!decode(bytecode, at, &instruction))
				return LP_NOT_HANDLED;
		} else if ((!count && !each) || (each && instruction.operation != LP_POP)) {
			return LP_NOT_HANDLED;
		}
		if (instruction.operation == LP_POP && !group)
			return LP_HANDLED_BROADLY;
		for (; instruction.operation == LP_SHUFFLE && !each && !count; group = true) {
			at = instruction.next;
			if (!decode(bytecode, at, &instruction))
				return LP_NOT_HANDLED;
		}
		if (instruction.operation == LP_LEAVE)
			return is_suppressed(bytecode, with);
		if (!read_classes(bytecode, at, &clause))
			return LP_NOT_HANDLED;
		if (clause.handled != LP_NOT_HANDLED || clause.next <= at)
			return clause.handled;
	}
	return LP_NOT_HANDLED;
}

/* ---- the handlers of an instruction ---------------------------------------- */

static uint32_t read_varint(const struct lp_bytecode *bytecode, size_t *at)
{
	uint32_t value = 0;
	int count;

	for (count = 0; count < 5 && *at < bytecode->table_bytes; count++) {
		uint8_t byte = bytecode->table[(*at)++];

		value = value << 6 | (byte & 63);
		if (!(byte & 64))
			break;
	}
	return value;
}

/* 3.11 and later: the table of Objects/exception_handling_notes.txt; it counts code units. */
static enum lp_handled handled_by_table(const struct lp_bytecode *bytecode, size_t instruction)
{
	enum lp_handled handled = LP_NOT_HANDLED;
	size_t at = 0, start, end, target, before;
	int nested;

	for (nested = 0; nested < NESTED_MAX && handled == LP_NOT_HANDLED; nested++) {
		before = instruction;
		for (at = 0; at < bytecode->table_bytes;) {
			start = read_varint(bytecode, &at) * 2UL;
			end = start + read_varint(bytecode, &at) * 2UL;
			target = read_varint(bytecode, &at) * 2UL;
			read_varint(bytecode, &at);
			if (instruction < start || instruction >= end)
				continue;
			handled = inspect(bytecode, target, start);
			instruction = target;
			break;
		}
		if (instruction == before)
			break;
	}
	return handled;
}

/* Up to 3.10: a handler guards the instructions from its SETUP_FINALLY to itself. */
static enum lp_handled handled_by_blocks(const struct lp_bytecode *bytecode, size_t instruction)
{
	struct {
		size_t start, target;
		bool with;
	} blocks[NESTED_MAX];
	struct lp_bytecode_instruction decoded;
	enum lp_handled handled = LP_NOT_HANDLED;
	size_t count = 0, at, target;

	for (at = 0; at < instruction && decode(bytecode, at, &decoded); at = decoded.next) {
		if (decoded.operation != LP_SETUP && decoded.operation != LP_SETUP_WITH)
			continue;
		target = decoded.next +
			 (size_t)decoded.argument * bytecode->format->instruction_unit;
		if (target <= instruction || count == NESTED_MAX)
			continue;
		blocks[count].start = at;
		blocks[count].target = target;
		blocks[count++].with = decoded.operation == LP_SETUP_WITH;
	}
	while (count-- && handled == LP_NOT_HANDLED)
		handled = blocks[count].with
				  ? is_suppressed(bytecode, blocks[count].start)
				  : inspect(bytecode, blocks[count].target, blocks[count].start);
	return handled;
}

enum lp_handled cpython_handled(const struct lp_bytecode *bytecode, int64_t instruction)
{
	if (instruction < 0 || (uint64_t)instruction >= bytecode->code_bytes)
		return LP_NOT_HANDLED;
	return bytecode->format->handlers == LP_HANDLERS_TABLE
		       ? handled_by_table(bytecode, (size_t)instruction)
		       : handled_by_blocks(bytecode, (size_t)instruction);
}
