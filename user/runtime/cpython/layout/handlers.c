// SPDX-License-Identifier: BSD-2-Clause
/*
 * An `except` clause is distinguished from a `finally` and from a `with` by its first
 * instructions, which load classes and compare the exception with them.
 */
#include "handlers.h"

#include "base/macros.h"
#include "opcodes.h"

#include <string.h>

/* Limits against hostile bytecode. */
#define NESTED_MAX 32
#define CLAUSES_MAX 32
#define LOADS_MAX 32
#define PATHS_MAX 128
#define STEPS_MAX 8192
/* Bytes before a `with` in which contextlib.suppress(...) is loaded and called. */
#define SUPPRESS_BYTES 96

static bool decode(const struct lp_bytecode *bytecode, size_t at,
		   struct lp_bytecode_instruction *instruction)
{
	return cpython_decode(bytecode->format, bytecode->code, bytecode->code_bytes, at,
			      instruction);
}

/* ---- the paths through a handler ------------------------------------------- */

/* A place that is executed while the exception is handled. */
struct lp_handler_path {
	size_t at;
	int inner; /* 3.8: how many `finally` around it were entered without an exception */
};

struct lp_handler_paths {
	struct lp_handler_path items[PATHS_MAX];
	size_t count, walked, steps;
	bool cut; /* there are more, or longer ones, than are walked */
};

static void add_path(struct lp_handler_paths *paths, size_t at, int inner)
{
	size_t i;

	for (i = 0; i < paths->count; i++)
		if (paths->items[i].at == at)
			return;
	if (paths->count < PATHS_MAX)
		paths->items[paths->count++] = (struct lp_handler_path){ at, inner };
	else
		paths->cut = true;
}

/* Walks until the code jumps, raises or leaves.  Returns whether the exception is dropped. */
static bool walk(const struct lp_bytecode *bytecode, struct lp_handler_paths *paths,
		 struct lp_handler_path path)
{
	struct lp_bytecode_instruction instruction;

	for (; decode(bytecode, path.at, &instruction); path.at = instruction.next) {
		if (paths->steps++ == STEPS_MAX) {
			paths->cut = true;
			return false;
		}
		switch (instruction.operation) {
		case LP_OP_EXC_MATCH:
			if (!bytecode->format->match_jumps)
				break;
			/* fall through */
		case LP_OP_BRANCH:
		case LP_OP_BRANCH_FALSE:
		case LP_OP_BRANCH_NONE:
		case LP_OP_BRANCH_AHEAD:
		case LP_OP_BRANCH_BACK:
			add_path(paths, cpython_jump_target(bytecode->format, &instruction),
				 path.inner);
			break;
		case LP_OP_JUMP:
		case LP_OP_JUMP_AHEAD:
		case LP_OP_JUMP_BACK:
			add_path(paths, cpython_jump_target(bytecode->format, &instruction),
				 path.inner);
			return false;
		case LP_OP_BEGIN_FINALLY:
			path.inner++;
			break;
		case LP_OP_POP_EXCEPT:
		case LP_OP_END_FINALLY:
			if (!path.inner--)
				return instruction.operation == LP_OP_POP_EXCEPT;
			break;
		case LP_OP_RAISE_VARARGS:
			return instruction.argument != 0;
		case LP_OP_RERAISE:
			return false;
		case LP_OP_RETURN_VALUE:
		case LP_OP_INSTRUMENTED:
			return true;
		default:
			break;
		}
	}
	return false;
}

/*
 * Returns whether a path leads from a place in a handler out of it, and the exception is neither
 * raised again nor passed on.
 */
static bool is_dropped(const struct lp_bytecode *bytecode, size_t at)
{
	struct lp_handler_paths paths = { .count = 0 };

	add_path(&paths, at, 0);
	for (; paths.walked < paths.count && !paths.cut; paths.walked++)
		if (walk(bytecode, &paths, paths.items[paths.walked]))
			return true;
	return paths.cut;
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
	unsigned int shift = instruction->operation == LP_OP_LOAD_GLOBAL ? format->load_global_shift
			     : instruction->operation == LP_OP_LOAD_ATTR ? format->load_attr_shift
									 : 0;

	return bytecode->name(bytecode->context, instruction->argument >> shift, text, size);
}

struct lp_clause {
	enum lp_handled handled;
	size_t next; /* offset of the next clause; 0: there is none */
	size_t body; /* offset of what is executed for an exception that matches; 0: not known */
};

/* Returns the clause after one of an `except*`: its comparison jumps there with None. */
static size_t next_of_group(const struct lp_bytecode *bytecode, size_t at)
{
	struct lp_bytecode_instruction instruction;

	if (!decode(bytecode, at, &instruction) || instruction.operation != LP_OP_SHUFFLE ||
	    !decode(bytecode, instruction.next, &instruction) ||
	    instruction.operation != LP_OP_BRANCH_NONE)
		return 0;
	return cpython_jump_target(bytecode->format, &instruction);
}

/* Reads the classes of a clause and its comparison.  False: it is no `except` clause. */
static bool read_classes(const struct lp_bytecode *bytecode, size_t at, struct lp_clause *clause)
{
	enum lp_handled last = LP_NOT_HANDLED, all = LP_NOT_HANDLED;
	struct lp_bytecode_instruction instruction;
	char name[64];
	int loads;

	*clause = (struct lp_clause){ .handled = LP_NOT_HANDLED };
	for (loads = 0; loads < LOADS_MAX; loads++, at = instruction.next) {
		if (!decode(bytecode, at, &instruction))
			return false;
		switch (instruction.operation) {
		case LP_OP_LOAD_GLOBAL:
		case LP_OP_LOAD_NAME:
			all = more(all, last);
			/* fall through */
		case LP_OP_LOAD_ATTR:
			last = name_of(bytecode, &instruction, name, sizeof(name))
				       ? by_class(name)
				       : LP_HANDLED_BY_NAME;
			break;
		case LP_OP_LOAD_FAST:
			all = more(all, last);
			last = LP_HANDLED_BY_NAME;
			break;
		case LP_OP_BUILD_TUPLE:
			break;
		case LP_OP_INSTRUMENTED:
			clause->handled = LP_HANDLED_BY_NAME;
			return true;
		case LP_OP_CHECK_EG_MATCH:
			if (!loads)
				return false;
			clause->handled = more(all, last);
			clause->next = next_of_group(bytecode, instruction.next);
			return true;
		case LP_OP_EXC_MATCH:
			if (!loads)
				return false;
			clause->handled = more(all, last);
			if (bytecode->format->match_jumps ||
			    (decode(bytecode, instruction.next, &instruction) &&
			     instruction.operation == LP_OP_BRANCH_FALSE)) {
				clause->next = cpython_jump_target(bytecode->format, &instruction);
				clause->body = instruction.next;
			}
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
	enum lp_handled handled = LP_NOT_HANDLED;
	struct lp_bytecode_instruction instruction;
	bool suppress = false;
	char name[64];
	size_t at;

	for (at = 0; at < with && decode(bytecode, at, &instruction); at = instruction.next) {
		if (at + SUPPRESS_BYTES < with || (instruction.operation != LP_OP_LOAD_GLOBAL &&
						   instruction.operation != LP_OP_LOAD_NAME &&
						   instruction.operation != LP_OP_LOAD_ATTR))
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

/* Returns what a bare `except` or a `finally` catches, which may return or jump out of itself. */
static enum lp_handled inspect_finally(const struct lp_bytecode *bytecode, size_t body)
{
	return is_dropped(bytecode, body) ? LP_HANDLED_BROADLY : LP_NOT_HANDLED;
}

/*
 * Returns what a handler catches and does not raise again.  with: offset of the `with` that it may
 * belong to.
 */
static enum lp_handled inspect(const struct lp_bytecode *bytecode, size_t handler, size_t with)
{
	/* each clause begins with LP_OP_PUSH_EXC_INFO, not only the first one */
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
		if (group && instruction.operation == LP_OP_POP_TOP) {
			at = instruction.next;
		} else if ((each || !count) && instruction.operation == LP_OP_PUSH_EXC_INFO) {
			at = instruction.next;
			if (!decode(bytecode, at, &instruction))
				return LP_NOT_HANDLED;
		} else if (each && instruction.operation != LP_OP_POP_TOP) {
			return count ? LP_NOT_HANDLED : inspect_finally(bytecode, at);
		} else if (!count && !each) {
			return LP_NOT_HANDLED;
		}
		if (instruction.operation == LP_OP_POP_TOP && !group)
			return inspect_finally(bytecode, at);
		for (; instruction.operation == LP_OP_SHUFFLE && !each && !count; group = true) {
			at = instruction.next;
			if (!decode(bytecode, at, &instruction))
				return LP_NOT_HANDLED;
		}
		if (instruction.operation == LP_OP_WITH_EXCEPT_START)
			return is_suppressed(bytecode, with);
		if (!read_classes(bytecode, at, &clause))
			return count || group ? LP_NOT_HANDLED : inspect_finally(bytecode, at);
		if (clause.handled != LP_NOT_HANDLED && !group && clause.body &&
		    !is_dropped(bytecode, clause.body))
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
		if (decoded.operation != LP_OP_SETUP_FINALLY &&
		    decoded.operation != LP_OP_SETUP_WITH)
			continue;
		target = decoded.next +
			 (size_t)decoded.argument * bytecode->format->instruction_unit;
		if (target <= instruction || count == NESTED_MAX)
			continue;
		blocks[count].start = at;
		blocks[count].target = target;
		blocks[count++].with = decoded.operation == LP_OP_SETUP_WITH;
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

/* Entries do not overlap: each instruction has one, that of the innermost handler. */
size_t cpython_handler_depth(const struct lp_bytecode *bytecode, size_t instruction)
{
	size_t at = 0, start, end;
	uint32_t depth;

	while (at < bytecode->table_bytes) {
		start = read_varint(bytecode, &at) * 2UL;
		end = start + read_varint(bytecode, &at) * 2UL;
		read_varint(bytecode, &at);
		/* the lowest bit says whether the instruction is pushed, too */
		depth = read_varint(bytecode, &at) >> 1;
		if (instruction >= start && instruction < end)
			return depth;
	}
	return 0;
}
