/* SPDX-License-Identifier: BSD-2-Clause */
/* Text of foreign origin: converted to UTF-8 and made safe to print. */
#ifndef LP_BASE_TEXT_H
#define LP_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Converts code points of 1 (Latin-1), 2 or 4 bytes to UTF-8, always terminated and truncated at a
 * character if it does not fit. Surrogates and values above U+10FFFF become U+FFFD. Returns the
 * length in bytes.
 */
size_t text_from_code_points(const void *data, size_t bytes, unsigned int width, char *text,
			     size_t size);

/*
 * The only sanitiser: turns any bytes, in place, into valid UTF-8 without C0 and C1 controls, DEL,
 * line separators, bidirectional controls, invisible and tag characters; each offending byte or
 * character becomes '?'.
 */
void text_sanitise(char *text);

/* Copies text of foreign origin, truncated to size and sanitised. */
void text_copy(char *to, size_t size, const char *from);

/*
 * Appends to a text of that length; what does not fit is cut.  Returns the new length, which is
 * less than size.
 */
size_t text_append(char *text, size_t size, size_t length, const char *format, va_list arguments)
	__attribute__((format(printf, 4, 0)));

/*
 * Sanitises `from` and copies it; the middle of a long text is replaced by "...", so that both
 * ends of a sentence with a long name in it remain.
 */
void text_fit(char *to, size_t size, char *from);

/*
 * Replaces each character that is not ASCII by '?', a wide one by two, so that columns stay
 * aligned. `to` may be the text itself, which is valid UTF-8. Returns the new length.
 */
size_t text_make_ascii(const char *text, size_t size, char *to);

/* Returns whether the locale's character set is UTF-8. */
bool text_locale_is_utf8(void);

/* The last parts of a path: text_path_end("/a/b/c.py", 2) is "b/c.py". Points into the path. */
const char *text_path_end(const char *path, unsigned int parts);

/* Returns the last part of a path, as a pointer into it. */
static inline const char *text_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static inline bool text_ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), wanted = strlen(end);

	return length >= wanted && !strcmp(text + length - wanted, end);
}

/*
 * Formats a time with three digits and a unit: "312 ms", "9.02 s", "950 ns"; longer times than
 * 9999 s are in hours.
 */
void text_duration(char *text, size_t size, uint64_t ns);

/*
 * Formats a number that is not negative, rounded to four digits or to a whole number, whichever is
 * more exact, and never with an exponent.  Numbers below 0.0001 become 0.
 */
void text_number(char *text, size_t size, double value);

/* Formats a time that somebody chose, without rounding to three digits: "100 ms", "1.5 s", "1 ns". */
void text_round_duration(char *text, size_t size, uint64_t ns);

/* Returns the ending of a regular noun after a number: "s", or "" after 1. */
static inline const char *text_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* Returns the columns of UTF-8 text on a terminal: one a character, two a wide one. */
size_t text_columns(const char *text);
size_t text_columns_of(const char *text, size_t size);

/* Returns the size of the longest beginning of UTF-8 text that takes no more than columns. */
size_t text_head_bytes(const char *text, size_t size, size_t columns);

/* Returns the longest end of UTF-8 text that takes no more than columns, as a pointer into it. */
const char *text_tail(const char *text, size_t columns);

#endif /* LP_BASE_TEXT_H */
