// SPDX-License-Identifier: BSD-2-Clause
#include "line_table.h"

#include <stdbool.h>

/* 3.8, 3.9: Objects/lnotab_notes.txt. Pairs of (bytes, signed lines). */
static uint32_t line_by_lnotab(const uint8_t *table, size_t size, uint32_t first_line,
			       int64_t instruction)
{
	int64_t address = 0, line = first_line;
	size_t i;

	for (i = 0; i + 1 < size; i += 2) {
		address += table[i];
		if (address > instruction)
			break;
		line += (int8_t)table[i + 1];
	}
	return line > 0 ? (uint32_t)line : 0;
}

/* 3.10: PEP 626. Pairs of (bytes covered, signed lines), -128 for "no line". */
static uint32_t line_by_ranges(const uint8_t *table, size_t size, uint32_t first_line,
			       int64_t instruction)
{
	int64_t end = 0, line = first_line;
	size_t i;

	for (i = 0; i + 1 < size; i += 2) {
		bool no_line = (int8_t)table[i + 1] == -128;

		if (!no_line)
			line += (int8_t)table[i + 1];
		end += table[i];
		if (instruction < end)
			return no_line || line <= 0 ? 0 : (uint32_t)line;
	}
	return 0;
}

struct lp_location_reader {
	const uint8_t *table;
	size_t size;
	size_t at;
};

/* Reads a number of six bits a byte, the least significant first; bit 6: more bytes follow. */
static bool read_varint(struct lp_location_reader *reader, uint32_t *value)
{
	unsigned int shift = 0;

	*value = 0;
	for (; reader->at < reader->size && shift < 32; shift += 6) {
		uint8_t byte = reader->table[reader->at++];

		*value |= (uint32_t)(byte & 63) << shift;
		if (!(byte & 64))
			return true;
	}
	return false;
}

static int64_t signed_varint(uint32_t value)
{
	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

/* 3.11 and later: Objects/locations.md (InternalDocs/code_objects.md). */
static uint32_t line_by_locations(const uint8_t *table, size_t size, uint32_t first_line,
				  int64_t instruction)
{
	struct lp_location_reader reader = { table, size, 0 };
	int64_t address = 0, line = first_line;

	while (reader.at < size) {
		uint8_t head = table[reader.at++];
		int64_t covered = 2 * ((head & 7) + 1);
		unsigned int code = head >> 3 & 15, skip = 0;
		uint32_t value = 0;

		if (!(head & 0x80))
			return 0;
		if (code == 14 || code == 13) {
			/* long form: line, end line, two columns; or the line alone */
			if (!read_varint(&reader, &value))
				return 0;
			line += signed_varint(value);
			for (skip = code == 14 ? 3 : 0; skip; skip--)
				if (!read_varint(&reader, &value))
					return 0;
		} else if (code >= 10 && code <= 12) {
			line += code - 10;
			reader.at += 2;
		} else if (code < 10) {
			reader.at += 1;
		}
		if (instruction < address + covered)
			return code == 15 || line <= 0 ? 0 : (uint32_t)line;
		address += covered;
	}
	return 0;
}

uint32_t cpython_line(enum lp_line_table format, const uint8_t *table, size_t size,
		      uint32_t first_line, int64_t instruction)
{
	if (instruction < 0)
		return first_line;
	switch (format) {
	case LP_LINES_LNOTAB:
		return line_by_lnotab(table, size, first_line, instruction);
	case LP_LINES_RANGES:
		return line_by_ranges(table, size, first_line, instruction);
	default:
		return line_by_locations(table, size, first_line, instruction);
	}
}
