// SPDX-License-Identifier: BSD-2-Clause
#include "wrap.h"

#include "text.h"

#include <stdbool.h>
#include <string.h>

void wrap_print(FILE *file, const char *text, size_t column, const char *prefix, size_t columns)
{
	size_t indent = text_columns(prefix);
	bool fresh = true; /* the line has no word yet */
	size_t gap = 0; /* spaces before the word */

	while (*text) {
		size_t size = strcspn(text, " "), wide = text_columns_of(text, size);

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
			size_t part = text_head_bytes(text, size, columns - column);

			fprintf(file, "%.*s\n%s", (int)part, text, prefix);
			text += part;
			size -= part;
			column = indent;
			wide = text_columns_of(text, size);
			/* nothing wide fits behind the indentation */
			if (indent + 1 >= columns)
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

	if (text_columns_of(from, length) <= columns && length < size) {
		memcpy(to, from, length + 1);
		return;
	}
	columns = columns > text_columns(mark) ? columns - text_columns(mark) : 0;
	bytes = text_head_bytes(from, length, columns);
	while (bytes + strlen(mark) >= size && bytes)
		bytes = text_head_bytes(from, bytes - 1, --columns);
	snprintf(to, size, "%.*s%s", (int)bytes, from, mark);
}

void wrap_cut_begin(char *to, size_t size, const char *from, size_t columns, const char *mark)
{
	size_t length = strlen(from);

	if (text_columns_of(from, length) <= columns && length < size) {
		memcpy(to, from, length + 1);
		return;
	}
	columns = columns > text_columns(mark) ? columns - text_columns(mark) : 0;
	from = text_tail(from, columns);
	while (strlen(from) + strlen(mark) >= size)
		from = text_tail(from, text_columns(from) - 1);
	snprintf(to, size, "%s%s", mark, from);
}
