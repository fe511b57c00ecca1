// SPDX-License-Identifier: BSD-2-Clause
/*
 * .eh_frame: Linux Standard Base 5.0, 10.6 (records and their augmentation) and
 * DWARF 5, 6.4 and 7.24 (instructions).  .eh_frame_hdr is its index by address.
 */
#include "unwind.h"

#include "dwarf_cursor.h"

#include <errno.h>

/* Compilers nest states one deep, and remember one at each of a function's ends. */
#define STATES_MAX 8
#define STATE_CHANGES_MAX 1024

/* LSB 10.5.1: the format of a pointer, and what it is relative to */
#define ENCODING_FORMAT 0x0f
#define ENCODING_ABSOLUTE 0x00
#define ENCODING_RELATIVE 0x10 /* relative to its own address */

enum instruction_code {
	CFA_NOP = 0x00,
	CFA_ADVANCE_1 = 0x02,
	CFA_ADVANCE_2 = 0x03,
	CFA_ADVANCE_4 = 0x04,
	CFA_OFFSET = 0x05,
	CFA_RESTORE = 0x06,
	CFA_UNDEFINED = 0x07,
	CFA_SAME_VALUE = 0x08,
	CFA_REGISTER = 0x09,
	CFA_REMEMBER_STATE = 0x0a,
	CFA_RESTORE_STATE = 0x0b,
	CFA_DEFINE = 0x0c,
	CFA_DEFINE_REGISTER = 0x0d,
	CFA_DEFINE_OFFSET = 0x0e,
	CFA_DEFINE_EXPRESSION = 0x0f,
	CFA_EXPRESSION = 0x10,
	CFA_OFFSET_SIGNED = 0x11,
	CFA_DEFINE_SIGNED = 0x12,
	CFA_DEFINE_OFFSET_SIGNED = 0x13,
	CFA_VALUE_OFFSET = 0x14,
	CFA_VALUE_OFFSET_SIGNED = 0x15,
	CFA_VALUE_EXPRESSION = 0x16,
	CFA_GNU_ARGUMENTS_SIZE = 0x2e,
	CFA_CODES = 0x40,
	/* the two highest bits, an operand below them */
	CFA_SHORT = 0xc0,
	CFA_SHORT_ADVANCE = 0x40,
	CFA_SHORT_OFFSET = 0x80,
	CFA_SHORT_RESTORE = 0xc0,
};

enum operand_kind {
	OPERAND_NONE = 0,
	OPERAND_U8,
	OPERAND_U16,
	OPERAND_U32,
	OPERAND_ULEB,
	OPERAND_FACTORED, /* unsigned, times the data alignment */
	OPERAND_SIGNED_FACTORED,
	OPERAND_BLOCK,
};

/* Operands of each code. Other codes, DW_CFA_set_loc among them, do not occur on x86-64. */
static const struct {
	bool known;
	enum operand_kind first, second;
} operands[CFA_CODES] = {
	[CFA_NOP] = { true, OPERAND_NONE, OPERAND_NONE },
	[CFA_ADVANCE_1] = { true, OPERAND_U8, OPERAND_NONE },
	[CFA_ADVANCE_2] = { true, OPERAND_U16, OPERAND_NONE },
	[CFA_ADVANCE_4] = { true, OPERAND_U32, OPERAND_NONE },
	[CFA_OFFSET] = { true, OPERAND_ULEB, OPERAND_FACTORED },
	[CFA_RESTORE] = { true, OPERAND_ULEB, OPERAND_NONE },
	[CFA_UNDEFINED] = { true, OPERAND_ULEB, OPERAND_NONE },
	[CFA_SAME_VALUE] = { true, OPERAND_ULEB, OPERAND_NONE },
	[CFA_REGISTER] = { true, OPERAND_ULEB, OPERAND_ULEB },
	[CFA_REMEMBER_STATE] = { true, OPERAND_NONE, OPERAND_NONE },
	[CFA_RESTORE_STATE] = { true, OPERAND_NONE, OPERAND_NONE },
	[CFA_DEFINE] = { true, OPERAND_ULEB, OPERAND_ULEB },
	[CFA_DEFINE_REGISTER] = { true, OPERAND_ULEB, OPERAND_NONE },
	[CFA_DEFINE_OFFSET] = { true, OPERAND_NONE, OPERAND_ULEB },
	[CFA_DEFINE_EXPRESSION] = { true, OPERAND_NONE, OPERAND_BLOCK },
	[CFA_EXPRESSION] = { true, OPERAND_ULEB, OPERAND_BLOCK },
	[CFA_OFFSET_SIGNED] = { true, OPERAND_ULEB, OPERAND_SIGNED_FACTORED },
	[CFA_DEFINE_SIGNED] = { true, OPERAND_ULEB, OPERAND_SIGNED_FACTORED },
	[CFA_DEFINE_OFFSET_SIGNED] = { true, OPERAND_NONE, OPERAND_SIGNED_FACTORED },
	[CFA_VALUE_OFFSET] = { true, OPERAND_ULEB, OPERAND_FACTORED },
	[CFA_VALUE_OFFSET_SIGNED] = { true, OPERAND_ULEB, OPERAND_SIGNED_FACTORED },
	[CFA_VALUE_EXPRESSION] = { true, OPERAND_ULEB, OPERAND_BLOCK },
	[CFA_GNU_ARGUMENTS_SIZE] = { true, OPERAND_ULEB, OPERAND_NONE },
};

struct instruction {
	unsigned int code;
	uint64_t first;
	int64_t second;
	const uint8_t *block; /* as many bytes as `second` says */
};

struct rules {
	struct lp_rule frame;
	struct lp_rule registers[LP_REGISTERS];
};

/* The record that functions share (a "CIE"). */
struct common {
	uint64_t code_factor;
	int64_t data_factor;
	uint8_t encoding; /* of a function's addresses */
	bool augmented;
	bool signal;
	struct lp_cursor instructions;
};

struct machine {
	const struct common *common;
	uint64_t location;
	uint64_t wanted;
	struct rules rules;
	struct rules initial;
	bool has_initial;
	size_t states;
	size_t changes;
	struct rules remembered[STATES_MAX];
};

/* ---- instructions ------------------------------------------------------------ */

static uint64_t read_operand(struct lp_cursor *cursor, enum operand_kind kind,
			     const struct common *common, struct instruction *instruction)
{
	uint64_t bytes;

	switch (kind) {
	case OPERAND_U8:
		return cursor_unsigned(cursor, 1);
	case OPERAND_U16:
		return cursor_unsigned(cursor, 2);
	case OPERAND_U32:
		return cursor_unsigned(cursor, 4);
	case OPERAND_ULEB:
		return cursor_uleb(cursor);
	case OPERAND_FACTORED:
		return cursor_uleb(cursor) * (uint64_t)common->data_factor;
	case OPERAND_SIGNED_FACTORED:
		return (uint64_t)cursor_sleb(cursor) * (uint64_t)common->data_factor;
	case OPERAND_BLOCK:
		bytes = cursor_uleb(cursor);
		instruction->block = cursor_skip(cursor, bytes);
		return bytes;
	default:
		return 0;
	}
}

static bool read_instruction(struct lp_cursor *cursor, const struct common *common,
			     struct instruction *instruction)
{
	uint8_t code = (uint8_t)cursor_unsigned(cursor, 1);
	enum operand_kind second = OPERAND_NONE;

	memset(instruction, 0, sizeof(*instruction));
	instruction->first = code & ~CFA_SHORT;
	switch (code & CFA_SHORT) {
	case CFA_SHORT_ADVANCE:
		instruction->code = CFA_ADVANCE_1;
		break;
	case CFA_SHORT_OFFSET:
		instruction->code = CFA_OFFSET;
		second = OPERAND_FACTORED;
		break;
	case CFA_SHORT_RESTORE:
		instruction->code = CFA_RESTORE;
		break;
	default:
		if (!operands[code].known)
			return false;
		instruction->code = code;
		instruction->first =
			read_operand(cursor, operands[code].first, common, instruction);
		second = operands[code].second;
		break;
	}
	instruction->second = (int64_t)read_operand(cursor, second, common, instruction);
	return !cursor->failed;
}

static void define_frame(struct machine *machine, const struct instruction *instruction)
{
	struct lp_rule *frame = &machine->rules.frame;

	switch (instruction->code) {
	case CFA_DEFINE_EXPRESSION:
		frame->kind = LP_RULE_VALUE_EXPRESSION;
		frame->number = (uint32_t)instruction->second;
		frame->expression = instruction->block;
		return;
	case CFA_DEFINE_REGISTER:
		break;
	case CFA_DEFINE_OFFSET:
	case CFA_DEFINE_OFFSET_SIGNED:
		frame->offset = instruction->second;
		return;
	default:
		frame->offset = instruction->second;
		break;
	}
	frame->kind = LP_RULE_REGISTER;
	frame->number = instruction->first < LP_REGISTERS ? (uint32_t)instruction->first
							  : LP_REGISTERS;
}

static enum lp_rule_kind rule_kind(unsigned int code)
{
	switch (code) {
	case CFA_UNDEFINED:
		return LP_RULE_UNDEFINED;
	case CFA_SAME_VALUE:
		return LP_RULE_SAME;
	case CFA_REGISTER:
		return LP_RULE_REGISTER;
	case CFA_EXPRESSION:
		return LP_RULE_EXPRESSION;
	case CFA_VALUE_EXPRESSION:
		return LP_RULE_VALUE_EXPRESSION;
	case CFA_VALUE_OFFSET:
	case CFA_VALUE_OFFSET_SIGNED:
		return LP_RULE_VALUE_OFFSET;
	default:
		return LP_RULE_OFFSET;
	}
}

/* Registers that take no part in unwinding, such as those of vectors, are ignored. */
static bool define_register(struct machine *machine, const struct instruction *instruction)
{
	struct lp_rule *rule;

	if (instruction->code == CFA_RESTORE && !machine->has_initial)
		return false;
	if (instruction->first >= LP_REGISTERS)
		return true;
	rule = &machine->rules.registers[instruction->first];
	if (instruction->code == CFA_RESTORE) {
		*rule = machine->initial.registers[instruction->first];
		return true;
	}
	memset(rule, 0, sizeof(*rule));
	rule->kind = rule_kind(instruction->code);
	if (rule->kind == LP_RULE_OFFSET || rule->kind == LP_RULE_VALUE_OFFSET) {
		rule->offset = instruction->second;
		return true;
	}
	/* another register, or the length of a block */
	rule->number = (uint64_t)instruction->second <= LP_ENTRY_BYTES
			       ? (uint32_t)instruction->second
			       : LP_ENTRY_BYTES;
	rule->expression = instruction->block;
	return true;
}

/* Returns 1 when the wanted address has been passed, else 0 or -EINVAL. */
static int execute_one(struct machine *machine, const struct instruction *instruction)
{
	switch (instruction->code) {
	case CFA_NOP:
	case CFA_GNU_ARGUMENTS_SIZE:
		return 0;
	case CFA_ADVANCE_1:
	case CFA_ADVANCE_2:
	case CFA_ADVANCE_4:
		machine->location += instruction->first * machine->common->code_factor;
		return machine->location > machine->wanted;
	case CFA_REMEMBER_STATE:
		if (machine->states == STATES_MAX || ++machine->changes > STATE_CHANGES_MAX)
			return -EINVAL;
		machine->remembered[machine->states++] = machine->rules;
		return 0;
	case CFA_RESTORE_STATE:
		if (!machine->states)
			return -EINVAL;
		machine->rules = machine->remembered[--machine->states];
		return 0;
	case CFA_DEFINE:
	case CFA_DEFINE_SIGNED:
	case CFA_DEFINE_REGISTER:
	case CFA_DEFINE_OFFSET:
	case CFA_DEFINE_OFFSET_SIGNED:
	case CFA_DEFINE_EXPRESSION:
		define_frame(machine, instruction);
		return 0;
	default:
		return define_register(machine, instruction) ? 0 : -EINVAL;
	}
}

static int execute(struct machine *machine, struct lp_cursor instructions)
{
	struct instruction instruction;
	int result = 0;

	while (!result && cursor_left(&instructions)) {
		if (!read_instruction(&instructions, machine->common, &instruction))
			return -EINVAL;
		result = execute_one(machine, &instruction);
	}
	return result < 0 ? result : 0;
}

/* ---- records ----------------------------------------------------------------- */

/* The record of the last function that begins at or below an address. */
static int find_record(const struct lp_image *image, uint64_t address, uint64_t *record)
{
	int64_t after = elf_reader_function_after(&image->elf, address);
	uint64_t begin;

	if (after <= 0)
		return after ? -EINVAL : -ENOENT;
	return elf_reader_function(&image->elf, (uint32_t)after - 1, &begin, record) ? 0 : -EINVAL;
}

/* Reads the rest of a record; no compiler uses lengths of 64 bits. */
static int read_record(const struct lp_image *image, uint64_t record, uint8_t *buffer,
		       size_t capacity, struct lp_cursor *cursor)
{
	uint32_t bytes;

	if (image_read(image, record, &bytes, sizeof(bytes)) != sizeof(bytes) || !bytes ||
	    bytes > capacity || image_read(image, record + sizeof(bytes), buffer, bytes) != bytes)
		return -EINVAL;
	*cursor = (struct lp_cursor){ .at = buffer, .end = buffer + bytes };
	return 0;
}

/* The format's low bits: an unsigned or signed size. */
static uint64_t read_format(struct lp_cursor *cursor, unsigned int encoding)
{
	static const uint8_t sizes[] = { 8, 0, 2, 4, 8 };
	unsigned int format = encoding & 7;

	if (format >= sizeof(sizes)) {
		cursor->failed = true;
		return 0;
	}
	if (encoding & 8)
		return (uint64_t)(sizes[format] ? cursor_signed(cursor, sizes[format])
						: cursor_sleb(cursor));
	return sizes[format] ? cursor_unsigned(cursor, sizes[format]) : cursor_uleb(cursor);
}

static void read_augmentation(struct lp_cursor *cursor, const char *letters, struct common *common)
{
	uint64_t bytes = cursor_uleb(cursor);
	const uint8_t *data = cursor_skip(cursor, bytes);
	struct lp_cursor inside = { .at = data, .end = data ? data + bytes : NULL };
	unsigned int encoding;

	for (; *letters && !inside.failed; letters++) {
		if (*letters == 'R') {
			common->encoding = (uint8_t)cursor_unsigned(&inside, 1);
		} else if (*letters == 'L') {
			cursor_unsigned(&inside, 1);
		} else if (*letters == 'S') {
			common->signal = true;
		} else if (*letters == 'P') {
			encoding = (unsigned int)cursor_unsigned(&inside, 1);
			read_format(&inside, encoding & ENCODING_FORMAT);
		} else {
			/* The meaning and the length of an unknown augmentation are not known. */
			inside.failed = true;
		}
	}
	if (inside.failed)
		cursor->failed = true;
}

static int read_common(const struct lp_image *image, uint64_t record, struct lp_row *row,
		       struct common *common)
{
	struct lp_cursor cursor;
	const char *augmentation;
	uint64_t version, column;
	size_t length;

	memset(common, 0, sizeof(*common));
	if (read_record(image, record, row->common, sizeof(row->common), &cursor) ||
	    cursor_unsigned(&cursor, 4))
		return -EINVAL;
	version = cursor_unsigned(&cursor, 1);
	augmentation = (const char *)cursor.at;
	length = strnlen(augmentation, cursor_left(&cursor));
	if (!cursor_skip(&cursor, length + 1) || (version != 1 && version != 3))
		return -EINVAL;
	common->code_factor = cursor_uleb(&cursor);
	common->data_factor = cursor_sleb(&cursor);
	column = version == 1 ? cursor_unsigned(&cursor, 1) : cursor_uleb(&cursor);
	if (augmentation[0] == 'z') {
		common->augmented = true;
		read_augmentation(&cursor, augmentation + 1, common);
	} else if (augmentation[0]) {
		return -EINVAL;
	}
	common->instructions = cursor;
	return cursor.failed || column != LP_REGISTER_IP ? -EINVAL : 0;
}

/* Reads the addresses of a record's function; its instructions follow. */
static int read_range(struct lp_cursor *cursor, const struct common *common, uint64_t position,
		      uint64_t *begin, uint64_t *bytes)
{
	unsigned int application = common->encoding & ~ENCODING_FORMAT;

	if (application != ENCODING_ABSOLUTE && application != ENCODING_RELATIVE)
		return -EINVAL;
	*begin = read_format(cursor, common->encoding & ENCODING_FORMAT);
	if (application == ENCODING_RELATIVE)
		*begin += position;
	*bytes = read_format(cursor, common->encoding & ENCODING_FORMAT & ~8U);
	if (common->augmented)
		cursor_skip(cursor, cursor_uleb(cursor));
	return cursor->failed ? -EINVAL : 0;
}

static int run(const struct common *common, struct lp_cursor instructions, uint64_t address,
	       struct lp_row *row)
{
	struct machine machine = { .common = common, .location = row->function };
	int err;

	/* The rules of the CIE apply from the function's beginning on. */
	machine.wanted = UINT64_MAX;
	err = execute(&machine, common->instructions);
	if (err)
		return err;
	machine.initial = machine.rules;
	machine.has_initial = true;
	machine.location = row->function;
	machine.wanted = address;
	err = execute(&machine, instructions);
	if (err)
		return err;
	row->frame = machine.rules.frame;
	memcpy(row->registers, machine.rules.registers, sizeof(row->registers));
	return 0;
}

int eh_frame_find(const struct lp_image *image, uint64_t address, struct lp_row *row)
{
	uint64_t record = 0, begin, bytes, before;
	struct lp_cursor cursor;
	struct common common;
	int err;

	err = find_record(image, address, &record);
	if (err)
		return err;
	if (read_record(image, record, row->entry, sizeof(row->entry), &cursor))
		return -EINVAL;
	before = cursor_unsigned(&cursor, 4);
	if (!before || read_common(image, record + 4 - before, row, &common) ||
	    read_range(&cursor, &common, record + 8, &begin, &bytes))
		return -EINVAL;
	if (address - begin >= bytes)
		return -ENOENT;
	row->function = begin;
	row->bytes = bytes;
	row->signal = common.signal;
	return run(&common, cursor, address, row);
}
