// SPDX-License-Identifier: BSD-2-Clause
#include "writer.h"

#include "sinks/escape.h"

#include <inttypes.h>

/* Writes the comma and the name before a value.  Returns false if the value is nested too deep. */
static bool begin_value(struct lp_json_writer *writer, const char *name)
{
	uint32_t bit;

	if (writer->depth > LP_JSON_DEPTH_MAX)
		return false;
	if (!writer->depth)
		return true;
	bit = 1U << (writer->depth - 1);
	if (writer->filled & bit)
		putc(',', writer->out);
	writer->filled |= bit;
	if (writer->arrays & bit)
		return true;
	escape_json(writer->out, name ? name : "");
	putc(':', writer->out);
	return true;
}

static void open_value(struct lp_json_writer *writer, const char *name, bool array)
{
	bool written = writer->depth < LP_JSON_DEPTH_MAX && begin_value(writer, name);
	uint32_t bit = written ? 1U << writer->depth : 0;

	writer->depth++;
	if (!written)
		return;
	putc(array ? '[' : '{', writer->out);
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
	putc(writer->arrays >> writer->depth & 1 ? ']' : '}', writer->out);
}

void json_null(struct lp_json_writer *writer, const char *name)
{
	if (begin_value(writer, name))
		fputs("null", writer->out);
}

void json_bool(struct lp_json_writer *writer, const char *name, bool value)
{
	if (begin_value(writer, name))
		fputs(value ? "true" : "false", writer->out);
}

void json_number(struct lp_json_writer *writer, const char *name, uint64_t value)
{
	if (begin_value(writer, name))
		fprintf(writer->out, "%" PRIu64, value);
}

void json_signed(struct lp_json_writer *writer, const char *name, int64_t value)
{
	if (begin_value(writer, name))
		fprintf(writer->out, "%" PRId64, value);
}

void json_millionths(struct lp_json_writer *writer, const char *name, uint64_t value)
{
	if (begin_value(writer, name))
		fprintf(writer->out, "%" PRIu64 ".%06" PRIu64, value / 1000000, value % 1000000);
}

void json_text(struct lp_json_writer *writer, const char *name, const char *text)
{
	if (begin_value(writer, name))
		escape_json(writer->out, text ? text : "");
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
