// SPDX-License-Identifier: BSD-2-Clause
#include "wrap.h"

#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_continuation(char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The bytes of the first characters of a text, or of the whole text if it is shorter. */
static size_t bytes_of(const char *text, size_t size, size_t characters)
{
	size_t at = 0;

	while (at < size && characters--)
		for (at++; at < size && is_continuation(text[at]); at++)
			;
	return at;
}

static size_t columns_of(const char *text, size_t size)
{
	size_t at, columns = 0;

	for (at = 0; at < size; at++)
		columns += !is_continuation(text[at]);
	return columns;
}

void wrap_print(FILE *file, const char *text, size_t column, const char *prefix, size_t columns)
{
	size_t indent = text_columns(prefix);
	bool fresh = true; /* the line has no word yet */
	size_t gap = 0; /* spaces before the word */

	while (*text) {
		size_t size = strcspn(text, " "), wide = columns_of(text, size);

		if (!fresh && column + gap + wide > columns) {
			fprintf(file, "\n%s", prefix);
			column = indent;
			fresh = true;
		}
		if (!fresh) {
			fprintf(file, "%*s", (int)gap, "");
			column += gap;
		}
		while (wide && column + wide > columns && column < columns) {
			size_t part = bytes_of(text, size, columns - column);

			fprintf(file, "%.*s\n%s", (int)part, text, prefix);
			text += part;
			size -= part;
			column = indent;
			wide = columns_of(text, size);
			/* the indentation itself does not fit */
			if (indent >= columns)
				break;
		}
		fwrite(text, 1, size, file);
		column += wide;
		fresh = false;
		text += size;
		gap = strspn(text, " ");
		text += gap;
	}
	fputc('\n', file);
}

void wrap_cut_end(char *to, size_t size, const char *from, size_t columns, const char *mark)
{
	size_t length = strlen(from), bytes;

	if (columns_of(from, length) <= columns && length < size) {
		memcpy(to, from, length + 1);
		return;
	}
	columns = columns > text_columns(mark) ? columns - text_columns(mark) : 0;
	bytes = bytes_of(from, length, columns);
	while (bytes + strlen(mark) >= size && bytes)
		bytes = bytes_of(from, bytes - 1, --columns);
	snprintf(to, size, "%.*s%s", (int)bytes, from, mark);
}

void wrap_cut_begin(char *to, size_t size, const char *from, size_t columns, const char *mark)
{
	size_t length = strlen(from), have = columns_of(from, length);

	if (have <= columns && length < size) {
		memcpy(to, from, length + 1);
		return;
	}
	columns = columns > text_columns(mark) ? columns - text_columns(mark) : 0;
	from += bytes_of(from, length, have > columns ? have - columns : 0);
	while (strlen(from) + strlen(mark) >= size)
		from += bytes_of(from, strlen(from), 1);
	snprintf(to, size, "%s%s", mark, from);
}
