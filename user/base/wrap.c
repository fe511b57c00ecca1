// SPDX-License-Identifier: BSD-2-Clause
#include "wrap.h"

#include "macros.h"
#include "text.h"

#include <stdbool.h>
#include <string.h>

/* Returns whether a word is a unit of a number, whatever mark follows it. */
static bool is_unit(const char *word, size_t size)
{
	static const char *const units[] = { "ns", "us", "ms", "s",  "min", "h",   "d",	  "%", "B",
					     "kB", "KB", "MB", "GB", "KiB", "MiB", "GiB", "Hz" };
	size_t i;

	while (size && strchr(".,;:)", word[size - 1]))
		size--;
	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i]) == size && !strncmp(units[i], word, size))
			return true;
	return false;
}

size_t wrap_word_bytes(const char *text)
{
	size_t size = strcspn(text, " "), open = *text == '(' ? 1 : 0, unit;

	if (size == open || strspn(text + open, "0123456789.") != size - open || !text[size])
		return size;
	unit = strcspn(text + size + 1, " ");
	return is_unit(text + size + 1, unit) ? size + 1 + unit : size;
}

void wrap_print(FILE *file, const char *text, size_t column, const char *prefix, size_t columns)
{
	size_t indent = text_columns(prefix);
	bool fresh = true; /* the line has no word yet */
	size_t gap = 0; /* spaces before the word */

	while (*text) {
		size_t size = wrap_word_bytes(text), wide = text_columns_of(text, size);

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
