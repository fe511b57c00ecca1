// SPDX-License-Identifier: BSD-2-Clause
#include "writer.h"

#include "sinks/escape.h"

#include <inttypes.h>

/* Decimal digits of the largest number. */
#define DIGITS_MAX 20

static void write_digits(FILE *out, uint64_t value)
{
	char digits[DIGITS_MAX];
	size_t at = DIGITS_MAX;

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	fwrite_unlocked(digits + at, 1, DIGITS_MAX - at, out);
}

static void write_text(struct lp_json_writer *writer, const char *text)
{
	if (writer->script)
		escape_script(writer->out, text);
	else
		escape_json(writer->out, text);
}

/* Writes the comma and the name before a value.  Returns false if the value is nested too deep. */
static bool begin_value(struct lp_json_writer *writer, const char *name)
{
	FILE *out = writer->out;
	uint32_t bit;

	if (writer->depth > LP_JSON_DEPTH_MAX)
		return false;
	if (!writer->depth)
		return true;
	bit = 1U << (writer->depth - 1);
	if (writer->filled & bit)
		putc_unlocked(',', out);
	writer->filled |= bit;
	if (writer->newline)
		putc_unlocked('\n', out);
	writer->newline = false;
	if (writer->arrays & bit)
		return true;
	write_text(writer, name ? name : "");
	putc_unlocked(':', out);
	return true;
}

static void open_value(struct lp_json_writer *writer, const char *name, bool array)
{
	bool written = writer->depth < LP_JSON_DEPTH_MAX && begin_value(writer, name);
	uint32_t bit = written ? 1U << writer->depth : 0;

	writer->depth++;
	if (!written)
		return;
	putc_unlocked(array ? '[' : '{', writer->out);
	writer->filled &= ~bit;
	writer->arrays = array ? writer->arrays | bit : writer->arrays & ~bit;
}

void json_object(struct lp_json_writer *writer, const char *name)
{
	open_value(writer, name, false);
}

void json_array(struct lp_json_writer *writer, const char *name)
{
	open_value(writer, name, true);
}

void json_end(struct lp_json_writer *writer)
{
	if (!writer->depth || writer->depth-- > LP_JSON_DEPTH_MAX)
		return;
	writer->newline = false;
	putc_unlocked(writer->arrays >> writer->depth & 1 ? ']' : '}', writer->out);
}

void json_null(struct lp_json_writer *writer, const char *name)
{
	if (begin_value(writer, name))
		fputs_unlocked("null", writer->out);
}

void json_bool(struct lp_json_writer *writer, const char *name, bool value)
{
	if (begin_value(writer, name))
		fputs_unlocked(value ? "true" : "false", writer->out);
}

void json_number(struct lp_json_writer *writer, const char *name, uint64_t value)
{
	if (begin_value(writer, name))
		write_digits(writer->out, value);
}

void json_signed(struct lp_json_writer *writer, const char *name, int64_t value)
{
	if (!begin_value(writer, name))
		return;
	if (value < 0)
		putc_unlocked('-', writer->out);
	write_digits(writer->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_quoted_number(struct lp_json_writer *writer, const char *name, uint64_t value)
{
	if (!begin_value(writer, name))
		return;
	putc_unlocked('"', writer->out);
	write_digits(writer->out, value);
	putc_unlocked('"', writer->out);
}

void json_formatted(struct lp_json_writer *writer, const char *name, const char *number)
{
	if (begin_value(writer, name))
		fputs_unlocked(number, writer->out);
}

void json_millionths(struct lp_json_writer *writer, const char *name, uint64_t value)
{
	if (begin_value(writer, name))
		fprintf(writer->out, "%" PRIu64 ".%06" PRIu64, value / 1000000, value % 1000000);
}

void json_text(struct lp_json_writer *writer, const char *name, const char *text)
{
	if (begin_value(writer, name))
		write_text(writer, text ? text : "");
}

void json_text_or_null(struct lp_json_writer *writer, const char *name, const char *text)
{
	if (text && *text)
		json_text(writer, name, text);
	else
		json_null(writer, name);
}

void json_address(struct lp_json_writer *writer, const char *name, uint64_t address)
{
	if (begin_value(writer, name))
		fprintf(writer->out, "\"0x%" PRIx64 "\"", address);
}

void json_address_or_null(struct lp_json_writer *writer, const char *name, uint64_t address)
{
	if (address)
		json_address(writer, name, address);
	else
		json_null(writer, name);
}
